// Guests as the host's page shows them, in whatever shape it has.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { endLive, fanState, goLive, hostState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

describe("a guest on the host's page", () => {
  const chapter = story();
  let server;
  let chromium;
  let host;
  let guest;

  before(async () => {
    [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
  });
  after(async () => {
    await chromium?.close();
    await server?.stop();
  });

  const strip = byTestId("guest-strip");
  const box = (selector) => host.locator(selector).boundingBox();

  async function untilGuestMoves() {
    const time = () =>
      host.evaluate((selector) => {
        const video = document.querySelector(`${selector} video`);
        return video?.videoWidth ? video.currentTime : null;
      }, strip);
    await until(async () => (await time()) !== null, { what: "the guest's picture" });
    const first = await time();
    await until(async () => (await time()) > first + 0.3, { what: "the guest to move" });
  }

  chapter("is seen beneath the picture, which keeps its room", async () => {
    host = await chromium.open(`${server.base}/host?room=guests`, { name: "host" });
    await goLive(host);
    guest = await chromium.open(`${server.base}/r/guests`, { name: "guest" });
    await fanState(guest, "live");
    const before = await box(byTestId("host-preview"));
    await guest.click(byTestId("stage-ask"));
    // Who may come on stage has a name.
    await guest.fill(byTestId("name-input"), "ann");
    await guest.click(byTestId("name-save"));
    await host.click(byTestId("tab-viewers"));
    await host.click(byTestId("stage-accept"));
    await untilGuestMoves();
    const [picture, guests] = [await box(byTestId("host-preview")), await box(strip)];
    assert.ok(guests.y >= picture.y + picture.height, "the guests are beneath it");
    assert.ok(picture.height > before.height * 0.75, `${picture.height} of ${before.height}`);
  });

  chapter(
    "is seen as well when the window becomes as small as a phone, and large again",
    async () => {
      for (const size of [
        { width: 390, height: 844 },
        { width: 844, height: 390 },
        { width: 1280, height: 800 },
      ]) {
        await host.setViewportSize(size);
        await untilGuestMoves();
      }
      await hostState(host, "live");
    },
  );

  chapter("is not seen any more after the end", async () => {
    await endLive(host);
    assert.equal(await host.locator(strip).count(), 0);
  });
});
