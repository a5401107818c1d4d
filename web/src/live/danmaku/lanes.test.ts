import { expect, test } from "vitest";
import { CROSSING_MS, type Flight, FlyingLanes, leftOf, StandingLanes } from "./lanes";

const STAGE = 1280;
const GAP = 40;

/** The same numbers in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

test("messages of a lane never touch each other, however long and fast they are", () => {
  const random = randomOf(7);
  const lanes = new FlyingLanes(STAGE, GAP, 6);
  const taken: Flight[][] = Array.from({ length: 6 }, () => []);
  let nowMs = 0;
  for (let n = 0; n < 600; n += 1) {
    nowMs += random() * 300;
    const place = lanes.take(nowMs, 40 + random() * 900, random() < 0.2 ? 5_000 : 700);
    if (place) taken[place.lane]?.push(place.flight);
  }
  const flights = taken.flat().length;
  expect(flights).toBeGreaterThan(100);
  for (const lane of taken) {
    for (const [n, next] of lane.entries()) {
      const before = lane[n - 1];
      if (!before) continue;
      for (let at = next.startMs; at < next.startMs + CROSSING_MS; at += 50) {
        const end = leftOf(before, at, STAGE) + before.widthPx;
        // What has left the picture cannot be touched.
        if (end <= 0) break;
        expect(leftOf(next, at, STAGE)).toBeGreaterThanOrEqual(end + GAP - 0.001);
      }
    }
  }
});

test("the highest free lane is taken, and none when all are busy for too long", () => {
  const lanes = new FlyingLanes(STAGE, GAP, 2);
  expect(lanes.take(0, 100)?.lane).toBe(0);
  expect(lanes.take(0, 100)?.lane).toBe(1);
  expect(lanes.take(0, 100)).toBeNull();
  const late = lanes.take(0, 100, 5_000);
  expect(late?.lane).toBe(0);
  expect(late?.flight.startMs).toBeGreaterThan(0);
  expect(new FlyingLanes(STAGE, GAP, 0).take(0, 100, 5_000)).toBeNull();
});

test("a message that grew keeps the next one away from its new end", () => {
  const lanes = new FlyingLanes(STAGE, GAP, 1);
  const first = lanes.take(0, 100);
  lanes.grow(0, 300);
  const next = lanes.take(0, 100, 10_000);
  const { startMs } = next?.flight ?? { startMs: 0 };
  const left = leftOf(first?.flight as Flight, startMs, STAGE);
  expect(STAGE - (left + 300)).toBeGreaterThanOrEqual(GAP - 0.001);
});

test("standing messages have lanes of their own, and one's own always has a place", () => {
  const lanes = new StandingLanes(2);
  expect([lanes.take(0, false), lanes.take(10, false), lanes.take(20, false)]).toEqual([
    0,
    1,
    null,
  ]);
  expect(lanes.take(20, true)).toBe(0);
  expect(lanes.take(5_000, false)).toBe(0);
  expect(new StandingLanes(0).take(0, true)).toBeNull();
});
