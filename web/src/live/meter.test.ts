import { expect, test } from "vitest";
import { loudness } from "./meter";

test("silence is nothing and full scale is all", () => {
  expect(loudness(new Float32Array(64))).toBe(0);
  expect(loudness(new Float32Array(64).fill(1))).toBe(1);
  expect(loudness(new Float32Array(64).fill(0.0316))).toBeCloseTo(0.5, 2);
});
