import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keptOf, roomState } from "../testing/fakes";
import { Rewind } from "./rewind";

/** What the server's clock says when a test begins, a minute into the broadcast. */
const START = 1_700_000_000_000;

let sent: Record<string, unknown>[] = [];
let rewind: Rewind;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  sent = [];
  rewind = new Rewind({
    send: ({ type: _, id: __, ...words }: Record<string, unknown>) => sent.push(words),
    now: () => Date.now(),
  });
  rewind.room(liveRoom());
});

afterEach(() => {
  vi.useRealTimers();
});

function liveRoom({ pastS = 300, since = START - 60_000 } = {}) {
  return roomState({ live: "live", since, kept: keptOf({ pastS }) });
}

const answer = (at: number | null) =>
  rewind.receive({ type: "rewound", at } as Parameters<Rewind["receive"]>[0]);
const pass = (ms: number) => vi.advanceTimersByTime(ms);
const step = () => rewind.getSnapshot().step;

test("ten seconds back show at once, and the server's answer says how far it was", () => {
  rewind.jump(-10_000);
  expect(sent).toEqual([{ agoMs: 10_000 }]);
  expect([step(), rewind.behindMs()]).toEqual(["past", 10_000]);
  pass(100);
  answer(Date.now() - 11_500);
  expect(rewind.behindMs()).toBe(11_500);
  pass(20_000);
  expect(rewind.behindMs()).toBe(11_500);
  expect(rewind.position()).toBe(START + 100 + 20_000 - 11_500);
});

test("nobody goes back before the broadcast, nor beyond what is kept", () => {
  expect(rewind.windowMs()).toBe(60_000);
  rewind.jump(-90_000);
  expect(sent).toEqual([{ agoMs: 60_000 }]);
  rewind.room(liveRoom({ pastS: 30 }));
  expect(rewind.windowMs()).toBe(30_000);
  rewind.room(liveRoom({ pastS: 0 }));
  expect(rewind.windowMs()).toBe(0);
});

test("who drags asks three times a second, and last for where it lets go", () => {
  for (let s = 1; s <= 20; s += 1) {
    rewind.seek(2_000 + s * 1_000);
    pass(50);
  }
  pass(1_000);
  expect(sent.length).toBeLessThanOrEqual(5);
  expect(sent.at(-1)).toEqual({ agoMs: 22_000 });
});

test("answers to what is wanted no more change nothing", () => {
  rewind.jump(-10_000);
  pass(50);
  rewind.jump(-10_000);
  answer(START - 10_000);
  expect(rewind.behindMs()).toBe(20_000);
  pass(300);
  expect(sent).toEqual([{ agoMs: 10_000 }, { agoMs: 20_000 }]);
  answer(Date.now() - 21_000);
  expect(rewind.behindMs()).toBe(21_000);
});

test("a pause goes on where it was, however long it took", () => {
  rewind.jump(-10_000);
  answer(START - 10_000);
  pass(5_000);
  rewind.toggle();
  expect(sent.at(-1)).toEqual({ paused: true });
  expect(step()).toBe("paused");
  pass(8_000);
  expect(rewind.behindMs()).toBe(18_000);
  rewind.toggle();
  expect(sent.at(-1)).toEqual({ agoMs: 18_000 });
  expect(step()).toBe("past");
});

test("a short pause of what is live misses nothing either", () => {
  rewind.pause();
  pass(1_000);
  rewind.play();
  expect(sent).toEqual([{ paused: true }, { agoMs: 1_000 }]);
});

test("who paused for longer than is kept goes on with the oldest there is", () => {
  rewind.room(liveRoom({ pastS: 30 }));
  rewind.pause();
  pass(120_000);
  rewind.play();
  expect(sent.at(-1)).toEqual({ agoMs: 30_000 });
});

test("a pause holds although the answer to a jump comes after it", () => {
  rewind.jump(-10_000);
  rewind.pause();
  answer(START - 11_000);
  expect(step()).toBe("paused");
  expect(sent.at(-1)).toEqual({ paused: true });
  expect(sent).toHaveLength(3);
});

test("back to live is live, also when an older answer overtakes", () => {
  rewind.jump(-10_000);
  rewind.goLive();
  expect(sent.at(-1)).toEqual({ agoMs: 0 });
  answer(null);
  answer(START - 10_000);
  expect(sent).toEqual([{ agoMs: 10_000 }, { agoMs: 0 }, { agoMs: 0 }]);
  answer(null);
  expect([step(), sent.length]).toEqual(["live", 3]);
});

test("a step forward that nearly reaches what is live is live", () => {
  rewind.jump(-10_000);
  answer(START - 11_000);
  rewind.jump(10_000);
  expect(sent.at(-1)).toEqual({ agoMs: 0 });
  expect(step()).toBe("live");
});

test("catching up comes a tenth of a second nearer each second, and ends live by itself", () => {
  rewind.jump(-10_000);
  answer(START - 10_000);
  rewind.setFast(true);
  expect(sent.at(-1)).toEqual({ fast: true });
  pass(50_000);
  expect(rewind.behindMs()).toBeCloseTo(5_000);
  rewind.setFast(false);
  expect(sent.at(-1)).toEqual({ fast: false });
  pass(20_000);
  expect(rewind.behindMs()).toBeCloseTo(5_000);
  answer(null);
  expect([step(), rewind.behindMs()]).toEqual(["live", 0]);
});

test("who catches up from a pause is faster once the server has begun: a start is never fast", () => {
  rewind.pause();
  pass(9_000);
  rewind.setFast(true);
  expect(sent.at(-1)).toEqual({ agoMs: 9_000 });
  answer(Date.now() - 9_500);
  expect(sent.at(-1)).toEqual({ fast: true });
  expect(rewind.getSnapshot().fast).toBe(true);
});

test("the end of the broadcast, and a new connection, are live", () => {
  rewind.pause();
  rewind.reset();
  expect(step()).toBe("live");
  rewind.jump(-10_000);
  rewind.room(roomState({ live: "ended" }));
  expect(step()).toBe("live");
});

test("where the server refuses it, what is live is shown, and nobody else takes the error", () => {
  rewind.jump(-10_000);
  const error = { type: "error", code: "unexpected", message: "", fatal: false } as const;
  expect(rewind.receive(error)).toBe(false);
  expect(rewind.receive({ ...error, re: "rewind" })).toBe(true);
  expect(step()).toBe("live");
});

test("a pause and the moments after a jump count as no freeze", () => {
  expect(rewind.isSettled).toBe(true);
  rewind.pause();
  pass(10_000);
  expect(rewind.isSettled).toBe(false);
  rewind.play();
  answer(Date.now() - 10_000);
  pass(2_900);
  expect(rewind.isSettled).toBe(false);
  pass(200);
  expect(rewind.isSettled).toBe(true);
});
