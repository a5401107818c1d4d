// What a person who goes live can rely on: before, and while people watch.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { readMedia, untilMoving, untilSound } from "./lib/media.mjs";
import { scanQr } from "./lib/qr.mjs";
import { Server } from "./lib/server.mjs";
import { endLive, fanState, goLive, hostState, openCamera, openInvite } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

let server;
let chromium;
const pages = [];

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

async function open(path, options = {}) {
  const page = await chromium.open(`${server.base}${path}`, { name: path, ...options });
  pages.push(page);
  return page;
}

/** A live host and a fan that sees it. */
async function liveRoom(room, options = {}) {
  const host = await open(`/host?room=${room}`, options);
  await goLive(host);
  const fan = await open(`/r/${room}`);
  await untilMoving(fan, "the fan");
  return { host, fan };
}

const videoEncodings = (page) =>
  page.evaluate(() => window.__kaibo.pc.getSenders()[1].getParameters().encodings);

describe("before going live", () => {
  /** Runs in the page: counts questions for devices. */
  function countQuestions() {
    window.__asked = 0;
    const { mediaDevices } = navigator;
    for (const name of ["getUserMedia", "getDisplayMedia"]) {
      const ask = mediaDevices[name].bind(mediaDevices);
      mediaDevices[name] = (constraints) => {
        window.__asked += 1;
        return ask(constraints);
      };
    }
  }

  test("nothing is asked before a click, and a line says what will be", async () => {
    const page = await open("/host?room=ask", { scripts: [[countQuestions]] });
    await page.getByText("浏览器会询问是否允许使用摄像头和麦克风").waitFor();
    // The page has settled: it knows the server and the devices.
    await page.waitForSelector('[data-check="server"][data-state="ok"]');
    assert.equal(await page.evaluate(() => window.__asked), 0);
    await openCamera(page);
    assert.equal(await page.evaluate(() => window.__asked), 1);
  });

  test("the level moves with the microphone", async () => {
    const page = await open("/host?room=level");
    await openCamera(page);
    const level = () => page.evaluate(() => document.querySelector("meter").value);
    await until(async () => (await level()) > -50, { what: "the beep to be seen" });
    await until(async () => (await level()) < -55, { what: "the silence after it" });
    assert.equal(await page.locator(byTestId("silent")).count(), 0);
  });

  /** Runs in the page: a microphone whose own switch is off. */
  function silentMicrophone() {
    const { mediaDevices } = navigator;
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      const [real] = stream.getAudioTracks();
      if (!real) return stream;
      stream.removeTrack(real);
      const { stream: silence } = new MediaStreamAudioDestinationNode(new AudioContext());
      stream.addTrack(silence.getAudioTracks()[0]);
      return stream;
    };
  }

  test("a microphone that hears nothing is told, until it is switched off", async () => {
    const page = await open("/host?room=silent", { scripts: [[silentMicrophone]] });
    await openCamera(page);
    const notice = page.locator(byTestId("silent"));
    await notice.waitFor();
    assert.equal(await notice.textContent(), "麦克风没有声音，请检查是否被静音");
    await page.getByLabel("关闭麦克风").click();
    await notice.waitFor({ state: "detached" });
  });

  const mirrored = (page, id) =>
    page.evaluate((selector) => {
      const { transform } = getComputedStyle(document.querySelector(selector));
      return transform.startsWith("matrix(-1");
    }, byTestId(id));

  test("only the host's own view of a camera is mirrored", async () => {
    const { host, fan } = await liveRoom("mirror");
    assert.equal(await mirrored(host, "host-preview"), true);
    assert.equal(await mirrored(fan, "fan-video"), false);
    // What is sent is what the camera sees, by no way of ours.
    const label = await host.evaluate(() => window.__kaibo.pc.getSenders()[1].track.label);
    assert.match(label, /fake_device/);
    await host.click(byTestId("share-screen"));
    await host.waitForSelector(byTestId("stop-screen"));
    assert.equal(await mirrored(host, "host-preview"), false);
    await host.click(byTestId("stop-screen"));
    await until(() => mirrored(host, "host-preview"), { what: "the camera to be mirrored" });
    await host.click(byTestId("tab-setup"));
    await host.click(`${byTestId("expert")} summary`);
    await host.getByLabel("镜像预览").uncheck();
    assert.equal(await mirrored(host, "host-preview"), false);
  });

  test("quality, rate and codec are sent as they were chosen, and are kept", async () => {
    const page = await open("/host?room=quality");
    await page.selectOption(byTestId("quality"), "ultra");
    await page.click(`${byTestId("expert")} summary`);
    await page.selectOption(byTestId("codec"), "VP9");
    await page.getByLabel("帧率").selectOption("15");
    await page.getByLabel("最高码率（kbit/s）").fill("900");
    await goLive(page);
    const [encoding, ...more] = await videoEncodings(page);
    assert.deepEqual(more, []);
    assert.deepEqual([encoding.maxBitrate, encoding.maxFramerate], [900_000, 15]);
    const { height, frameRate } = await page.evaluate(() =>
      window.__kaibo.pc.getSenders()[1].track.getSettings(),
    );
    assert.deepEqual([height, Math.round(frameRate)], [1080, 15]);
    const fan = await open("/r/quality");
    const { codec } = await untilMoving(fan, "the fan");
    assert.equal(codec, "video/VP9");
    // Another quality while live, for the camera and for what is sent.
    await page.click(byTestId("tab-setup"));
    await page.selectOption(byTestId("quality"), "smooth");
    await until(
      () =>
        page.evaluate(() => window.__kaibo.pc.getSenders()[1].track.getSettings().height === 540),
      { what: "540 lines" },
    );
    await untilMoving(fan, "the fan");
    await endLive(page);
    await page.reload();
    assert.equal(await page.inputValue(byTestId("quality")), "smooth");
    assert.equal(await page.inputValue(byTestId("codec")), "VP9");
  });
});

describe("while live", () => {
  /** For as long as three beeps of the fake microphone, nothing is heard. */
  async function untilSilence(page) {
    let last = await readMedia(page);
    let since = performance.now();
    await until(
      async () => {
        const now = await readMedia(page);
        if (now.energy - last.energy > 1e-5) since = performance.now();
        last = now;
        return performance.now() - since > 1_500;
      },
      { what: "silence" },
    );
  }

  test("microphone and camera go off and on, and everybody knows", async () => {
    const { host, fan } = await liveRoom("mute");
    await fan.click(byTestId("unmute"));
    await untilSound(fan, "the fan");
    await host.getByLabel("关闭麦克风").click();
    await host.getByText("观众听不到你：麦克风已关闭").waitFor();
    await fan.getByText("主播已静音").waitFor();
    await untilSilence(fan);
    await host.getByLabel("关闭摄像头").click();
    await host.getByText("摄像头已关闭").waitFor();
    await fan.waitForSelector("h2:has-text('主播关闭了摄像头')");
    await host.getByLabel("打开麦克风").click();
    await host.getByLabel("打开摄像头").click();
    await untilSound(fan, "the fan");
    await untilMoving(fan, "the fan");
    assert.equal(await host.getByText("观众听不到你").count(), 0);
  });

  test("the timer runs, viewers are counted, and End says how many watch", async () => {
    const { host, fan } = await liveRoom("count");
    const seconds = () =>
      host.evaluate((id) => {
        const clock = /\d+:\d\d(:\d\d)?/.exec(document.querySelector(id).textContent)[0];
        return clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
      }, byTestId("host-state"));
    const first = await seconds();
    await until(async () => (await seconds()) >= first + 2, { what: "two seconds on the timer" });
    const second = await open("/r/count");
    await fanState(second, "live");
    await host.waitForSelector(`${byTestId("viewer-count")}[data-count="2"]`);
    await host.getByText("最高 2").waitFor();
    await second.close();
    await host.waitForSelector(`${byTestId("viewer-count")}[data-count="1"]`);
    await host.click(byTestId("end-live"));
    await host.getByText("现在有 1 人在看，确定结束吗？").waitFor();
    await host.click(byTestId("confirm-end"));
    await hostState(host, "ended");
    await fanState(fan, "ended");
    await host.getByText("最高同时在线").waitFor();
  });

  test("health is a light with words, and figures on a click", async () => {
    const { host } = await liveRoom("health");
    let words;
    await until(
      async () => {
        words = await host.textContent(byTestId("health"));
        return /直播状态：良好.*bit\/s · \d+ fps/.test(words);
      },
      { what: () => `a light with figures; it says ${words}` },
    );
    await host.click(byTestId("health"));
    const figures = () =>
      host.evaluate(() =>
        Object.fromEntries(
          [...document.querySelectorAll("dl dt")].map((name) => [
            name.textContent,
            name.nextElementSibling.textContent,
          ]),
        ),
      );
    let now;
    await until(
      async () => {
        now = await figures();
        return Object.values(now).length === 6 && !Object.values(now).includes("–");
      },
      { what: () => `all figures; there are ${JSON.stringify(now)}` },
    );
    assert.match(now.码率, /bit\/s \/ 目标/);
    assert.match(now.网络往返, /毫秒|ms/);
    assert.match(now.传输, /UDP/i);
  });

  /** Runs in the page: a screen that is kept on by whoever holds the lock. */
  function countLocks() {
    window.__locks = { asked: 0, held: 0 };
    navigator.wakeLock.request = async (type) => {
      if (type !== "screen") throw new TypeError(type);
      window.__locks.asked += 1;
      window.__locks.held += 1;
      return {
        release: async () => {
          window.__locks.held -= 1;
        },
      };
    };
  }

  test("the screen stays on, also after the page was hidden, until the end", async () => {
    const host = await open("/host?room=awake", { scripts: [[countLocks]] });
    const locks = () => host.evaluate(() => window.__locks);
    await openCamera(host);
    assert.deepEqual(await locks(), { asked: 0, held: 0 });
    await host.click(byTestId("go-live"));
    await hostState(host, "live");
    await until(async () => (await locks()).asked === 1, { what: "the lock" });
    // A browser lets go of it when the page is hidden, and says when it is shown again.
    await host.evaluate(() => {
      window.__locks.held = 0;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await until(async () => (await locks()).asked === 2, { what: "the lock again" });
    await endLive(host);
    await until(async () => (await locks()).held === 0, { what: "the lock to be let go of" });
  });
});

describe("viewers are invited", () => {
  /** Runs in the page: notes what the system's share sheet is given, and has no clipboard to write. */
  function phoneOverHttp() {
    navigator.share = async (what) => {
      window.__shared = what;
    };
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("", "NotAllowedError"));
  }

  /** The link that is offered, once the page knows how others in the network reach the server. */
  async function lanLink(page) {
    const response = await page.request.get(`${server.base}/api/addresses`);
    const [origin = server.base] = (await response.json()).origins;
    const link = byTestId("share-link");
    await until(async () => (await page.textContent(link)).startsWith(origin), { what: origin });
    return page.textContent(link);
  }

  for (const [name, scripts] of [
    ["the clipboard", []],
    ["a page that may not write the clipboard", [[phoneOverHttp]]],
  ]) {
    test(`by a link to copy, with ${name}`, async () => {
      const page = await open("/host?room=link", {
        scripts,
        permissions: ["clipboard-read", "clipboard-write"],
      });
      await openInvite(page);
      const link = await lanLink(page);
      await page.locator("dialog").getByText("复制", { exact: true }).click();
      await page.locator("dialog").getByText("已复制").first().waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
      assert.match(link, /\/r\/link$/);
      const fan = await open(new URL(link).pathname);
      await fanState(fan, "waiting");
    });
  }

  test("by a code that a phone reads, and by the system's own sheet", async () => {
    const page = await open("/host?room=code", { scripts: [[phoneOverHttp]] });
    await openInvite(page);
    const link = await lanLink(page);
    const dialog = page.locator("dialog");
    await dialog.getByText("二维码").click();
    await dialog.getByLabel("观看链接的二维码").waitFor();
    assert.equal(await scanQr(page), link);
    await dialog.getByText("分享", { exact: true }).click();
    assert.deepEqual(await page.evaluate(() => window.__shared), { title: "code", url: link });
  });
});
