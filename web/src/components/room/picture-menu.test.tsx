import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { VIEWER_START, type ViewerSnapshot } from "../../live/viewer-snapshot";
import { roomState } from "../../testing/fakes";
import { PictureMenu } from "./picture-menu";

const room = roomState({
  sizes: [
    { rid: "q", w: 480, h: 270 },
    { rid: "f", w: 1920, h: 1080 },
  ],
});

afterEach(cleanup);

function show(more: Partial<ViewerSnapshot>, lines: number | null = 1080) {
  const onChoose = vi.fn();
  const snapshot = { ...VIEWER_START, room, ...more };
  render(<PictureMenu snapshot={snapshot} lines={lines} onChoose={onChoose} />);
  const menu = screen.getByRole<HTMLSelectElement>("combobox");
  return { menu, onChoose, labels: [...menu.options].map(({ text }) => text) };
}

test("says what is shown now, and gives the choice to who changes it", () => {
  const { menu, onChoose, labels } = show({});
  expect(labels).toEqual(["Auto (1080p)", "1080p", "270p", "Sound only"]);
  for (const value of ["270", "off", "auto"]) fireEvent.change(menu, { target: { value } });
  expect(onChoose.mock.calls).toEqual([[270], ["off"], ["auto"]]);
});

test("lines of another room show as what they come to here", () => {
  expect(show({ choice: 720 }).menu.value).toBe("270");
  cleanup();
  expect(show({ choice: 720, room: roomState() }).menu.value).toBe("auto");
});

test("no lines are claimed while there is no picture", () => {
  const layer = { type: "layer_now", on: false, auto: true, reason: "bandwidth" } as const;
  expect(show({ layer }).labels[0]).toBe("Auto");
});
