// @vitest-environment node
import { expect, test } from "vitest";
import { compare } from "./flash-beep.mjs";

const at = (...times) => times.map((it) => ({ at: it, isCut: false }));

test("flashes are compared with their beeps", () => {
  const flashes = at(1.01, 2.02, 3.01, 4.01);
  expect(compare({ flashes, beeps: at(1, 2, 3, 4) })).toMatchObject({
    seconds: 4,
    compared: 4,
    lostFlashes: 0,
    lostBeeps: 0,
    medianMs: 10,
    worstMs: 20,
  });
});

test("what was apart before counts as together", () => {
  const { medianMs, worstMs } = compare({ flashes: at(1.01, 2.01), beeps: at(1, 2.04) }, 10);
  expect([medianMs, worstMs]).toEqual([-40, -40]);
});

test("what was lost or cut is counted and not compared", () => {
  const flashes = [...at(1), { at: 2.03, isCut: true }, ...at(4, 5)];
  expect(compare({ flashes, beeps: at(1, 2, 3, 5) })).toMatchObject({
    seconds: 5,
    compared: 2,
    cut: 1,
    lostFlashes: 1,
    lostBeeps: 1,
    worstMs: 0,
  });
});

test("of nothing there are no figures", () => {
  expect(compare({ flashes: [], beeps: [] })).toMatchObject({ seconds: 0, medianMs: null });
});
