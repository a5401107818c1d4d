import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Fallback, type PathState } from "./fallback";

let fallback: Fallback;

beforeEach(() => {
  vi.useFakeTimers();
  fallback = new Fallback();
});

afterEach(() => {
  fallback.close();
  vi.useRealTimers();
});

const judge = (more: Partial<PathState>) =>
  fallback.judge({ lacks: true, hadMedia: false, codec: "H264", ...more });
const step = () => fallback.getSnapshot().step;

test("a first connection is given the time in which most find a path", () => {
  judge({});
  vi.advanceTimersByTime(2_000);
  judge({});
  expect(step()).toBe("off");
  vi.advanceTimersByTime(600);
  expect(step()).toBe("loading");
  fallback.framed();
  expect(step()).toBe("shown");
});

test("a connection that is found in time needs nothing else", () => {
  judge({});
  vi.advanceTimersByTime(2_000);
  judge({ lacks: false });
  vi.advanceTimersByTime(5_000);
  expect(step()).toBe("off");
});

test("who saw the picture stand still waits no longer", () => {
  judge({ lacks: false });
  judge({ hadMedia: true });
  expect(step()).toBe("loading");
});

test("it goes on while connections are tried, and ends once WebRTC has a picture", () => {
  judge({ hadMedia: true });
  fallback.framed();
  judge({ hadMedia: false });
  vi.advanceTimersByTime(60_000);
  expect(step()).toBe("shown");
  judge({ lacks: false });
  expect(step()).toBe("shown");
  vi.advanceTimersByTime(500);
  expect(step()).toBe("off");
});

test("a path that is lost again at once is no end", () => {
  judge({ hadMedia: true });
  fallback.framed();
  judge({ lacks: false });
  vi.advanceTimersByTime(200);
  judge({});
  vi.advanceTimersByTime(5_000);
  expect(step()).toBe("shown");
});

test("a pause outlasts the return of the path", () => {
  judge({ hadMedia: true });
  fallback.framed();
  fallback.setPaused(true);
  judge({ lacks: false });
  vi.advanceTimersByTime(5_000);
  expect(fallback.getSnapshot()).toMatchObject({ step: "shown", paused: true });
  fallback.setPaused(false);
  expect(step()).toBe("off");
});

test("VP8 is not asked for, and said; H264 in its place is", () => {
  judge({ hadMedia: true, codec: "VP8" });
  expect(fallback.getSnapshot()).toMatchObject({ step: "off", unfit: true });
  judge({ hadMedia: true, codec: "H264" });
  expect(fallback.getSnapshot()).toMatchObject({ step: "loading", unfit: false });
});

test("what the server refuses is not asked for again before the next broadcast", () => {
  judge({ hadMedia: true });
  fallback.refused(false);
  judge({ hadMedia: true });
  vi.advanceTimersByTime(5_000);
  expect(fallback.getSnapshot()).toMatchObject({ step: "off", unfit: false });
  fallback.close();
  judge({ hadMedia: true });
  expect(step()).toBe("loading");
});
