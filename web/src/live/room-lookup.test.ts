import { afterEach, expect, test, vi } from "vitest";
import { freeRoomLike, lookUpRoom } from "./room-lookup";

afterEach(() => vi.unstubAllGlobals());

/** A server on which somebody is live in these rooms. */
function live(...rooms: string[]) {
  const fetched = vi.fn(async (url: string) => {
    const room = decodeURIComponent(url.split("/").at(-1) ?? "");
    if (!rooms.includes(room)) return new Response("", { status: 404 });
    return new Response(JSON.stringify({ room, live: "live" }));
  });
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

test("a name is proposed in which nobody is live", async () => {
  live("直播", "直播-2");
  expect(await freeRoomLike("直播")).toBe("直播-3");
  live("demo-2");
  expect(await freeRoomLike("demo-2")).toBe("demo-3");
});

test("a name stays within what the server takes", async () => {
  live();
  expect([...((await freeRoomLike("x".repeat(64))) ?? "")]).toHaveLength(64);
});

test("who has very many rooms thinks of a name", async () => {
  live("a", ...Array.from({ length: 20 }, (_, n) => `a-${n}`));
  expect(await freeRoomLike("a")).toBeNull();
});

test("a room that nobody is in is no room", async () => {
  live();
  expect(await lookUpRoom("demo")).toBeNull();
});
