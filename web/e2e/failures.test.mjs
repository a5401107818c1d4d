// What keeps a camera, a microphone or a screen from being used: each failure has its words, in both
// languages, and a way out.
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium, FAKE_DEVICES, Firefox } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { failing, pause, pluggable } from "./lib/plugs.mjs";
import { Server } from "./lib/server.mjs";
import { endLive, goLive, hostState, inUse, sent } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

let server;

before(async () => {
  server = await Server.start({ args: ["--allow-host", "lan.test"] });
});
after(() => server?.stop());

/** The card that says what is wrong, for both drivers. */
async function errorCard(page) {
  await page.waitForSelector(byTestId("media-error"));
  return page.evaluate((selector) => {
    const card = document.querySelector(selector);
    return {
      code: card.dataset.code,
      title: card.querySelector("h3").textContent,
      way: card.querySelector("p").textContent,
      offers: [...card.querySelectorAll("button, a")].map((one) => one.textContent),
    };
  }, byTestId("media-error"));
}

/** What a host is told that presses the button, where there is one. */
async function told(page) {
  await page.waitForSelector("main h1");
  // What keeps every browser from it is known before anybody is asked.
  if ((await page.$(byTestId("open-camera"))) !== null) {
    await page.click(byTestId("open-camera"));
  }
  return errorCard(page);
}

/** The same in a browser of its own. */
async function toldBy(browser, path = `${server.base}/host`, options = {}) {
  try {
    return await told(await browser.open(path, { name: "host", ...options }));
  } finally {
    await browser.close();
  }
}

const NO_DEVICE = {
  code: "no_device",
  title: "未检测到摄像器或麦克风",
  way: "请接好设备后重试，或者只共享屏幕、用 OBS 推流。",
  offers: ["重试"],
};
const DENIED = {
  code: "denied",
  title: "浏览器已拒绝使用摄像头/麦克风",
  way: "点地址栏左侧的图标，把摄像头和麦克风改成「允许」，然后重试。",
  offers: ["重试"],
};
/** Without devices and without prompts that a pref answers. */
const FIREFOX_AS_IT_IS = {
  "media.navigator.streams.fake": false,
  "media.navigator.permission.disabled": false,
};
/** A person's browser in English: Firefox tells pages the first of these. */
const ENGLISH = "?lang=en";

describe("the browser's own refusal", () => {
  test("on a computer without camera and microphone", async () => {
    // No flag: the machine of a test has neither.
    assert.deepEqual(await toldBy(await Chromium.launch([])), NO_DEVICE);
  });

  test("on a computer without either, in Firefox", async () => {
    const firefox = await Firefox.launch({ prefs: FIREFOX_AS_IT_IS });
    assert.deepEqual(await toldBy(firefox, `${server.base}/host?lang=zh-CN`), NO_DEVICE);
  });

  test("of a person who was asked", async () => {
    const flags = ["--use-fake-device-for-media-stream", "--deny-permission-prompts"];
    assert.deepEqual(await toldBy(await Chromium.launch(flags)), DENIED);
  });

  test("that it remembers", async () => {
    const browser = await Chromium.launch(["--use-fake-device-for-media-stream"]);
    // Whoever grants something to a page in this way refuses all else.
    const options = { permissions: ["geolocation"] };
    assert.deepEqual(await toldBy(browser, undefined, options), DENIED);
  });

  test("that Firefox remembers, in the words of its own menus", async () => {
    const firefox = await Firefox.launch({
      prefs: {
        "media.navigator.permission.disabled": false,
        "permissions.default.camera": 2,
        "permissions.default.microphone": 2,
      },
    });
    const { code, title, way } = await toldBy(firefox, `${server.base}/host${ENGLISH}`);
    assert.deepEqual([code, title], ["denied", "Permission was refused"]);
    assert.match(way, /crossed-out camera/);
  });

  const INSECURE = "当前页面不是 HTTPS，浏览器不允许使用摄像头";
  // Chromium's remark on a header that only counts over https.
  const tolerated = [/Cross-Origin-Opener-Policy header has been ignored/];

  const lan = Object.values(networkInterfaces())
    .flat()
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  for (const [name, host] of [
    ["a name", "lan.test"],
    ["an address of the network", lan ?? "lan.test"],
  ]) {
    test(`of a page by ${name} over plain http: what the server lacks, and no link that leads nowhere`, async () => {
      const flags = [...FAKE_DEVICES, "--host-resolver-rules=MAP lan.test 127.0.0.1"];
      const url = `http://${host}:${server.port}/host`;
      const card = await toldBy(await Chromium.launch(flags), url, { tolerated });
      assert.deepEqual([card.code, card.title, card.offers], ["insecure", INSECURE, []]);
      assert.match(card.way, /--tls local/);
      assert.ok(card.way.includes(`http://localhost:${server.port}/host`), card.way);
    });
  }
});

describe("what a browser throws", () => {
  let chromium;
  before(async () => {
    chromium = await Chromium.launch();
  });
  after(() => chromium?.close());

  const MAC =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
  const CASES = [
    {
      // Longer than a remembered refusal takes.
      thrown: { name: "NotAllowedError", message: "Permission dismissed", afterMs: 400 },
      options: { permissions: ["geolocation", "camera", "microphone"] },
      code: "denied_once",
      zh: ["浏览器已拒绝使用摄像头/麦克风", /再次询问时选「允许」/],
      en: ["Permission was refused", /choose Allow/],
    },
    {
      thrown: { name: "NotAllowedError", message: "Permission denied by system" },
      options: { userAgent: MAC },
      code: "denied_system",
      zh: ["系统设置里没有允许浏览器使用摄像头", /系统设置 › 隐私与安全性/],
      en: ["The operating system blocks it", /System Settings › Privacy & Security/],
    },
    {
      thrown: { name: "NotFoundError", message: "Requested device not found" },
      code: "no_device",
      zh: ["未检测到摄像器或麦克风", /接好设备后重试/],
      en: ["No camera or microphone detected", /Plug one in/],
    },
    {
      thrown: { name: "NotReadableError", message: "Could not start video source" },
      code: "in_use",
      zh: ["摄像头或麦克风被其他程序占用", /会议软件/],
      en: ["Camera or microphone is in use", /Close the program/],
    },
    {
      thrown: { name: "OverconstrainedError", constraint: "width" },
      code: "constraint",
      zh: ["设备不支持所选清晰度", /换一个清晰度/],
      en: ["The device cannot do that resolution", /another quality/],
    },
  ];

  for (const { thrown, options, code, zh, en } of CASES) {
    for (const [locale, [title, way], again] of [
      ["zh-CN", zh, "重试"],
      ["en-US", en, "Try again"],
    ]) {
      test(`${code}, ${locale}`, async () => {
        const page = await chromium.open(`${server.base}/host`, {
          name: code,
          locale,
          scripts: [[failing, thrown]],
          ...options,
        });
        const card = await told(page);
        assert.deepEqual([card.code, card.title, card.offers], [code, title, [again]]);
        assert.match(card.way, way);
        // The other ways to go live, and the same once more.
        assert.equal(await page.isEnabled(byTestId("share-only")), true);
        assert.equal(await page.isEnabled(byTestId("use-obs")), true);
        await page.click(byTestId("media-retry"));
        assert.equal((await told(page)).code, code);
        await page.close();
      });
    }
  }

  test("Firefox calls a camera that another program holds an abort", async () => {
    const firefox = await Firefox.launch();
    const thrown = { name: "AbortError", message: "Starting videoinput failed" };
    const page = `${server.base}/host?lang=zh-CN`;
    const { code, title } = await toldBy(firefox, page, { scripts: [[failing, thrown]] });
    assert.deepEqual([code, title], ["in_use", "摄像头或麦克风被其他程序占用"]);
  });

  test("a browser without cameras at all is told which ones have them", async () => {
    const page = await chromium.open(`${server.base}/host`, {
      scripts: [[() => Object.defineProperty(navigator, "mediaDevices", { value: undefined })]],
    });
    const { code, title, way, offers } = await told(page);
    assert.deepEqual([code, title, offers], ["unsupported", "当前浏览器不支持直播", []]);
    assert.match(way, /Chrome、Edge、Firefox 或 Safari.*微信/);
    assert.equal(await page.locator(byTestId("open-camera")).count(), 0);
    await page.close();
  });

  for (const [missing, only, words] of [
    ["microphone", "audio", "没有找到可用的麦克风，将没有声音"],
    ["camera", "video", "没有找到可用的摄像头，将只有声音"],
  ]) {
    test(`without a ${missing} it goes on with the other, and says which is missing`, async () => {
      const page = await chromium.open(`${server.base}/host?room=no-${missing}`, {
        scripts: [[failing, { name: "NotFoundError", only }]],
      });
      await goLive(page);
      await page.getByText(words).waitFor();
      const kinds = await page.evaluate(() =>
        window.__kaibo.pc.getSenders().map(({ track }) => track?.kind ?? null),
      );
      assert.deepEqual(kinds, missing === "camera" ? ["audio", null] : [null, "video"]);
      await endLive(page);
      await page.close();
    });
  }
});

describe("a share that is cancelled", () => {
  /** A word that goes by itself, and no alarm. */
  async function isToasted(page, words) {
    const toast = page.locator(byTestId("share-cancelled"));
    await toast.waitFor();
    assert.equal(await toast.textContent(), words);
    assert.equal(await page.locator(byTestId("media-error")).count(), 0);
    await toast.waitFor({ state: "detached" });
  }

  for (const [locale, words] of [
    ["zh-CN", "已取消共享屏幕"],
    ["en-US", "Screen share was cancelled"],
  ]) {
    test(`before anything is open is a word that goes by itself, ${locale}`, async () => {
      // Whoever answers is nobody who agrees.
      const chromium = await Chromium.launch(["--use-fake-ui-for-media-stream=deny"]);
      const page = await chromium.open(`${server.base}/host`, { locale });
      await page.click(byTestId("share-only"));
      await isToasted(page, words);
      assert.equal(await page.isEnabled(byTestId("open-camera")), true);
      await chromium.close();
    });
  }

  test("while live ends nothing", async () => {
    const chromium = await Chromium.launch();
    const thrown = { name: "NotAllowedError", message: "Permission denied" };
    const page = await chromium.open(`${server.base}/host?room=cancelled`, {
      scripts: [[failing, { ...thrown, method: "getDisplayMedia" }]],
    });
    await goLive(page);
    const before = await sent(page);
    await page.click(byTestId("share-screen"));
    await isToasted(page, "已取消共享屏幕");
    assert.deepEqual(await sent(page), before);
    await hostState(page, "live");
    await endLive(page);
    await chromium.close();
  });
});

describe("while live", () => {
  test("a device that the system pauses is restored by a tap", async () => {
    const chromium = await Chromium.launch();
    const page = await chromium.open(`${server.base}/host?room=paused`, {
      scripts: [[pluggable]],
    });
    await goLive(page);
    const fan = await chromium.open(`${server.base}/r/paused`, { name: "fan" });
    await untilMoving(fan, "the fan");
    const paused = await pause(page, "audio");
    const card = await errorCard(page);
    assert.deepEqual(card.code, "device_muted");
    assert.equal(card.title, "系统暂停了麦克风/摄像头");
    assert.deepEqual(card.offers, ["点按恢复", "关闭"]);
    await page.getByText("点按恢复").click();
    await page.waitForSelector(byTestId("media-error"), { state: "detached" });
    const ids = () =>
      page.evaluate(() => window.__kaibo.pc.getSenders().map(({ track }) => track?.id));
    await until(async () => !(await ids()).includes(paused), { what: "another microphone track" });
    assert.ok((await inUse(page)).audio);
    await untilMoving(fan, "the fan");
    await hostState(page, "live");
    await endLive(page);
    await chromium.close();
  });
});
