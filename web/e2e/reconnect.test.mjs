import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Chromium, LOST_SERVER } from "./lib/browsers.mjs";
import { readMedia, untilMoving } from "./lib/media.mjs";
import { Server, Wire } from "./lib/server.mjs";
import { comparePeer, received, rememberPeer } from "./lib/spy.mjs";
import { fanState, goLive, hostState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

let server;
let chromium;
const pages = [];
const wires = [];

before(async () => {
  chromium = await Chromium.launch();
});
after(async () => {
  await chromium?.close();
});
beforeEach(async () => {
  // Through a wire a host comes by another port than the server's, as through a proxy.
  server = await Server.start({ args: ["--publish-open", "all"] });
});
afterEach(async () => {
  // While the server is there, so that no page complains of its end.
  for (const page of pages.splice(0)) await page.close();
  for (const wire of wires.splice(0)) await wire.stop();
  await server.stop();
});

async function open(url, options) {
  const page = await chromium.open(url, options);
  pages.push(page);
  return page;
}

const SAME = { same: true, newOffers: 0 };

/** A host that is live and a fan that sees it. `base` is where their pages come from. */
async function liveRoom({ base = server.base, tolerated = [] } = {}) {
  const fan = await open(`${base}/r/default`, { name: "fan", tolerated });
  const host = await open(`${base}/host`, { name: "host", tolerated });
  await goLive(host);
  await untilMoving(fan, "the fan");
  await rememberPeer(fan);
  return { fan, host };
}

const lastWelcome = async (page) =>
  (await received(page)).filter(({ type }) => type === "welcome").at(-1);
const openedSockets = (page) => page.evaluate(() => window.__seen.sockets.length);

test("a cut socket is resumed while the video goes on", async (t) => {
  const wire = await Wire.to(server);
  wires.push(wire);
  const { fan, host } = await liveRoom({ base: wire.base, tolerated: LOST_SERVER });
  await rememberPeer(host);
  const cutAt = Date.now();
  wire.cut();
  for (const [page, who] of [
    [fan, "the fan's socket"],
    [host, "the host's socket"],
  ]) {
    await until(
      async () => (await openedSockets(page)) > 1 && (await lastWelcome(page))?.resumed === true,
      { what: `${who} to be resumed` },
    );
  }
  t.diagnostic(`both sockets resumed ${Date.now() - cutAt} ms after the cut`);
  await untilMoving(fan, "the fan");
  assert.deepEqual(await comparePeer(fan), SAME);
  assert.deepEqual(await comparePeer(host), SAME);
  await fanState(fan, "live");
  await hostState(host, "live");
  await fan.close();
  await host.close();
});

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`host and fan come back by themselves after ${signal} and a new start`, async (t) => {
    const { fan, host } = await liveRoom({ tolerated: LOST_SERVER });
    const at = Date.now();
    await server.restart({ signal });
    await until(async () => (await openedSockets(fan)) > 1, { what: "the fan's new socket" });
    await untilMoving(fan, "the fan", 30_000);
    t.diagnostic(`the fan plays ${Date.now() - at} ms after the server was told to stop`);
    await fanState(fan, "live");
    await hostState(host, "live");
  });
}

test("the host closes the tab, the fan is told, and plays when the host is back", async (t) => {
  const { fan, host } = await liveRoom();
  const secret = await host.evaluate(() => localStorage.getItem("kaibo.host-secret"));
  const closedAt = Date.now();
  await host.close({ runBeforeUnload: false });
  await fanState(fan, "interrupted");
  t.diagnostic(`the fan knows ${Date.now() - closedAt} ms after the tab was closed`);
  const storage = { "kaibo.host-secret": secret };
  const again = await open(`${server.base}/host`, { name: "host again", storage });
  await goLive(again);
  await fanState(fan, "live");
  await untilMoving(fan, "the fan");
  assert.deepEqual(await comparePeer(fan), SAME);
});

test("the host vanishes, the fan keeps the last frame, and plays on when it returns", async (t) => {
  const fan = await open(`${server.base}/r/default`, { name: "fan" });
  const doomed = await Chromium.launch();
  const host = await doomed.open(`${server.base}/host`, { name: "host" });
  await goLive(host);
  await untilMoving(fan, "the fan");
  await rememberPeer(fan);
  // What a browser that crashed has when it is opened again.
  const storage = await host.evaluate(() => ({ ...localStorage }));

  const killedAt = Date.now();
  await doomed.kill();
  await fanState(fan, "interrupted");
  t.diagnostic(`the fan is told of it ${Date.now() - killedAt} ms after the host vanished`);
  const kept = await readMedia(fan);
  assert.ok(kept.width > 0 && kept.light > 0, "the last frame is gone");
  assert.equal(await fan.evaluate(isOnTop, "video"), true, "something hides the last frame");

  const again = await open(`${server.base}/host`, { name: "host again", storage });
  await goLive(again);
  await fanState(fan, "live");
  await untilMoving(fan, "the fan");
  assert.deepEqual(await comparePeer(fan), SAME);
});

/** Runs in the page: whether the middle of the element is to be seen. */
function isOnTop(selector) {
  const element = document.querySelector(selector);
  const { left, top, width, height } = element.getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  return there === element;
}
