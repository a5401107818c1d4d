import { expect, test } from "vitest";
import {
  clipOfPath,
  clipPath,
  nameProblem,
  parseRoomName,
  pastOfPath,
  pastPath,
  roomNameFrom,
  roomOfPath,
  roomPath,
} from "./room-name";

test.each([
  ["default", "default"],
  [" 直播间_8 ", "直播间_8"],
  ["https://live.test/r/%E7%9B%B4%E6%92%AD?lang=en", "直播"],
  ["/r/demo", "demo"],
  ["e\u0301t\u00e9", "\u00e9t\u00e9"],
])("%s names the room %s", (text, room) => {
  expect(parseRoomName(text)).toBe(room);
});

test.each(["", "a b", "a/b", "🙂", "x".repeat(65), "/r/%E7%9"])("%s names no room", (text) => {
  expect(parseRoomName(text)).toBeNull();
});

test("a room's path survives any script", () => {
  expect(parseRoomName(roomPath("直播间_8"))).toBe("直播间_8");
});

test("a past broadcast has a page below that of its room", () => {
  const past = { room: "直播间_8", id: "01a2" };
  expect(pastOfPath(pastPath(past))).toEqual(past);
  expect(roomOfPath(pastPath(past))).toBeNull();
  for (const path of ["/r/demo", "/r/demo/past/", "/r/demo/past/a-b", "/r/a b/past/x", "/c/01"]) {
    expect(pastOfPath(path), path).toBeNull();
  }
  expect(roomOfPath("/r/demo/past/")).toBe("demo");
});

test("a clip has a page of its own, which says the room where not everybody may watch", () => {
  expect(clipOfPath(clipPath("01a2"))).toBe("01a2");
  expect(clipPath("01a2", "直播")).toBe("/c/01a2#room=%E7%9B%B4%E6%92%AD");
  for (const path of ["/c/", "/c/a/b", "/c/..", "/r/demo"]) expect(clipOfPath(path)).toBeNull();
});

test("what is wrong with a name is told while it is typed", () => {
  expect(nameProblem("demo")).toBeNull();
  expect(nameProblem("  ")).toBe("empty");
  expect(nameProblem("a b")).toBe("characters");
  expect(nameProblem("x".repeat(65))).toBe("long");
});

test("a title makes an address", () => {
  expect(roomNameFrom("Rust: from 0 to 1!")).toBe("rust-from-0-to-1");
  expect(roomNameFrom("周五 晚 聊天")).toBe("周五-晚-聊天");
  expect(roomNameFrom("!!!")).toBe("");
  expect(roomNameFrom("x ".repeat(60)).length).toBeLessThanOrEqual(32);
});
