import { expect, test } from "vitest";
import { areas, curves, niceTop, thinned } from "./series";

const FRAME = { width: 100, height: 50, from: 0, to: 10, top: 10 };

test("a curve goes from edge to edge, and what is below it to the ground", () => {
  const series = [
    [0, 0],
    [10, 10],
  ] as const;
  expect(curves(series, FRAME, 10)).toEqual(["M0.0 50.0L100.0 0.0"]);
  expect(areas(series, FRAME, 10)).toEqual(["M0.0 50.0L0.0 50.0L100.0 0.0L100.0 50.0Z"]);
});

test("minutes without figures are a gap, no line across", () => {
  const series = [
    [0, 1],
    [1, 1],
    [8, 1],
    [9, 1],
  ] as const;
  expect(curves(series, FRAME, 1)).toHaveLength(2);
});

test("the upper edge is a short number that nothing is above", () => {
  expect(niceTop([[0, 1234]])).toBe(1500);
  expect(niceTop([[0, 1000]])).toBe(1000);
  expect(niceTop([[0, 0]])).toBe(1);
  expect(niceTop([])).toBe(1);
});

test("a table has the first and the last of many rows", () => {
  const rows = Array.from({ length: 1_000 }, (_, n) => n);
  const few = thinned(rows, 60);
  expect([few.length, few[0], few.at(-1)]).toEqual([60, 0, 999]);
  expect(thinned([1, 2], 60)).toEqual([1, 2]);
});
