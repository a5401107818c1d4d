// A room on a phone, held upright and sideways, with a picture that lies and one that stands.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { publishDrawn, say, sayName, untilLine } from "./lib/room.mjs";
import { Server } from "./lib/server.mjs";
import { fanState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const UPRIGHT = { width: 390, height: 844 };
const SIDEWAYS = { width: 844, height: 390 };
const PICTURES = { lying: { width: 640, height: 360 }, standing: { width: 360, height: 640 } };

let server;
let chromium;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
  for (const [room, size] of Object.entries(PICTURES)) {
    const encoder = await chromium.open(server.base, { name: `encoder of ${room}` });
    await publishDrawn(encoder, { endpoint: `${server.base}/whip/${room}`, ...size });
  }
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

async function onPhone(room, viewport) {
  const options = { viewport, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
  const page = await chromium.open(`${server.base}/r/${room}`, { name: "phone", ...options });
  await untilMoving(page, "the phone");
  await fanState(page, "live");
  return page;
}

/** Runs in the page: where its parts are, and which of its buttons and fields cannot be touched. */
function layout() {
  const box = (id) => {
    const element = document.querySelector(`[data-testid="${id}"]`);
    if (!element) return null;
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  const isSeen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const covered = [];
  const small = [];
  for (const element of document.querySelectorAll("button, a[href], input, select")) {
    const { left, top, width, height, right, bottom } = element.getBoundingClientRect();
    if (!isSeen(element) || element.closest("ul, [popover]") || width < 2) continue;
    // Below the picture, where a person scrolls to.
    if (top >= innerHeight) continue;
    const name = element.ariaLabel ?? element.textContent;
    if (left < 0 || right > innerWidth || top < 0 || bottom > innerHeight)
      covered.push(`${name} is outside`);
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    if (!element.contains(there)) covered.push(`${name} is below ${there?.outerHTML.slice(0, 80)}`);
    if (height < 36 || width < 36) small.push(`${name}: ${width}×${height}`);
  }
  return {
    stage: box("fan-state"),
    video: box("fan-video"),
    chat: box("chat"),
    input:
      box("chat-input") ?? document.querySelector("form input").getBoundingClientRect().toJSON(),
    covered,
    small,
    scrolls: document.documentElement.scrollWidth > innerWidth,
  };
}

/** Everything can be touched, and is large enough for that. */
async function arranged(page) {
  // The controls come a moment after the picture.
  await page.waitForSelector(byTestId("gear"));
  await page.waitForSelector("form input");
  const found = await page.evaluate(layout);
  assert.deepEqual([found.covered, found.small, found.scrolls], [[], [], false]);
  return found;
}

/** A finger, whose events say themselves when they were. */
async function fingerOn(page) {
  const session = await page.context().newCDPSession(page);
  return (type, at, timestamp) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: at ? [at] : [], timestamp });
}

describe("a picture that lies", () => {
  test("is at the top of a phone held upright, with the chat below it", async () => {
    const page = await onPhone("lying", UPRIGHT);
    const { stage, chat, input } = await arranged(page);
    assert.deepEqual([stage.left, stage.top, stage.right], [0, 0, UPRIGHT.width]);
    assert.ok(Math.abs(stage.bottom - (UPRIGHT.width * 9) / 16) < 2, `${stage.bottom}`);
    assert.ok(chat.top >= stage.bottom, "the chat is below the picture");
    assert.ok(chat.bottom - chat.top > UPRIGHT.height / 3, `${chat.bottom - chat.top}`);
    assert.ok(input.bottom <= UPRIGHT.height && input.bottom > UPRIGHT.height * 0.85);
    await page.close();
  });

  test("fills a phone held sideways, with an input among the controls", async () => {
    const page = await onPhone("lying", SIDEWAYS);
    const { stage, input } = await arranged(page);
    assert.deepEqual(stage, { left: 0, top: 0, right: SIDEWAYS.width, bottom: SIDEWAYS.height });
    assert.ok(input.bottom <= SIDEWAYS.height && input.top > SIDEWAYS.height / 2);
    await page.close();
  });
});

describe("a picture that stands", () => {
  test("fills a phone held upright, and a swipe takes away what lies over it", async () => {
    const page = await onPhone("standing", UPRIGHT);
    await page.waitForSelector('[data-bleed="true"]');
    await page.waitForSelector(byTestId("gear"));
    await say(page, "hi");
    await sayName(page, "Ann");
    await untilLine(page, "Ann: hi");
    const { stage, video, chat, input } = await arranged(page);
    assert.deepEqual(stage, { left: 0, top: 0, right: UPRIGHT.width, bottom: UPRIGHT.height });
    assert.deepEqual(video, stage);
    assert.ok(chat.top > UPRIGHT.height / 3, "the upper part of the picture is free");
    assert.ok(input.bottom <= UPRIGHT.height && input.bottom > UPRIGHT.height * 0.85);

    const finger = await fingerOn(page);
    const swipe = async (from, to) => {
      const y = UPRIGHT.height / 4;
      await finger("touchStart", { x: from, y });
      for (const x of [(from + to) / 2, to]) await finger("touchMove", { x, y });
      await finger("touchEnd");
    };
    const isClear = () => page.$eval("[data-clear]", ({ dataset }) => dataset.clear === "true");
    await swipe(60, 330);
    await until(isClear, { what: "a clear picture" });
    assert.equal(await page.locator(byTestId("chat-input")).isVisible(), false);
    await swipe(330, 60);
    await until(async () => !(await isClear()), { what: "the chat again" });
    await page.close();
  });

  test("is in the middle of a phone held sideways", async () => {
    const page = await onPhone("standing", SIDEWAYS);
    const { stage } = await arranged(page);
    assert.deepEqual(stage, { left: 0, top: 0, right: SIDEWAYS.width, bottom: SIDEWAYS.height });
    await page.close();
  });
});

test("a double tap on the picture likes where the finger is, and does not pause", async () => {
  const page = await onPhone("lying", UPRIGHT);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.waitForSelector(byTestId("hearts"), { state: "attached" });
  const count = (on) => on.$eval(byTestId("like"), (button) => Number(button.dataset.count));
  const other = await chromium.open(`${server.base}/r/lying`, { name: "another fan" });
  await fanState(other, "live");

  const finger = await fingerOn(page);
  // Nothing lies over the picture here.
  const place = { x: 300, y: 80 };
  const at = Date.now() / 1_000;
  for (const delay of [0, 0.15]) {
    await finger("touchStart", place, at + delay);
    await finger("touchEnd", null, at + delay + 0.03);
  }
  const heart = await page.waitForSelector(`${byTestId("hearts")} span`, { state: "attached" });
  const shown = await heart.evaluate(({ style }) => [style.left, style.top]);
  assert.deepEqual(shown.map(Number.parseFloat), [place.x, place.y]);
  for (const each of [page, other]) {
    await until(async () => (await count(each)) === 1, { what: "one like" });
  }
  assert.equal(await page.$eval(byTestId("fan-video"), ({ paused }) => paused), false);
  for (const each of [page, other]) await each.close();
});
