import { expect, test } from "vitest";
import { readOptions, roomOfEmbed } from "./options";

test("an embed plays by itself and has controls unless its address says otherwise", () => {
  expect(readOptions("")).toEqual({ autoplay: true, muted: null, controls: true });
  expect(readOptions("?muted&autoplay=0&controls=false")).toEqual({
    autoplay: false,
    muted: true,
    controls: false,
  });
  expect(readOptions("?muted=0&autoplay=1&controls")).toEqual({
    autoplay: true,
    muted: false,
    controls: true,
  });
});

test("the room is read from the address", () => {
  expect(roomOfEmbed("/embed/demo")).toBe("demo");
  expect(roomOfEmbed("/embed/%E7%9B%B4%E6%92%AD/")).toBe("直播");
  for (const path of ["/embed/", "/embed", "/embed/a.b", "/embed/%FF", "/embed/a/b", "/r/demo"])
    expect(roomOfEmbed(path), path).toBeNull();
});
