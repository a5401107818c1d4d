import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { VIEWER_START, type ViewerSnapshot } from "../live/viewer-snapshot";
import { FanStage } from "./fan-stage";

const ROWS = 11;

let isPhone = false;

beforeEach(() => {
  isPhone = false;
  vi.stubGlobal("matchMedia", () => ({
    matches: isPhone,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
  Element.prototype.scrollIntoView = vi.fn();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const stage = (phase: ViewerSnapshot["phase"]) => (
  <FanStage viewer={null} snapshot={{ ...VIEWER_START, phase }} />
);

/** A live stage with its figures open. */
function open() {
  const { rerender } = render(stage("live"));
  fireEvent.keyDown(window, { key: "s" });
  const stats = screen.getByTestId("stats");
  expect(stats.querySelectorAll("dt")).toHaveLength(ROWS);
  const isInside = screen.getByTestId("fan-state").contains(stats);
  return { isInside, become: (phase: ViewerSnapshot["phase"]) => rerender(stage(phase)) };
}

test("the figures are over the picture's corner, and on a phone below it", () => {
  expect(open().isInside).toBe(true);
  cleanup();
  isPhone = true;
  expect(open().isInside).toBe(false);
});

test.each([false, true])("the end of a broadcast closes the figures (phone: %s)", (phone) => {
  isPhone = phone;
  const { become } = open();
  become("stalled");
  expect(screen.queryByTestId("stats")).not.toBeNull();
  become("ended");
  expect(screen.queryByTestId("stats")).toBeNull();
  fireEvent.keyDown(window, { key: "s" });
  expect(screen.queryByTestId("stats")).toBeNull();
  become("live");
  expect(screen.queryByTestId("stats")).toBeNull();
});
