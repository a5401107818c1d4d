/* A network that lets pages through and no media: fans and hosts are told so, and play when it opens. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium, FAKE_DEVICES, Firefox } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Network } from "./lib/network.mjs";
import { binary, Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, hostState, openCamera } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
/** Chromium's remark on a header that only counts over HTTPS. */
const PLAIN = [/Cross-Origin-Opener-Policy header has been ignored/];
const pages = {};
let network;
let server;
let chromium;
let firefox;
let base;

before(async () => {
  network = await Network.start("n");
  const program = await network.wrap(binary());
  server = await Server.start({ program, args: ["--publish-open", "all"] });
  base = `http://${network.address}:${server.port}`;
  // A page without HTTPS may use the camera.
  const trusting = `--unsafely-treat-insecure-origin-as-secure=${base}`;
  [chromium, firefox] = await Promise.all([
    Chromium.launch([...FAKE_DEVICES, trusting]),
    Firefox.launch(),
  ]);
});
after(async () => {
  const closed = await Promise.allSettled([chromium?.close(), firefox?.close(), server?.stop()]);
  await network?.stop();
  const failed = closed.find((it) => it.status === "rejected");
  if (failed) throw failed.reason;
});

/** What the page says of a path that is missing; null while it says nothing. */
const noPath = (page) =>
  page.evaluate((it) => document.querySelector(it)?.textContent ?? null, byTestId("no-path"));

async function untilTold(page, who) {
  return until(() => noPath(page), {
    what: `${who} to be told why nothing comes`,
    withinMs: 5_000,
  });
}

for (const name of ["chromium", "firefox"]) {
  chapter(`a fan in ${name} without a path is told within 5 s which ports are closed`, async () => {
    await network.firewall("pages", server.port);
    const browser = name === "chromium" ? chromium : firefox;
    pages[name] = await browser.open(`${base}/r/default?lang=en`, { name, tolerated: PLAIN });
    const { udpPort, port } = server;
    assert.match(
      await untilTold(pages[name], name),
      new RegExp(`neither UDP port ${udpPort} nor TCP port ${port} of ${network.address}`),
    );
  });
}

chapter("a host without a path is told the same", async () => {
  pages.host = await chromium.open(`${base}/host?lang=en`, {
    name: "host",
    tolerated: PLAIN,
  });
  await openCamera(pages.host);
  await pages.host.click(byTestId("go-live"));
  assert.match(await untilTold(pages.host, "the host"), /neither UDP port/);
});

/** Runs in the page: a proxy on the way answers without an upgrade. */
function closedSockets() {
  const { WebSocket } = window;
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url.replace(/\/ws$/, "/healthz"));
    }
  };
}

chapter(
  "where the WebSocket does not open, a fan is told that, and that the server is there",
  async () => {
    const page = await chromium.open(`${base}/r/default?lang=en`, {
      name: "without sockets",
      tolerated: [...PLAIN, /WebSocket connection to .* failed/],
      scripts: [[closedSockets]],
    });
    const told = await untilTold(page, "the fan without sockets");
    assert.match(told, new RegExp(`WebSocket to ${network.address}:${server.port} does not open`));
    await page.close();
  },
);

chapter("when the network opens, the words go away and the picture comes", async () => {
  await network.firewall("open");
  // Who was refused a path may be back at its button.
  await until(
    async () => {
      const button = pages.host.locator(`${byTestId("go-live")}:enabled`);
      if ((await button.count()) > 0) await button.click();
      const state = await pages.host.getAttribute(byTestId("host-state"), "data-state");
      return state === "live";
    },
    { what: "the host to be live", withinMs: 30_000 },
  );
  await hostState(pages.host, "live");
  assert.equal(await noPath(pages.host), null);
  for (const name of ["chromium", "firefox"]) {
    await fanState(pages[name], "live", 30_000);
    await untilMoving(pages[name], name);
    assert.equal(await noPath(pages[name]), null);
  }
  chromium.checkFaults();
});
