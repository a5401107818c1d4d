import { expect, test } from "vitest";
import {
  adminRoomPath,
  adminViewOf,
  broadcastPath,
  inviteUrl,
  SECTIONS,
  sectionPath,
} from "./views";

test("every path of the page leads back to its view", () => {
  expect(adminViewOf("/admin")).toEqual({ name: "rooms" });
  expect(adminViewOf("/admin/")).toEqual({ name: "rooms" });
  for (const name of SECTIONS) expect(adminViewOf(sectionPath(name))).toEqual({ name });
  expect(adminViewOf(adminRoomPath("直播"))).toEqual({ name: "room", room: "直播" });
  expect(adminViewOf(broadcastPath(7))).toEqual({ name: "broadcast", id: "7" });
});

test.each(["/admin/nope", "/admin/rooms/a/b", "/admin/tokens/x", "/admin/rooms/%FF"])(
  "%s is no view",
  (path) => {
    expect(adminViewOf(path)).toBeNull();
  },
);

test("the code of an invitation is in the part of an address that no server sees", () => {
  const url = new URL(inviteUrl("demo", "a+b", "https://live.example.com"));
  expect([url.pathname, url.search, url.hash]).toEqual(["/r/demo", "", "#invite=a%2Bb"]);
});
