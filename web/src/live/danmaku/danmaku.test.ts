import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeCanvas } from "../../testing/fake-canvas";
import type { ChatItem } from "../protocol";
import { Danmaku, FLYING_MAX } from "./danmaku";
import { type DanmakuSettings, readSettings } from "./settings";

let danmaku: Danmaku;
let latencyMs: number;

const settings = (more: Partial<DanmakuSettings> = {}) => ({ ...readSettings(null), ...more });

beforeEach(() => {
  vi.useFakeTimers();
  fakeCanvas();
  latencyMs = 200;
  danmaku = new Danmaku(settings(), {
    now: () => Date.now(),
    untilShown: (at) => at + latencyMs - Date.now(),
    schedule: () => undefined,
  });
  danmaku.resize({ width: 1280, height: 720, ratio: 1 });
});

afterEach(() => vi.useRealTimers());

let mids = 0;

function line(text: string, more: Partial<ChatItem> = {}): ChatItem {
  mids += 1;
  return { mid: mids, text, ts: 0, uid: "u", name: "Ann", standing: "fan", ...more };
}

function frame() {
  const context = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
  return danmaku.frame(context);
}

test("a message flies until it has left the picture", () => {
  danmaku.add(line("hello"), false);
  expect(danmaku.texts).toEqual(["hello"]);
  vi.advanceTimersByTime(7_900);
  expect(frame()).toBe(true);
  vi.advanceTimersByTime(200);
  expect(frame()).toBe(false);
  expect(danmaku.texts).toEqual([]);
});

test("equal messages within half a second are one with a number", () => {
  for (let n = 0; n < 15; n += 1) danmaku.add(line("666"), false);
  vi.advanceTimersByTime(400);
  danmaku.add(line("666"), false);
  expect(danmaku.texts).toEqual(["666 ×16"]);
  vi.advanceTimersByTime(600);
  danmaku.add(line("666"), false);
  expect(danmaku.texts).toEqual(["666 ×16", "666"]);
  expect(danmaku.total).toBe(2);
});

test("a message of more than 40 characters stands in the list only", () => {
  danmaku.add(line("字".repeat(FLYING_MAX + 1)), false);
  expect(danmaku.texts).toEqual([]);
  danmaku.add(line("🌹".repeat(FLYING_MAX)), false);
  expect(danmaku.texts).toHaveLength(1);
});

test("a message waits for the picture that its writer saw", () => {
  const at = Date.now() + 300;
  danmaku.add(line("now", { at }), false);
  expect(danmaku.texts).toEqual([]);
  vi.advanceTimersByTime(499);
  expect(danmaku.texts).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(danmaku.texts).toEqual(["now"]);
  danmaku.add(line("own", { at: Date.now() + 300 }), true);
  danmaku.add(line("past", { at: Date.now() - 60_000 }), false);
  danmaku.add(line("wrong clock", { at: Date.now() + 3_600_000 }), false);
  expect(danmaku.texts).toEqual(["now", "own", "past", "wrong clock"]);
});

test("when all lanes are taken others stay away, and one's own is shown", () => {
  for (let n = 0; n < 200; n += 1) danmaku.add(line(`message number ${n}`), false);
  const { length } = danmaku.texts;
  expect(length).toBeLessThan(200);
  danmaku.add(line("mine"), true);
  expect(danmaku.texts.at(-1)).toBe("mine");
});

test("messages of a style stand at the top and at the bottom", () => {
  danmaku.add(line("top", { style: { mode: "top", color: "red" } }), false);
  danmaku.add(line("bottom", { style: { mode: "bottom", color: "blue" } }), false);
  vi.advanceTimersByTime(3_900);
  frame();
  expect(danmaku.texts).toEqual(["top", "bottom"]);
  vi.advanceTimersByTime(200);
  frame();
  expect(danmaku.texts).toEqual([]);
});

test("what was taken away leaves the picture, waiting or shown", () => {
  danmaku.add(line("a", { uid: "bad" }), false);
  danmaku.add(line("b", { uid: "bad", at: Date.now() + 300 }), false);
  danmaku.add(line("c"), false);
  danmaku.remove([], "bad");
  vi.advanceTimersByTime(1_000);
  expect(danmaku.texts).toEqual(["c"]);
  danmaku.remove([mids]);
  expect(danmaku.texts).toEqual([]);
});

test("off, or while nobody sees it, nothing is shown, nor when it is on again", () => {
  danmaku.add(line("a"), false);
  danmaku.run(false);
  danmaku.add(line("b"), false);
  danmaku.run(true);
  expect(danmaku.texts).toEqual([]);
  danmaku.change(settings({ on: false }));
  danmaku.add(line("c"), false);
  danmaku.change(settings());
  expect(danmaku.texts).toEqual([]);
});

test("the area and the density say how many fit", () => {
  const count = (more: Partial<DanmakuSettings>) => {
    danmaku.change(settings(more));
    danmaku.clear();
    for (let n = 0; n < 300; n += 1) danmaku.add(line(`number ${n}`), false);
    return danmaku.texts.length;
  };
  expect(count({ area: "quarter" })).toBeLessThan(count({ area: "half" }));
  expect(count({ area: "half" })).toBeLessThan(count({ area: "full" }));
  expect(count({ size: "large" })).toBeLessThan(count({ size: "small" }));
  expect(count({ density: "few" })).toBeLessThanOrEqual(count({ density: "many" }));
});

test("settings that make no sense are those of the first visit", () => {
  const read = readSettings({ on: "yes", opacity: 7, size: "huge", area: 3, density: "many" });
  expect(read).toEqual({ ...settings(), density: "many" });
  expect(readSettings({ opacity: 0 }).opacity).toBe(0.2);
});
