// @vitest-environment node
import { expect, test } from "vitest";
import { changes, longestGap, seconds } from "./site.mjs";

test("the longest gap is between two frames, or before the first and after the last", () => {
  expect(longestGap([100, 150, 400, 450], 120, 500)).toBe(250);
  expect(longestGap([100], 200, 900)).toBe(800);
  expect(longestGap([], 200, 900)).toBe(700);
  expect(longestGap([100, 300], 0, 300)).toBe(200);
});

test("what is new is the difference of two standings", () => {
  const before = { peers: 1, sockets: 1, offers: 1, strangers: 1 };
  const after = { peers: 2, sockets: 3, offers: 1, strangers: 2, way: "relay udp" };
  expect(changes(before, after)).toEqual({
    newPeers: 1,
    newSockets: 2,
    newOffers: 0,
    newSessions: 1,
    way: "relay udp",
  });
});

test("what never came is said so", () => {
  expect([seconds(1_234), seconds(null)]).toEqual(["1.23 s", "never"]);
});
