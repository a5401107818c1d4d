// The studio of a host: before, during and after a broadcast, and beside an encoder.
import assert from "node:assert/strict";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { publishDrawn } from "./lib/room.mjs";
import { Server } from "./lib/server.mjs";
import { endLive, fanState, goLive, hostState, openCamera } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";
import { Site } from "./lib/whip-whep.mjs";

const KEY = "right-key-of-the-test";

let server;
let locked;
let site;
let chromium;

before(async () => {
  const keyed = { args: ["--publish-open", "none"], env: { KAIBO_PUBLISH_KEY: KEY } };
  [server, locked, site, chromium] = await Promise.all([
    Server.start(),
    Server.start(keyed),
    Site.start(),
    Chromium.launch(),
  ]);
});
after(async () => {
  await chromium?.close();
  await Promise.all([server?.stop(), locked?.stop(), site?.stop()]);
});

const openHost = (room, options = {}) =>
  chromium.open(`${(options.on ?? server).base}/host?room=${room}`, {
    name: "host",
    // The page asks whether somebody is in the room; nobody is.
    tolerated: [/status of 404/],
    ...options,
  });

const snapshot = (page) => page.evaluate(() => window.__kaibo.publisher.getSnapshot());

/** What has the focus: its test id. */
const focused = (page) => page.evaluate(() => document.activeElement?.dataset?.testid ?? null);

describe("a page that is reloaded while it is live", () => {
  /** A host who has reloaded the live page, and a fan who saw it. */
  async function reloaded(room) {
    const page = await openHost(room);
    await goLive(page);
    const fan = await chromium.open(`${server.base}/r/${room}`, { name: "fan" });
    await untilMoving(fan, "the fan");
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await fanState(fan, "interrupted");
    await page.waitForSelector(byTestId("resume"));
    return { page, fan };
  }

  test("begins with going on, and a click is enough", async (t) => {
    const { page, fan } = await reloaded("reload");
    assert.match(await page.textContent(byTestId("resume")), /秒前你还在直播/);
    const at = Date.now();
    await page.click(byTestId("resume-go"));
    await hostState(page, "live");
    await fanState(fan, "live");
    await untilMoving(fan, "the fan");
    t.diagnostic(`the fan sees it ${Date.now() - at} ms after the click`);
    await endLive(page);
    await Promise.all([page.close(), fan.close()]);
  });

  test("or ends it at once", async () => {
    const { page, fan } = await reloaded("reload-end");
    await page.click(byTestId("resume-end"));
    await fanState(fan, "ended");
    await page.waitForSelector(byTestId("resume"), { state: "detached" });
    assert.equal(await page.locator(byTestId("open-camera")).count(), 1);
    await Promise.all([page.close(), fan.close()]);
  });
});

describe("a room that an encoder feeds", () => {
  test("has the studio's page, without a camera, and none more who watches", async () => {
    const encoder = await chromium.open(site.base, { name: "encoder" });
    const endpoint = `${locked.base}/whip/fed`;
    await publishDrawn(encoder, { endpoint, key: KEY });
    const page = await openHost("fed", { on: locked });
    await page.click(byTestId("tab-setup"));
    await page.fill(byTestId("publish-key"), KEY);
    await page.press(byTestId("publish-key"), "Enter");
    await page.waitForSelector(byTestId("feed"));
    await untilMoving(page, "the host");
    assert.equal(await page.locator(byTestId("open-camera")).count(), 0);
    assert.equal((await snapshot(page)).viewers, 0);
    // What is sent has no sound: the host's page says so, though it sends nothing itself.
    await page.waitForSelector(`${byTestId("finding")}[data-code="no_audio"]`);

    // On top is what is live, for how long, and who watches: not what this page sends.
    await hostState(page, "live");
    assert.match(await page.textContent(byTestId("host-state")), /直播中.*\d\d:\d\d/);

    const fan = await chromium.open(`${locked.base}/r/fed`, { name: "fan" });
    await untilMoving(fan, "the fan");
    await page.waitForSelector(`${byTestId("viewer-count")}[data-count="1"]`);
    await until(async () => (await snapshot(page)).viewers === 1, { what: "one viewer" });
    await page.click(byTestId("end-live"));
    await page.click(byTestId("confirm-end"));
    await fanState(fan, "ended");
    await Promise.all([page.close(), fan.close(), encoder.close()]);
  });

  test("is explained with the key as dots, and with a profile for OBS", async () => {
    const page = await openHost("obs", { on: locked });
    await page.fill(byTestId("publish-key"), KEY);
    await page.press(byTestId("publish-key"), "Enter");
    await page.waitForSelector(byTestId("key-known"));
    await page.click(byTestId("tab-obs"));
    assert.equal(await page.textContent(byTestId("whip-url")), `${locked.base}/whip/obs`);
    assert.doesNotMatch(await page.textContent(byTestId("whip-key")), /right/);
    await page.click(byTestId("whip-key-eye"));
    assert.equal(await page.textContent(byTestId("whip-key")), KEY);
    assert.doesNotMatch(await page.textContent(byTestId("ffmpeg-line")), /right-key/);
    const saved = page.waitForEvent("download");
    await page.click(byTestId("obs-profile"));
    const copy = join(await mkdtemp(join(tmpdir(), "kaibo-obs-")), "profile.zip");
    await (await saved).saveAs(copy);
    const archive = await readFile(copy);
    assert.equal(archive.subarray(0, 4).toString("latin1"), "PK\u0003\u0004");
    assert.match(archive.toString("utf8"), /"bearer_token": "right-key-of-the-test"/);
    await page.close();
  });
});

describe("the key", () => {
  test("is kept for the tab alone, and can be forgotten", async () => {
    const page = await openHost("key", { on: locked });
    await page.fill(byTestId("publish-key"), KEY);
    await page.press(byTestId("publish-key"), "Enter");
    await page.waitForSelector(byTestId("key-known"));
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.doesNotMatch(kept, /right-key/);
    await page.reload();
    await page.waitForSelector(byTestId("key-known"));
    await page.click(byTestId("key-forget"));
    await page.waitForSelector(byTestId("publish-key"));
    await page.close();
  });
});

describe("a room in which somebody else is live", () => {
  test("offers a free one", async () => {
    const open = await Server.start({ args: ["--publish-open", "all"] });
    try {
      const first = await openHost("busy", { on: open });
      await goLive(first);
      const second = await openHost("busy", { on: open });
      await second.waitForSelector(`${byTestId("taken")}, ${byTestId("feed")}`);
      // On the server's own machine it might be the host's own encoder: it is told when it tries.
      if ((await second.locator(byTestId("feed")).count()) > 0) {
        await second.click(byTestId("feed-take"));
      }
      await second.click(byTestId("taken-use"));
      if ((await snapshot(second)).phase === "idle") await goLive(second);
      await hostState(second, "live");
      assert.equal((await snapshot(second)).room.room, "busy-2");
      for (const page of [first, second]) {
        await endLive(page);
        await page.close();
      }
    } finally {
      await open.stop();
    }
  });

  test("is taken back by the page that lost it", async () => {
    const page = await openHost("back");
    await goLive(page);
    const secret = await page.evaluate(() => localStorage.getItem("kaibo.host-secret"));
    const other = await openHost("back", { storage: { "kaibo.host-secret": secret } });
    await other.click(byTestId("feed-take"));
    await hostState(other, "live");
    await page.waitForSelector(byTestId("replaced"));
    await page.click(byTestId("take-back"));
    await hostState(page, "live");
    await other.waitForSelector(byTestId("replaced"));
    await endLive(page);
    await Promise.all([page.close(), other.close()]);
  });
});

describe("sound", () => {
  const sender = (page) =>
    page.evaluate(() => {
      const [audio] = window.__kaibo.pc.getSenders();
      return { label: audio.track?.label, id: audio.track?.id };
    });
  const answer = (page) => page.evaluate(() => window.__kaibo.pc.remoteDescription.sdp);

  test("of music is asked for as it is, also while live", async () => {
    const page = await openHost("music");
    await goLive(page);
    assert.doesNotMatch(await answer(page), /maxaveragebitrate/);
    const before = await sender(page);
    await page.click(byTestId("tab-setup"));
    await page.click(`${byTestId("expert")} summary`);
    await page.check(byTestId("stereo"));
    await until(async () => (await sender(page)).id !== before.id, { what: "the device again" });
    await until(
      async () => /^(?=.*[ ;]stereo=1)(?=.*maxaveragebitrate=256000)/m.test(await answer(page)),
      {
        what: "the far side to want it",
      },
    );
    const settings = await page.evaluate(() => {
      const [audio] = window.__kaibo.pc.getSenders();
      return audio.track.getSettings();
    });
    assert.deepEqual(
      [settings.echoCancellation, settings.noiseSuppression, settings.autoGainControl],
      [false, false, false],
    );
    await hostState(page, "live");
    await endLive(page);
    await page.close();
  });
});

describe("the focus", () => {
  test("is where the host goes on", async () => {
    const page = await openHost("focus");
    await page.focus(byTestId("open-camera"));
    await page.keyboard.press("Enter");
    await page.waitForSelector(byTestId("go-live"));
    await until(async () => (await focused(page)) === "go-live", { what: "Go live to be focused" });
    await page.keyboard.press("Enter");
    await hostState(page, "live");
    await until(async () => (await focused(page)) === "end-live", { what: "End to be focused" });
    await page.keyboard.press("Enter");
    await page.waitForSelector(byTestId("confirm-end"));
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await focused(page), "end-live");
    await page.click(byTestId("health"));
    await page.getByText("网络往返").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("网络往返").waitFor({ state: "detached" });
    assert.equal(await focused(page), "health");
    await endLive(page);
    await page.close();
  });
});

describe("what is set before", () => {
  test("the address is judged while it is typed, and proposed by the title", async () => {
    const page = await chromium.open(`${server.base}/host`, { name: "host" });
    await page.fill(byTestId("room-input"), "a b");
    await page.getByText("只能用文字、数字、- 和 _").waitFor();
    await page.fill(byTestId("room-input"), "default");
    await page.fill(byTestId("setup-title"), "Friday night: Rust");
    await page.click(byTestId("use-address"));
    assert.equal(await page.inputValue(byTestId("room-input")), "friday-night-rust");
    await page.close();
  });

  test("who waits is told before going live", async () => {
    const page = await openHost("waiting");
    const fan = await chromium.open(`${server.base}/r/waiting`, { name: "fan" });
    await fanState(fan, "waiting");
    await page.waitForSelector('[data-check="waiting"][data-state="ok"]');
    assert.match(await page.textContent('[data-check="waiting"]'), /1 人在等你开播/);
    await openCamera(page);
    await page.waitForSelector('[data-check="heard"][data-state="ok"]');
    await Promise.all([page.close(), fan.close()]);
  });
});
