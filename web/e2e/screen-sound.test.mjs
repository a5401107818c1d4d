// A screen that is shared with its sound: fans hear it beside the microphone, and its end ends nothing
// else.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { playTone, TONE_HZ, untilHears } from "./lib/hearing.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { comparePeer, rememberPeer } from "./lib/spy.mjs";
import { story } from "./lib/story.mjs";
import { endLive, fanState, goLive, hostState, sent } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const TITLE = "the tab that is shared";

describe("a screen with sound", () => {
  const chapter = story();
  let server;
  let chromium;
  let host;
  let fan;
  let shared;
  let alone;

  before(async () => {
    [server, chromium] = await Promise.all([
      Server.start(),
      // Without the flag that answers every question: it would share a made-up screen without sound.
      Chromium.launch(
        [
          "--use-fake-device-for-media-stream",
          `--auto-select-tab-capture-source-by-title=${TITLE}`,
        ],
        { muted: false },
      ),
    ]);
  });
  after(async () => {
    await chromium?.close();
    await server?.stop();
  });

  /** A tab beside the host's that is heard and seen to move. */
  async function openShared() {
    const page = await host.context().newPage();
    await page.goto(`${server.base}/`);
    await page.waitForSelector("main h1");
    await page.evaluate(playTone, TONE_HZ);
    await page.evaluate((title) => {
      document.title = title;
      setInterval(() => {
        document.body.style.background = `hsl(${performance.now() / 10} 80% 50%)`;
      }, 40);
    }, TITLE);
    return page;
  }

  async function share() {
    await host.bringToFront();
    await host.click(byTestId("share-screen"));
    await host.waitForSelector(byTestId("stop-screen"));
  }

  const soundChoice = () => host.getByLabel("共享时的声音");

  async function goesOn(hears) {
    await untilHears(fan, hears);
    await hostState(host, "live");
    await fanState(fan, "live");
    assert.deepEqual(await comparePeer(fan), { same: true, newOffers: 0 });
    assert.deepEqual(await comparePeer(host), { same: true, newOffers: 0 });
  }

  chapter("before it, the microphone alone is heard", async () => {
    host = await chromium.open(`${server.base}/host?room=sound`, {
      name: "host",
      permissions: ["camera", "microphone"],
    });
    await goLive(host);
    fan = await chromium.open(`${server.base}/r/sound`, { name: "fan" });
    await untilMoving(fan, "the fan");
    await fan.click(byTestId("unmute"));
    for (const page of [host, fan]) await rememberPeer(page);
    alone = await sent(host);
    await goesOn({ beep: true, tone: false });
    assert.equal(await soundChoice().count(), 0);
  });

  chapter("is heard together with the microphone", async () => {
    shared = await openShared();
    await share();
    await goesOn({ beep: true, tone: true });
    await untilMoving(fan, "the fan");
    assert.notDeepEqual(await sent(host), alone);
  });

  chapter("is heard alone, or not at all, as the host chooses", async () => {
    await soundChoice().selectOption("screen");
    await goesOn({ beep: false, tone: true });
    // As it is played: what a browser does to a voice takes music away.
    const { echoCancellation, noiseSuppression, autoGainControl, channelCount } =
      await host.evaluate(() => window.__kaibo.pc.getSenders()[0].track.getSettings());
    assert.deepEqual([echoCancellation, noiseSuppression, autoGainControl], [false, false, false]);
    assert.equal(channelCount, 2);
    await soundChoice().selectOption("microphone");
    await goesOn({ beep: true, tone: false });
    await soundChoice().selectOption("mix");
    await goesOn({ beep: true, tone: true });
  });

  chapter("goes on when the microphone is switched off", async () => {
    await host.getByLabel("关闭麦克风").click();
    await goesOn({ beep: false, tone: true });
    await host.getByLabel("打开麦克风").click();
    await goesOn({ beep: true, tone: true });
  });

  chapter("stopped by the host: camera and microphone are as before", async () => {
    await host.click(byTestId("stop-screen"));
    await until(async () => JSON.stringify(await sent(host)) === JSON.stringify(alone), {
      what: () => "camera and microphone to be sent as before",
    });
    await goesOn({ beep: true, tone: false });
    await untilMoving(fan, "the fan");
    assert.equal(await soundChoice().count(), 0);
  });

  chapter(
    "ended by the browser: the microphone is heard, and nobody is put on camera",
    async () => {
      await share();
      await goesOn({ beep: true, tone: true });
      await shared.close();
      await host.waitForSelector(byTestId("share-ended"));
      assert.deepEqual(await sent(host), [alone[0], null]);
      await goesOn({ beep: true, tone: false });
      await endLive(host);
      await fanState(fan, "ended");
    },
  );
});
