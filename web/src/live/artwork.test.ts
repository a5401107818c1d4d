import { expect, test } from "vitest";
import { artworkOf } from "./artwork";

test("a room is shown with its cover, or our own mark", () => {
  expect(artworkOf({ room: "demo", cover: 3 })).toBe("/api/rooms/demo/cover?v=3");
  expect(artworkOf({ room: "demo", cover: 3, kept: { pass: null } })).toContain("/cover?v=3");
  expect(artworkOf({ room: "demo", cover: null })).toBe("/icon-512.png");
  expect(artworkOf(null)).toBe("/icon-512.png");
});

test("the cover of a private room is not asked for: the server sends it to nobody who watches", () => {
  expect(artworkOf({ room: "demo", cover: 3, kept: { pass: "a-pass" } })).toBe("/icon-512.png");
});
