// A room as its fans use it: the chat, what flies over the picture, likes, keys.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { byTestId, Chromium, Firefox } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { linesOf, say, sayName, untilLine } from "./lib/room.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let server;
let chromium;
let firefox;
/** A host, a fan in each browser, and one who wants no motion. */
const pages = {};
const ROOM = "room";
const address = () => `${server.base}/r/${ROOM}`;

before(async () => {
  [server, chromium, firefox] = await Promise.all([
    Server.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await server?.stop();
});

const isMoving = { reducedMotion: "no-preference" };

/** Runs in a page: a picture in a window of its own is asked for, and not opened. */
function notePip() {
  window.pips = 0;
  HTMLVideoElement.prototype.requestPictureInPicture = async () => {
    window.pips += 1;
  };
}

chapter("two fans in two browsers watch a host", async () => {
  pages.host = await chromium.open(`${server.base}/host?room=${ROOM}`, { name: "host" });
  await goLive(pages.host);
  await pages.host.click(byTestId("tab-chat"));
  pages.fan = await chromium.open(address(), { name: "fan", scripts: [[notePip]], ...isMoving });
  pages.fox = await firefox.open(`${address()}?lang=zh-CN`, { name: "fan in Firefox" });
  await pages.fox.setViewport({ width: 1280, height: 800 });
  pages.calm = await chromium.open(address(), { name: "fan without motion" });
  for (const name of ["fan", "fox", "calm"]) await fanState(pages[name], "live");
});

chapter("a message of somebody without a name asks for it, and is said then", async () => {
  await say(pages.fan, "大家好");
  await sayName(pages.fan, "小明");
  for (const page of Object.values(pages)) await untilLine(page, "小明: 大家好");
  assert.equal(await pages.fan.inputValue(byTestId("chat-input")), "");
});

chapter("the fans talk, and the host sees it and answers", async () => {
  await say(pages.fox, "hello");
  await sayName(pages.fox, "Fox");
  await say(pages.fan, "你好 Fox");
  await say(pages.host, "欢迎");
  await sayName(pages.host, "老板");
  for (const page of Object.values(pages)) await untilLine(page, "主播 老板: 欢迎");
  const said = ["小明: 大家好", "Fox: hello", "小明: 你好 Fox", "主播 老板: 欢迎"];
  for (const name of ["host", "fan", "fox"]) {
    const lines = await linesOf(pages[name]);
    assert.deepEqual([...lines].sort(), [...said].sort(), name);
  }
});

chapter("an address in a message is a link, and HTML is text", async () => {
  const text = "<b>see</b> https://example.com/a?b=1.";
  await say(pages.fan, text);
  for (const [name, page] of Object.entries(pages)) {
    await untilLine(page, `小明: ${text}`);
    const found = await page.$$eval(byTestId("chat-line"), (all) => {
      const line = all.at(-1);
      return {
        bold: line.querySelectorAll("b").length,
        links: [...line.querySelectorAll("a")].map((it) => [it.href, it.target, it.rel]),
      };
    });
    const link = ["https://example.com/a?b=1", "_blank", "noopener noreferrer nofollow ugc"];
    assert.deepEqual(found, { bold: 0, links: [link] }, name);
  }
});

/** Whether messages are over the picture of a page now. */
const isFlying = (page) =>
  page.$eval(byTestId("danmaku"), (canvas) => {
    const { width, height } = canvas;
    return canvas
      .getContext("2d")
      .getImageData(0, 0, width, height)
      .data.some((byte) => byte > 0);
  });

const untilFlying = (page, who) =>
  until(() => isFlying(page), { what: `${who} to see a message over the picture` });

chapter("messages fly over the picture in both browsers, not for who wants no motion", async () => {
  await say(pages.fan, "飞过去");
  await untilFlying(pages.fan, "the fan");
  await say(pages.fox, "me too");
  await untilFlying(pages.fox, "the fan in Firefox");
  await untilLine(pages.calm, "Fox: me too");
  assert.equal(await isFlying(pages.calm), false);
});

chapter("D turns them off and on", async () => {
  await pages.fan.focus(byTestId("fan-state"));
  await pages.fan.keyboard.press("d");
  await until(async () => !(await isFlying(pages.fan)), { what: "an empty picture" });
  await say(pages.fox, "unseen");
  await untilLine(pages.fan, "Fox: unseen");
  assert.equal(await isFlying(pages.fan), false);
  await pages.fan.focus(byTestId("fan-state"));
  await pages.fan.keyboard.press("d");
  await say(pages.fox, "seen");
  await untilFlying(pages.fan, "the fan");
});

chapter("likes are counted for everybody", async () => {
  const count = (page) => page.$eval(byTestId("like"), (button) => Number(button.dataset.count));
  for (let n = 0; n < 3; n += 1) await pages.fan.click(byTestId("like"));
  await pages.fox.click(byTestId("like"));
  for (const name of ["fan", "fox", "calm"]) {
    await until(async () => (await count(pages[name])) === 4, { what: `${name} to see 4 likes` });
  }
});

/** What the keys change: of the player, and of the page. */
const player = (page) =>
  page.evaluate(() => {
    const find = (id) => document.querySelector(`[data-testid="${id}"]`);
    const video = find("fan-video");
    return {
      // The server pauses where it keeps the broadcast: what a person sees says so.
      paused: find("large-play") !== null,
      muted: video.muted,
      full: document.fullscreenElement !== null,
      theatre: document.querySelector("[data-theatre]").dataset.theatre === "true",
      pips: window.pips ?? 0,
      danmaku: find("danmaku-switch").ariaPressed === "true",
      stats: find("stats") !== null,
      help: document.querySelector("dialog[open] kbd") !== null,
      focus: document.activeElement.dataset.testid ?? null,
    };
  });

async function press(page, key, expected) {
  await page.keyboard.press(key);
  let now;
  await until(
    async () => {
      now = await player(page);
      return Object.entries(expected).every(([name, value]) => now[name] === value);
    },
    {
      what: () => `${key} to do ${JSON.stringify(expected)}; there is ${JSON.stringify(now)}`,
      withinMs: 5_000,
    },
  );
}

for (const name of ["fan", "fox"]) {
  chapter(`keys play, and do nothing while ${name} writes`, async () => {
    const page = pages[name];
    await page.bringToFront();
    await page.focus(byTestId("fan-state"));
    await press(page, " ", { paused: true });
    await press(page, "k", { paused: false });
    await press(page, "m", { muted: false });
    await press(page, "m", { muted: true });
    await press(page, "t", { theatre: true });
    await press(page, "t", { theatre: false });
    await press(page, "f", { full: true });
    await press(page, "f", { full: false });
    // Firefox has a button of its own for that.
    await press(page, "p", { pips: name === "fan" ? 1 : 0 });
    await press(page, "d", { danmaku: false });
    await press(page, "d", { danmaku: true });
    await press(page, "s", { stats: true });
    await press(page, "s", { stats: false });
    await press(page, "?", { help: true });
    await press(page, "Escape", { help: false });
    await press(page, "c", { focus: "chat-input" });
    const before = await player(page);
    const keys = "kmftpds?c";
    await page.keyboard.type(keys);
    await page.keyboard.press(" ");
    assert.deepEqual(await player(page), before);
    const typed = await page.$eval(byTestId("chat-input"), (input) => input.value);
    assert.equal(typed, `${keys} `);
  });
}

chapter("who pauses is shown a large button, and the way back to live", async () => {
  const page = pages.calm;
  const shown = () =>
    page.evaluate(() => ({
      play: document.querySelector('[data-testid="large-play"]') !== null,
      back: document.querySelector('[data-testid="back-to-live"]')?.textContent ?? null,
    }));
  await page.focus(byTestId("fan-state"));
  await page.keyboard.press("k");
  await page.waitForSelector(byTestId("large-play"));
  assert.deepEqual(await shown(), { play: true, back: "回到直播" });
  // Long enough that what comes next is not live.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await page.click(byTestId("large-play"));
  await untilMoving(page, "the fan");
  assert.deepEqual(await shown(), { play: false, back: "回到直播" }, "it goes on where it was");
  // The button is gone; the keyboard goes on from the player.
  assert.equal((await player(page)).focus, "fan-state");
  await page.keyboard.press("k");
  await page.click(byTestId("back-to-live"));
  await untilMoving(page, "the fan");
  assert.deepEqual(await shown(), { play: false, back: null });
  assert.equal((await player(page)).focus, "fan-state");
  await page.click(byTestId("unmute"));
  await page.waitForSelector(byTestId("unmute"), { state: "detached" });
  assert.equal((await player(page)).focus, "fan-state");
});

/** Runs in a page: the browser has its peer connections under an old name only. */
function rename(name) {
  const Native = window.RTCPeerConnection;
  for (const one of ["RTCPeerConnection", "webkitRTCPeerConnection"]) delete window[one];
  window[name] = Native;
}

for (const prefix of ["webkit", "moz"]) {
  chapter(`a browser that has its peer connections as ${prefix} only plays`, async () => {
    const scripts = [[rename, `${prefix}RTCPeerConnection`]];
    const page = await chromium.open(address(), { name: `fan with ${prefix}`, scripts });
    assert.equal(await page.evaluate(() => "RTCPeerConnection" in window), false);
    await untilMoving(page, "the fan");
    await fanState(page, "live");
    await page.close();
  });
}

test("a part of the page that does not come is no loss for the rest, and comes later", async () => {
  const page = await chromium.open(address(), {
    name: "fan without help",
    tolerated: [/net::ERR_FAILED/],
  });
  await fanState(page, "live");
  await page.route(/help-dialog/, (route) => route.abort());
  await page.focus(byTestId("fan-state"));
  await page.keyboard.press("?");
  await page.waitForEvent("requestfailed", (request) => /help-dialog.*js/.test(request.url()));
  await untilMoving(page, "the fan");
  await page.unroute(/help-dialog/);
  await page.waitForSelector("dialog[open] kbd");
  const shaped = await page.$eval("dialog[open] dl", (list) => getComputedStyle(list).display);
  assert.equal(shaped, "grid");
  await page.close();
});
