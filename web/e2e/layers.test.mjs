import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { comparePeer, received, rememberPeer } from "./lib/spy.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive, openGear } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let server;
let chromium;
/** The host and its fan: each test goes on where the one before left off. */
const pages = {};
const menu = byTestId("picture-menu");

/** A browser's own estimate begins low, and rises to what three layers take. */
const RAMP_MS = 60_000;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

const lines = (page) => page.evaluate(() => document.querySelector("video").videoHeight);

async function untilLines(page, wanted, withinMs) {
  let now;
  await until(
    async () => {
      now = await lines(page);
      return now === wanted;
    },
    { what: () => `a picture of ${wanted} lines; it has ${now}`, withinMs },
  );
}

/** Which layers the host's browser encodes, by name. */
const encoded = (page) =>
  page.evaluate(() =>
    window.__kaibo.pc
      .getSenders()
      .find(({ track }) => track?.kind === "video")
      .getParameters()
      .encodings.filter(({ active }) => active)
      .map(({ rid }) => rid)
      .join(""),
  );

async function untilEncoded(wanted, withinMs) {
  let now;
  await until(
    async () => {
      now = await encoded(pages.host);
      return now === wanted;
    },
    { what: () => `the host to encode ${wanted}; it encodes ${now}`, withinMs },
  );
}

/** Bytes that came so far, of sound and of the picture. */
const bytes = (page) =>
  page.evaluate(async () => {
    const came = { audio: 0, video: 0 };
    for (const stat of (await window.__kaibo.pc.getStats()).values()) {
      if (stat.type === "inbound-rtp") came[stat.kind] += stat.bytesReceived;
    }
    return came;
  });

/** Waits until sound comes and no picture does, for two seconds on end. */
async function untilSoundOnly(page) {
  let then = await bytes(page);
  let since = performance.now();
  let now;
  await until(
    async () => {
      now = await bytes(page);
      if (now.video !== then.video) {
        then = now;
        since = performance.now();
      }
      return performance.now() - since > 2_000 && now.audio > then.audio + 4_000;
    },
    { what: () => `sound without a picture; there was ${JSON.stringify(then)}` },
  );
}

/** The browser of a test has one window and no tabs: it is told that this page is out of sight. */
const show = (page, state) =>
  page.evaluate((visibility) => {
    Object.defineProperty(document, "visibilityState", { value: visibility, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

chapter("a fan is sent the best layer that its network carries", async () => {
  pages.host = await chromium.open(`${server.base}/host?room=layers`, { name: "host" });
  await goLive(pages.host);
  pages.fan = await chromium.open(`${server.base}/r/layers`, { name: "fan" });
  await fanState(pages.fan, "live");
  await untilLines(pages.fan, 720, RAMP_MS);
  await openGear(pages.fan);
  const labels = await pages.fan.locator(`${menu} option`).allTextContents();
  assert.deepEqual(labels, ["自动 (720p)", "720p", "360p", "180p", "仅声音"]);
});

chapter("a fan that chooses 360p is sent a smaller picture, without a new connection", async () => {
  await rememberPeer(pages.fan);
  await openGear(pages.fan);
  await pages.fan.selectOption(menu, "360");
  await untilLines(pages.fan, 360, 10_000);
  await untilMoving(pages.fan, "the fan");
  assert.deepEqual(await comparePeer(pages.fan), { same: true, newOffers: 0 });
});

chapter("the host stops encoding what nobody watches, and nothing looks wrong", async () => {
  await untilEncoded("qh", 15_000);
  const fps = () =>
    pages.host.evaluate(() => window.__kaibo.publisher.getSnapshot().stats?.fps ?? 0);
  await until(async () => (await fps()) > 0, { what: "frames in the host's figures" });
  const cause = () =>
    pages.host.evaluate(() => window.__kaibo.publisher.getSnapshot().health.cause);
  // A busy machine's camera is slow for a moment; layers that are paused would stay so.
  await until(async () => (await cause()) !== "fps", { what: "a frame rate that is no worry" });
  assert.equal(await lines(pages.fan), 360);
  await untilMoving(pages.fan, "the fan");
});

chapter("chosen again, the best layer is back", async (t) => {
  const at = Date.now();
  await openGear(pages.fan);
  await pages.fan.selectOption(menu, "auto");
  await untilEncoded("qhf", 5_000);
  await untilLines(pages.fan, 720, RAMP_MS);
  t.diagnostic(`back after ${Date.now() - at} ms`);
  await untilEncoded("qf", 20_000);
});

chapter("a page out of sight is sent sound only, and sees again at once", async (t) => {
  await show(pages.fan, "hidden");
  await untilSoundOnly(pages.fan);
  await untilEncoded("q", 15_000);
  await fanState(pages.fan, "live");
  const at = Date.now();
  await show(pages.fan, "visible");
  await untilMoving(pages.fan, "the fan");
  t.diagnostic(`12 frames and a changed picture after ${Date.now() - at} ms`);
  await fanState(pages.fan, "live");
  assert.deepEqual(await comparePeer(pages.fan), { same: true, newOffers: 0 });
  await untilLines(pages.fan, 720, RAMP_MS);
});

chapter("sound only is chosen by the keyboard and remembered", async () => {
  await openGear(pages.fan);
  await pages.fan.focus(menu);
  await pages.fan.keyboard.press("End");
  await untilSoundOnly(pages.fan);
  await fanState(pages.fan, "live");
  await pages.fan.reload();
  await fanState(pages.fan, "live");
  await openGear(pages.fan);
  assert.equal(await pages.fan.inputValue(menu), "off");
  await untilSoundOnly(pages.fan);
  const time = () => pages.fan.evaluate(() => document.querySelector("video").currentTime);
  const before = await time();
  await until(async () => (await time()) > before, { what: "the player to play the sound" });
  const told = (await received(pages.fan)).filter(({ type }) => type === "layer_now");
  assert.deepEqual(told.at(-1), { type: "layer_now", on: false, auto: false, reason: "user" });
  await openGear(pages.fan);
  await pages.fan.selectOption(menu, "auto");
  await untilMoving(pages.fan, "the fan");
  chromium.checkFaults();
});
