/* A host's page is recorded in each codec: the file is one that all play, and as long as is told to a frame. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { decoded, playFileWithGstreamer } from "./lib/programs.mjs";
import { played } from "./lib/recorded.mjs";
import { Server } from "./lib/server.mjs";
import { endLive, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

/** How GStreamer calls a codec, and the files that it is recorded in. */
const KINDS = {
  vp8: { caps: "video/x-vp8", ending: /\.webm$/ },
  vp9: { caps: "video/x-vp9", ending: /\.mp4$/ },
  h264: { caps: "video/x-h264", ending: /\.mp4$/ },
  av1: { caps: "video/x-av1", ending: /\.mp4$/ },
};
/** How long rooms are recorded, in milliseconds. */
const FOR_MS = 5_000;
/** Of a camera of 30 frames a second, in seconds; times are told in milliseconds. */
const FRAME = 1 / 30 + 0.001;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let chromium;
let firefox;

before(async () => {
  [chromium, firefox] = await Promise.all([Chromium.launch(), Firefox.launch()]);
});
after(() => Promise.all([chromium?.close(), firefox?.close()]));

/** A host's page is recorded for some seconds; what the API tells of its files, with their addresses. */
async function record(server) {
  const api = `${server.base}/api/v1`;
  const read = async (path) => (await fetch(`${api}${path}`)).json();
  const host = await chromium.open(`${server.base}/host?room=studio`, { name: "host" });
  await goLive(host);
  const begin = () => fetch(`${api}/rooms/studio/recording`, { method: "POST" });
  const begun = await until(async () => [await begin()].find((it) => it.ok), { what: "a begin" });
  const { id } = await begun.json();
  await wait(FOR_MS);
  await endLive(host);
  const isOver = async () => [await read(`/recordings/${id}`)].find((it) => it.ended);
  const { files } = await until(isOver, { what: "the end of the recording" });
  await host.close();
  return files.map((file) => ({ ...file, url: `${api}/recordings/${id}/files/${file.name}` }));
}

const isNear = (seconds, other) => Math.abs(seconds - other) <= FRAME;

/** ffmpeg and GStreamer find the same frames in a file, which is as long as is told; its streams. */
async function assertDecodes({ url, durationS }, caps) {
  const { frames, faults } = await decoded(url);
  assert.equal(faults, "", "ffmpeg finds no fault");
  const gst = await playFileWithGstreamer(url);
  const all = JSON.stringify({ durationS, ...gst });
  assert.equal(gst.fault, null, all);
  const of = (kind) => gst.streams.find((it) => it.codec.startsWith(kind));
  const [video, audio] = [of("video/"), of("audio/")];
  assert.deepEqual([video.codec, audio.codec], [caps, "audio/x-opus"]);
  for (const { count, backwards } of [video.parsed, video.decoded ?? video.parsed]) {
    assert.deepEqual([count, backwards], [frames, 0], `ffmpeg has ${frames} frames: ${all}`);
  }
  assert.ok(isNear(video.parsed.first, 0), all);
  assert.ok(isNear(gst.duration, durationS), all);
  // On a machine that is busy the sound goes on while the picture stands still at the end.
  const ends = [video.parsed.end, audio.parsed.end];
  assert.ok(isNear(Math.max(...ends), durationS) && ends[0] > durationS - 1, all);
  return { video, audio };
}

/** Two browsers play a file to its end, and find the length that is told. */
async function assertPlays({ url, durationS, width, height }, { audio }, server) {
  const inChromium = await played(chromium, server.base, url);
  const inFirefox = await played(firefox, server.base, url);
  const told = `${JSON.stringify([inChromium, inFirefox])}, told were ${durationS} s`;
  for (const seen of [inChromium, inFirefox]) {
    assert.deepEqual([seen.width, seen.height], [width, height]);
  }
  assert.ok(isNear(inChromium.duration, durationS) && isNear(inChromium.end, durationS), told);
  // Of an MP4 whose sound is the longer track, Firefox does not count how much later than the picture it begins.
  const lacks = durationS - inFirefox.duration;
  assert.ok(lacks > -FRAME && lacks < audio.parsed.first + FRAME, told);
}

for (const [codec, { caps, ending }] of Object.entries(KINDS)) {
  test(`what a page sends as ${codec} is a file that all play, as long as is told`, async (t) => {
    const server = await Server.start({ env: { KAIBO_HOST_CODEC: codec } });
    try {
      const files = await record(server);
      const length = files.reduce((sum, it) => sum + it.durationS, 0);
      assert.ok(length > FOR_MS / 2000, `${length} s`);
      // A browser that is busy sends a smaller picture: another file begins.
      for (const file of files) {
        assert.match(file.name, ending);
        const streams = await assertDecodes(file, caps);
        const { video, audio } = streams;
        if (video.decoded === null) t.diagnostic(`GStreamer has no decoder of ${codec} here`);
        await assertPlays(file, streams, server);
        const { count, end } = video.parsed;
        const sound = `sound from ${audio.parsed.first} to ${audio.parsed.end} s`;
        t.diagnostic(`${file.name} at ${file.at} s: ${count} frames until ${end} s, ${sound}`);
      }
    } finally {
      await server.stop();
    }
  });
}
