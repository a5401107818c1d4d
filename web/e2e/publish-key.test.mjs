// The key that a server wants of hosts: asked for, wrong, right, remembered.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { hostState, openCamera } from "./lib/studio.mjs";

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
