// @vitest-environment node
import assert from "node:assert/strict";
import { test } from "vitest";
import { readList, readRenditions } from "./hls-viewer.mjs";

test("a list says what parts it has, when each ended, and which one comes next", () => {
  const text = `#EXTM3U
#EXT-X-MAP:URI="v-0.header.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z
#EXT-X-PART:DURATION=0.20000,URI="v-7-0.part.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.10000,URI="v-7-1.part.m4s"
#EXTINF:0.30000,
v-7.m4s
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v-8-0.part.m4s"
`;
  const { parts, maps, next } = readList(text);
  const begun = Date.parse("2026-01-02T03:04:05.000Z");
  assert.deepEqual(maps, ["v-0.header.mp4"]);
  assert.deepEqual(
    parts.map(({ uri, endedAt }) => [uri, Math.round(endedAt - begun)]),
    [
      ["v-7-0.part.m4s", 200],
      ["v-7-1.part.m4s", 300],
    ],
  );
  assert.deepEqual(next, { segment: 8, part: 0 });
});

test("a player takes the best picture and its sound", () => {
  const text = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="sound",URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="sound"
v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3,AUDIO="sound"
v2.m3u8
`;
  assert.deepEqual(readRenditions(text), ["v1.m3u8", "a.m3u8"]);
});
