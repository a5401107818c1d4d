/* A network that begins to let pages through alone: who watches goes on with a delay, by HLS, and is live again after. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Network } from "./lib/network.mjs";
import { ffmpeg, publishWithFfmpeg } from "./lib/programs.mjs";
import { binary, Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
/** Chromium's remark on a header that only counts over HTTPS. */
const PLAIN = [/Cross-Origin-Opener-Policy header has been ignored/];
let network;
let server;
let chromium;
let encoder;
let fan;

before(async () => {
  network = await Network.start("f");
  const program = await network.wrap(binary());
  server = await Server.start({ program, args: ["--publish-open", "all"] });
  chromium = await Chromium.launch();
});
after(async () => {
  await chromium?.close();
  await encoder?.stop();
  await server?.stop();
  await network?.stop();
});

/** What plays by HLS: how far it is; null while nothing does. */
const delayed = () =>
  fan.evaluate((selector) => {
    const video = document.querySelector(selector);
    const isShown = video?.checkVisibility({ visibilityProperty: true }) && video.readyState > 2;
    return isShown ? video.currentTime : null;
  }, byTestId("fallback-video"));

async function untilDelayed(t) {
  const from = performance.now();
  await until(async () => (await delayed()) > 0, { what: "a picture by HLS" });
  t.diagnostic(`a picture by HLS after ${Math.round(performance.now() - from)} ms`);
  const then = await delayed();
  await until(async () => (await delayed()) > then + 1, { what: "HLS to go on" });
  assert.match(await fan.innerText("main"), /Delayed/i);
}

chapter("a fan watches live while the network lets everything through", async () => {
  await network.firewall("noted", server.port);
  const inside = { program: await network.wrap(ffmpeg()) };
  encoder = publishWithFfmpeg(`http://127.0.0.1:${server.port}/whip/office`, inside);
  const url = `http://${network.address}:${server.port}/r/office?lang=en`;
  fan = await chromium.open(url, { name: "fan", tolerated: PLAIN });
  await untilMoving(fan, "the fan");
  await fanState(fan, "live");
});

chapter("when no media passes any more, it goes on with a delay, and is told so", async (t) => {
  await network.firewall("pages", server.port);
  await untilDelayed(t);
});

chapter("when media passes again, it is live again", async (t) => {
  const from = performance.now();
  await network.firewall("noted", server.port);
  await until(async () => (await delayed()) === null, { what: "HLS to end", withinMs: 90_000 });
  t.diagnostic(`live again after ${Math.round(performance.now() - from)} ms`);
  await untilMoving(fan, "the fan");
  await fanState(fan, "live");
});

chapter("a room that is packaged already is seen with a delay sooner", async (t) => {
  await network.firewall("pages", server.port);
  await untilDelayed(t);
  chromium.checkFaults();
});
