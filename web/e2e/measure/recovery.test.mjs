// @vitest-environment node
import { expect, test } from "vitest";
import { back, lowestRate, medianAndWorst, recovery, shortcomings } from "./recovery.mjs";

/** Every so many milliseconds, with both ends. */
function every(step, from, to) {
  const n = Math.floor((to - from) / step) + 1;
  return Array.from({ length: n }, (_, i) => from + i * step);
}

test("media is back when it comes steadily", () => {
  const rebind = { at: 10_000, until: 20_000 };
  const before = every(40, 0, 10_000);
  const of = (...after) => back([...before, ...after], rebind);
  expect(of(...every(40, 10_040, 20_000))).toEqual({ ms: 40, pauseMs: 40 });
  expect(of(...every(40, 10_800, 20_000))).toEqual({ ms: 800, pauseMs: 40 });
  // What was under way still comes, and a single frame is not the stream.
  expect(of(10_030, 10_900, ...every(40, 12_000, 20_000))).toEqual({ ms: 2_000, pauseMs: 40 });
  const paused = [...every(40, 10_800, 15_000), ...every(40, 15_600, 20_000)];
  expect(of(...paused)).toEqual({ ms: 800, pauseMs: 600 });
  expect(of(...every(40, 10_800, 17_000))).toEqual({ ms: null, pauseMs: null });
  expect(of()).toEqual({ ms: null, pauseMs: null });
});

test("the lowest bit rate is a share of the usual one of before", () => {
  const rebind = { at: 10_000, until: 20_000 };
  const targets = [
    [1_000, 100],
    [6_000, 1_000],
    [7_000, 2_000],
    [8_000, 1_000],
    [11_000, 600],
    [12_000, 900],
    [21_000, 1],
  ];
  expect(lowestRate(targets, rebind)).toBe(0.6);
  expect(lowestRate([], rebind)).toBe(null);
  expect(lowestRate(targets.slice(0, 4), rebind)).toBe(null);
});

const REBOUND = {
  at: 10_000,
  from: 10_020,
  until: 20_000,
  frames: every(40, 0, 20_000),
  notes: {},
  dropped: 7,
};

test("a publisher's feedback is the first report that comes in by a new mapping", () => {
  const passed = { in_rtcp: [9_900, 10_010, 10_700], out_rtp: [10_030], in_stun: [21_000] };
  const notes = { reports: [9_000, 11_000], targets: [], connections: 1 };
  const it = recovery({ role: "publish", ...REBOUND, passed, notes });
  expect(it.mediaMs).toBe(40);
  expect(it.feedbackMs).toBe(700);
  expect(it.toldMs).toBe(1_000);
  expect(it.newConnections).toBe(1);
  expect(it.dropped).toBe(7);
  expect(it.firstPackets).toEqual({ in_rtcp: 700, out_rtp: 30, in_stun: null });
});

test("a viewer's feedback is the first report after it is sent media again", () => {
  const passed = { out_rtcp: [10_050, 11_100, 11_300], in_rtp: [10_000, 11_100] };
  const it = recovery({ role: "watch", ...REBOUND, passed });
  expect(it.feedbackMs).toBe(1_100);
  expect(it.toldMs).toBe(null);
  expect(it.lowestRate).toBe(null);
  const never = { out_rtcp: [10_050], in_rtp: [] };
  expect(recovery({ role: "watch", ...REBOUND, passed: never }).feedbackMs).toBe(null);
});

test("never is worse than any time", () => {
  expect(medianAndWorst([300, null, 200])).toEqual({ median: 300, worst: null });
  expect(medianAndWorst([null, null, 200])).toEqual({ median: null, worst: null });
  expect(medianAndWorst([100, 200, 300])).toEqual({ median: 200, worst: 300 });
});

test("what misses a goal is named", () => {
  const good = { mediaMs: 40, feedbackMs: 900, newConnections: 0, lowestRate: null };
  expect(shortcomings("a", [good], { goalMs: 1_500 })).toEqual([]);
  const bad = { mediaMs: null, feedbackMs: 1_600, newConnections: 1, lowestRate: 0.4 };
  expect(shortcomings("a", [good, bad], { goalMs: 1_500 })).toEqual([
    "a, rebind 2: media did not come back",
    "a, rebind 2: feedback back after 1600 ms",
    "a, rebind 2: 1 new peer connections",
    "a, rebind 2: the bit rate fell to 40 %",
  ]);
});
