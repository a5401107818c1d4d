import { beforeEach, expect, test } from "vitest";
import { forgetLive, noteLive, recallLive } from "./resume";
import { remember } from "./storage";

beforeEach(() => localStorage.clear());

const NOTE = { room: "demo", name: "", source: "screen", since: 1_000, at: 61_000 } as const;

test("a page that is opened again knows what it was live with", () => {
  noteLive(NOTE);
  expect(recallLive(65_000)).toEqual(NOTE);
  forgetLive();
  expect(recallLive(65_000)).toBeNull();
});

test("what is long over, or makes no sense, is nothing", () => {
  noteLive(NOTE);
  expect(recallLive(61_000 + 3_600_001)).toBeNull();
  remember("live-now", { room: 7 });
  expect(recallLive()).toBeNull();
});
