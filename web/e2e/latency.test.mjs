import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { compareClocks, sendClock } from "./lib/drawn-clock.mjs";
import { Server } from "./lib/server.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";
import { sendThrough } from "./measure/in-page.mjs";
import { Relay } from "./measure/relay.mjs";

/** How far the label may be from the clock in the picture, in milliseconds. */
const BOUND_MS = { chromium: 30, firefox: 50 };
/** Pictures that one comparison looks at: two seconds. */
const PICTURES = 60;

let server;
const browsers = {};
const owned = [];

before(async () => {
  [server, browsers.chromium, browsers.firefox] = await Promise.all([
    Server.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  for (const it of owned) await it.stop();
  await browsers.chromium?.close();
  await browsers.firefox?.close();
  await server?.stop();
});

/** What makes a page's media take so long each way. */
async function delayed(delayMs) {
  if (delayMs === 0) return [];
  const relay = await Relay.start({ to: server.udpPort, delayMs });
  owned.push(relay);
  return [[sendThrough, { port: relay.port }]];
}

async function host(room, delayMs) {
  const scripts = [[sendClock], ...(await delayed(delayMs))];
  const page = await browsers.chromium.open(`${server.base}/host?room=${room}`, {
    name: "host",
    scripts,
  });
  await goLive(page);
}

async function comparesWell(browser, room, delayMs) {
  // A Firefox that only watches does not use the loopback interface.
  const page = await browsers[browser].open(`${server.base}/r/${room}`, {
    name: `fan in ${browser}`,
    scripts: await delayed(delayMs),
  });
  await fanState(page, "live");
  let found;
  await until(
    async () => {
      found = await page.evaluate(compareClocks, PICTURES);
      return found.told !== null && Math.abs(found.drawn - found.told) <= BOUND_MS[browser];
    },
    {
      what: () => `${browser}: the page's latency is that of the clock: ${JSON.stringify(found)}`,
      withinMs: 40_000,
    },
  );
  assert.ok(found.drawn >= delayMs, `${found.drawn} ms, and the way takes ${delayMs}`);
  await page.close();
}

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: the latency that the page tells is that of a clock in the picture`, async () => {
    const room = `near-${browser}`;
    await host(room, 0);
    await comparesWell(browser, room, 0);
    await comparesWell(browser, room, 150);
  });
}

test("a host that is far away makes the picture as late as it is", async () => {
  await host("far", 75);
  await comparesWell("chromium", "far", 0);
});
