import { beforeEach, expect, test } from "vitest";
import { roomState } from "../testing/fakes";
import { AirTime } from "./air-time";

const NOW = 1_000_000;
const ann = { name: "Ann" };
let air: AirTime;

beforeEach(() => {
  air = new AirTime();
});

const live = (since: number, host = ann) => roomState({ live: "live", since, host });
const offline = roomState({ live: "offline", since: null });

test("the time on air is the server's", () => {
  expect(air.sinceOf(offline, NOW)).toBeNull();
  expect(air.sinceOf(live(NOW), NOW)).toBe(NOW);
  expect(air.sinceOf(live(NOW + 5_000), NOW + 5_000)).toBe(NOW + 5_000);
});

test("a server that was started anew begins to count again, and the page does not", () => {
  air.sinceOf(live(NOW), NOW);
  air.lost(NOW + 60_000);
  expect(air.sinceOf(offline, NOW + 61_000)).toBeNull();
  for (const at of [63_000, 64_000, 200_000]) {
    expect(air.sinceOf(live(NOW + 63_000), NOW + at)).toBe(NOW);
  }
});

test("who goes live after an end, much later, or with another name begins anew", () => {
  air.sinceOf(live(1), NOW);
  air.lost(NOW);
  expect(air.sinceOf(live(2), NOW + 100_000)).toBe(2);
  air.lost(NOW);
  expect(air.sinceOf(live(3, { name: "Bob" }), NOW + 1)).toBe(3);
  air.sinceOf(roomState({ live: "ended", since: 3 }), NOW + 2);
  air.lost(NOW + 3);
  expect(air.sinceOf(live(4, { name: "Bob" }), NOW + 4)).toBe(4);
});
