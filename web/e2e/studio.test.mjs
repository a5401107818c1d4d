// What goes on air is what the host chose, and a broadcast ends when the host says so.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium, THREE_CAMERAS, UNSENDABLE } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import {
  endShare,
  fanState,
  goLive,
  hostState,
  inUse,
  offered,
  openCamera,
  sent,
  untilInUse,
} from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

let server;
let chromium;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch(THREE_CAMERAS)]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

const openHost = (room) => chromium.open(`${server.base}/host?room=${room}`, { name: "host" });

describe("cameras and microphones", () => {
  let page;

  before(async () => {
    page = await openHost("devices");
    await openCamera(page);
  });
  after(() => page?.close());

  test("each camera that the host picks is the one in use", async () => {
    const picker = page.getByLabel("摄像头", { exact: true });
    let cameras;
    await until(
      async () => {
        cameras = await offered(picker);
        return cameras.length === 3;
      },
      { what: () => `three cameras to choose from; there are ${cameras}` },
    );
    for (const label of [cameras[1], cameras[2], cameras[0]]) {
      await picker.selectOption({ label });
      await untilInUse(page, "video", label);
    }
  });

  test("each microphone that the host picks is the one in use", async () => {
    const picker = page.getByLabel("麦克风", { exact: true });
    let microphones;
    await until(
      async () => {
        microphones = await offered(picker);
        return microphones.length >= 2;
      },
      { what: () => `microphones to choose from; there are ${microphones}` },
    );
    for (const label of microphones.reverse()) {
      await picker.selectOption({ label });
      await untilInUse(page, "audio", label);
    }
  });

  test("the flip button goes through all cameras, while fans watch", async () => {
    await page.click(byTestId("go-live"));
    await hostState(page, "live");
    const fan = await chromium.open(`${server.base}/r/devices`, { name: "fan" });
    await untilMoving(fan, "the fan");
    const seen = [(await inUse(page)).video];
    for (let turn = 0; turn < 3; turn += 1) {
      await page.click(byTestId("flip-camera"));
      await until(async () => (await inUse(page)).video !== seen.at(-1), {
        what: "another camera",
      });
      seen.push((await inUse(page)).video);
      await until(async () => (await sent(page))[1] === seen.at(-1), { what: "it to be sent" });
      if (seen.at(-1) !== UNSENDABLE) await untilMoving(fan, "the fan");
    }
    assert.equal(new Set(seen).size, 3, `${seen}`);
    assert.equal(seen[3], seen[0]);
    await fan.close();
  });

  test("the next visit begins with what was chosen", async () => {
    const before = await inUse(page);
    // Ends the broadcast, as the question says.
    page.once("dialog", (dialog) => dialog.accept());
    await page.reload();
    await openCamera(page);
    assert.deepEqual(await inUse(page), before);
  });
});

describe("a share that ends", () => {
  /** A host who shares a screen only, live, with a fan who sees it. */
  async function shareOnly(room) {
    const page = await openHost(room);
    await page.getByText("只共享屏幕").click();
    await page.click(byTestId("go-live"));
    await hostState(page, "live");
    const fan = await chromium.open(`${server.base}/r/${room}`, { name: "fan" });
    await untilMoving(fan, "the fan");
    return { page, fan };
  }

  /** Nothing of the host is seen, and no camera is open. */
  async function untilNoPicture(page, fan) {
    await page.waitForSelector(byTestId("share-ended"));
    await fan.waitForSelector("h2:has-text('主播关闭了摄像头')");
    assert.deepEqual(Object.keys(await inUse(page)), ["audio"]);
    await until(async () => (await sent(page))[1] === null, { what: "no picture to be sent" });
    await hostState(page, "live");
  }

  test("puts no camera on air when the browser ends it: the shared tab is closed", async () => {
    const title = "the tab that is shared";
    // Without the flag that answers every question: it would share a made-up screen.
    const sharing = await Chromium.launch([
      "--use-fake-device-for-media-stream",
      `--auto-select-tab-capture-source-by-title=${title}`,
    ]);
    const page = await sharing.open(undefined, {
      name: "host",
      permissions: ["camera", "microphone"],
    });
    const shared = await page.context().newPage();
    await shared.goto(`${server.base}/`);
    // The page names itself once it has its words.
    await shared.waitForSelector("main h1");
    await shared.evaluate((text) => {
      document.title = text;
    }, title);
    await page.goto(`${server.base}/host?room=share-tab`);
    await page.bringToFront();
    await page.getByText("只共享屏幕").click();
    await page.click(byTestId("go-live"));
    await hostState(page, "live");
    await shared.close();
    await page.waitForSelector(byTestId("share-ended"));
    assert.deepEqual(Object.keys(await inUse(page)), ["audio"]);
    await until(async () => (await sent(page))[1] === null, { what: "no picture to be sent" });
    await sharing.close();
  });

  test("puts no camera on air; the host shares again", async () => {
    const { page, fan } = await shareOnly("share-again");
    const screen = (await sent(page))[1];
    await endShare(page);
    await untilNoPicture(page, fan);
    await page.getByText("重新共享").click();
    await untilMoving(fan, "the fan");
    assert.equal((await sent(page))[1], screen);
    assert.equal(await page.locator(byTestId("share-ended")).count(), 0);
    await Promise.all([page.close(), fan.close()]);
  });

  test("puts no camera on air; the host goes on with it by a click", async () => {
    const { page, fan } = await shareOnly("share-camera");
    await page.click(byTestId("stop-screen"));
    await untilNoPicture(page, fan);
    await page.getByText("使用摄像头").click();
    await untilMoving(fan, "the fan");
    assert.match((await sent(page))[1], /fake_device/);
    await Promise.all([page.close(), fan.close()]);
  });

  test("does not bring back the camera that it replaced", async () => {
    const page = await openHost("share-over-camera");
    await goLive(page);
    const camera = (await sent(page))[1];
    await page.click(byTestId("share-screen"));
    await page.waitForSelector(byTestId("stop-screen"));
    await endShare(page);
    await page.waitForSelector(byTestId("share-ended"));
    await until(async () => (await sent(page))[1] === null, { what: "no picture to be sent" });

    await page.click(byTestId("share-screen"));
    await page.getByLabel("停止共享，切回摄像头").click();
    await until(async () => (await sent(page))[1] === camera, { what: "the camera to be sent" });
    await page.close();
  });
});

describe("every way out of a live page", () => {
  let page;
  let fan;

  before(async () => {
    page = await chromium.open(server.base, { name: "host" });
    await page.click("main a[href='/host']");
    await goLive(page);
    fan = await chromium.open(`${server.base}/r/default`, { name: "fan" });
    await fanState(fan, "live");
  });
  after(() => Promise.all([page?.close(), fan?.close()]));

  const WAYS = {
    "a click on the logo": () => page.click("header a[href='/']"),
    "the logo by keyboard": () => page.locator("header a[href='/']").press("Enter"),
    "the browser's Back": () => page.evaluate(() => history.back()),
  };

  for (const [name, leave] of Object.entries(WAYS)) {
    test(`${name} asks, and who stays is live`, async () => {
      await leave();
      await page.getByText("离开这个页面会结束直播").waitFor();
      await page.locator("dialog").getByText("取消").click();
      await page.locator("dialog").waitFor({ state: "detached" });
      assert.equal(new URL(page.url()).pathname, "/host");
      await hostState(page, "live");
      await untilMoving(fan, "the fan");
    });
  }

  test("a reload asks by the browser's own question", async () => {
    const asked = page.waitForEvent("dialog");
    const reload = page.reload().catch(() => "stayed");
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.dismiss();
    assert.equal(await reload, "stayed");
    await hostState(page, "live");
    await untilMoving(fan, "the fan");
  });

  test("who confirms ends it, and is where Back leads", async () => {
    await page.evaluate(() => history.back());
    await page.click(byTestId("confirm-end"));
    await fanState(fan, "ended");
    await page.waitForSelector("main a[href='/host']");
    assert.equal(new URL(page.url()).pathname, "/");
    // Nothing asks any more.
    await page.evaluate(() => history.forward());
    await page.waitForSelector(byTestId("open-camera"));
    await page.click("header a[href='/']");
    await page.waitForSelector("main a[href='/host']");
  });
});
