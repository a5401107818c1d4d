import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answerBy, clipOf, refusal } from "../../testing/kept";
import { saveHostKey } from "../host-key";
import { ClipMaker } from "./clip-maker";

beforeEach(() => sessionStorage.clear());
afterEach(() => vi.unstubAllGlobals());

test("one press makes one clip, however often it is pressed meanwhile", async () => {
  const asked = answerBy({
    "/api/rooms/demo/clips": (_, { body }) => {
      expect(JSON.parse(String(body))).toEqual({ seconds: 60 });
      return Response.json(clipOf(), { status: 201 });
    },
  });
  const maker = new ClipMaker("demo", null);
  const made = maker.make(60);
  void maker.make(90);
  expect(maker.getSnapshot().making).toBe(60);
  await made;
  expect(asked).toEqual([{ method: "POST", url: "/api/rooms/demo/clips" }]);
  expect(maker.getSnapshot()).toEqual({ making: null, clip: clipOf(), problem: null });
});

test("in a private room the address has the pass, and a host shows its key", async () => {
  saveHostKey("the-key");
  const asked = answerBy({
    "/api/rooms/demo/clips": (_, { headers }) => {
      expect(new Headers(headers).get("authorization")).toBe("Bearer the-key");
      return Response.json(clipOf(), { status: 201 });
    },
  });
  await new ClipMaker("demo", "5f-ab").make(30);
  expect(asked[0]?.url).toBe("/api/rooms/demo/clips?pass=5f-ab");
});

test.each([
  ["rate_limited", () => refusal(429, "rate_limited")],
  ["room_offline", () => refusal(409, "room_offline")],
  ["internal", () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
  ["offline", () => Promise.reject(new TypeError("no network"))],
] as const)("a clip that is not made says why: %s", async (problem, answer) => {
  answerBy({ "/api/rooms/demo/clips": answer });
  const maker = new ClipMaker("demo", null);
  await maker.make(30);
  expect(maker.getSnapshot()).toEqual({ making: null, clip: null, problem });
});

test("a dialog that is closed hears nothing more", async () => {
  answerBy({
    "/api/rooms/demo/clips": (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  });
  const maker = new ClipMaker("demo", null);
  const made = maker.make(30);
  maker.close();
  await made;
  expect(maker.getSnapshot().problem).toBeNull();
});
