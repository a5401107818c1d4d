import { expect, test } from "vitest";
import { parseRoomName, roomPath } from "./room-name";

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
