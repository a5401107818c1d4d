import { expect, test } from "vitest";
import { roomState } from "../testing/fakes";
import { choices, layerFor, readChoice, wishOf } from "./picture-choice";

const room = roomState({
  sizes: [
    { rid: "q", w: 320, h: 180 },
    { rid: "f", w: 1280, h: 720 },
    { rid: "h", w: 640, h: 360 },
  ],
});

test("lines are offered best first, and none where the host says nothing of its layers", () => {
  expect(choices(room)).toEqual([720, 360, 180]);
  expect(choices(roomState())).toEqual([]);
  expect(choices(null)).toEqual([]);
});

test("a picture that stands upright has as many lines as it is wide", () => {
  expect(choices(roomState({ sizes: [{ rid: "f", w: 720, h: 1280 }] }))).toEqual([720]);
});

test("lines that a room does not have mean the best below, or the lowest", () => {
  expect(layerFor(1080, room)?.rid).toBe("f");
  expect(layerFor(480, room)?.rid).toBe("h");
  expect(layerFor(90, room)?.rid).toBe("q");
  expect(layerFor(480, roomState())).toBeUndefined();
});

test("what was not remembered by this page is no choice", () => {
  const found = ["auto", "off", 360, "360", "", 0, -1, 1.5, "best", true, null, {}].map(readChoice);
  expect(found).toEqual(["auto", "off", 360, 360, ...Array(8).fill(null)]);
});

test("a page that has never shown a frame is sent one even out of sight", () => {
  const hidden = { choice: "auto", room, seen: false } as const;
  expect(wishOf({ ...hidden, framed: false })).toEqual({ video: "auto", visible: true });
  expect(wishOf({ ...hidden, framed: true })).toEqual({ video: "auto", visible: false });
  const off = { choice: "off", room: roomState(), seen: true } as const;
  expect(wishOf({ ...off, framed: false }).video).toBe("auto");
  expect(wishOf({ ...off, framed: true }).video).toBe("off");
});
