import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium, FAKE_DEVICES } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { hostState, openCamera } from "./lib/studio.mjs";

let server;

before(async () => {
  server = await Server.start({ args: ["--allow-host", "lan.test"] });
});
after(async () => {
  await server?.stop();
});

/** The card that says what is wrong: its code and its headline. */
async function errorCard(page) {
  const card = await page.waitForSelector(byTestId("media-error"));
  return card.evaluate((element) => ({
    code: element.dataset.code,
    title: element.querySelector("h3").textContent,
  }));
}

/** What the host is told in a browser with these flags. */
async function hostIsTold(flags, base, tolerated = []) {
  const chromium = await Chromium.launch(flags);
  try {
    const page = await chromium.open(`${base}/host`, { name: "host", tolerated });
    await page.waitForSelector("main h1");
    const button = page.locator(byTestId("open-camera"));
    if (await button.isVisible()) await button.click();
    return await errorCard(page);
  } finally {
    await chromium.close();
  }
}

test("a computer without camera and microphone", async () => {
  // No flag: the machine of a test has neither.
  const told = await hostIsTold([], server.base);
  assert.deepEqual(told, { code: "no_device", title: "未检测到摄像器或麦克风" });
});

test("a person who refuses", async () => {
  const flags = ["--use-fake-device-for-media-stream", "--deny-permission-prompts"];
  const told = await hostIsTold(flags, server.base);
  assert.deepEqual(told, { code: "denied", title: "浏览器已拒绝使用摄像头/麦克风" });
});

test("a page that came over plain http from another machine", async () => {
  const flags = [...FAKE_DEVICES, "--host-resolver-rules=MAP lan.test 127.0.0.1"];
  const told = await hostIsTold(flags, `http://lan.test:${server.port}`, [
    // Chromium's remark on a header that only counts over https.
    /Cross-Origin-Opener-Policy header has been ignored/,
  ]);
  assert.deepEqual(told, {
    code: "insecure",
    title: "当前页面不是 HTTPS，浏览器不允许使用摄像头",
  });
});

describe("a server that only lets holders of the key publish", () => {
  const key = "right-key-of-the-test";
  let locked;
  let chromium;

  before(async () => {
    [locked, chromium] = await Promise.all([
      Server.start({ args: ["--publish-open", "none"], env: { KAIBO_PUBLISH_KEY: key } }),
      Chromium.launch(),
    ]);
  });
  after(async () => {
    await chromium?.close();
    await locked?.stop();
  });

  test("asks for the key, says when it is wrong, and goes live with the right one", async () => {
    const page = await chromium.open(`${locked.base}/host`, { name: "host" });
    await openCamera(page);
    await page.click(byTestId("go-live"));
    const field = page.locator("dialog").locator(byTestId("publish-key"));
    await field.waitFor();
    const dialog = page.locator("dialog");
    await field.fill("a wrong one");
    await field.press("Enter");
    await dialog.getByText("密钥不对").waitFor();

    await field.fill(key);
    await field.press("Enter");
    await hostState(page, "live");
    assert.equal(await dialog.count(), 0);
  });

  test("does not call a key wrong that nobody gave", async () => {
    const page = await chromium.open(`${locked.base}/host`, { name: "host without key" });
    await openCamera(page);
    await page.click(byTestId("go-live"));
    await page.locator("dialog").locator(byTestId("publish-key")).waitFor();
    assert.doesNotMatch(await page.locator("dialog").textContent(), /密钥不对/);
  });

  test("remembers the key for the next time", async () => {
    const page = await chromium.open(`${locked.base}/host`, {
      name: "host of room two",
      storage: { "kaibo.publish-key": JSON.stringify(key), "kaibo.host-room": '"two"' },
    });
    await openCamera(page);
    await page.click(byTestId("go-live"));
    await hostState(page, "live");
  });
});
