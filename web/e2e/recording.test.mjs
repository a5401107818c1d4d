/* A room is recorded as its host sends it: the files play in browsers and in ffmpeg, also those that a crash cut off. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { decoded, publishWithFfmpeg } from "./lib/programs.mjs";
import { played } from "./lib/recorded.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { endLive, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
/** How long rooms are recorded, in milliseconds. */
const FOR_MS = 6_000;

let server;
let chromium;
let firefox;

before(async () => {
  [server, chromium, firefox] = await Promise.all([
    Server.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await server?.stop();
});

async function operate(method, path) {
  const answer = await fetch(`${server.base}/api/v1${path}`, { method });
  assert.ok(answer.ok, `${method} ${path}: ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function untilLive(room) {
  const rooms = async () => (await fetch(`${server.base}/api/rooms`)).json();
  await until(async () => (await rooms()).some((it) => it.room === room && it.live === "live"), {
    what: `${room} to be live`,
  });
}

const untilOver = (id) =>
  until(
    async () => {
      const recording = await operate("GET", `/recordings/${id}`);
      return recording.ended && recording;
    },
    { what: `${id} to be over` },
  );

/** The files of a recording play in two browsers and in ffmpeg, and are as long as is told. */
async function assertPlays({ id, files }) {
  for (const file of files) {
    const url = `${server.base}/api/v1/recordings/${id}/files/${file.name}`;
    const { seconds, frames, faults } = await decoded(url);
    assert.equal(faults, "");
    // On a machine that is busy the sound goes on while the picture stands still at the end.
    const lacks = file.durationS - seconds;
    assert.ok(lacks > -0.1 && lacks < 1, `${seconds} s, told were ${file.durationS}`);
    // A machine that is busy encodes few.
    assert.ok(frames > file.durationS * 2, `${frames} frames in ${file.durationS} s`);
    for (const browser of [chromium, firefox]) {
      const { width, height, duration } = await played(browser, server.base, url);
      assert.deepEqual([width, height], [file.width, file.height]);
      assert.ok(Math.abs(duration - file.durationS) < 0.1, `${duration} s, not ${file.durationS}`);
    }
  }
}

chapter("what a browser sends is a file that browsers and ffmpeg play", async () => {
  const host = await chromium.open(`${server.base}/host?room=studio`, { name: "host" });
  await goLive(host);
  await untilLive("studio");
  const { id } = await operate("POST", "/rooms/studio/recording");
  await wait(FOR_MS);
  await endLive(host);
  const recording = await untilOver(id);
  assert.equal(recording.why, "ended");
  // A page that is busy sends a smaller picture for a while: each size has a file.
  await assertPlays(recording);
  const length = recording.files.reduce((sum, it) => sum + it.durationS, 0);
  assert.ok(length > FOR_MS / 2000, `${length} s`);
  await host.close();
});

chapter("what an encoder sends as H264 is an MP4", async () => {
  const encoder = publishWithFfmpeg(`${server.base}/whip/encoder`);
  await untilLive("encoder");
  const { id } = await operate("POST", "/rooms/encoder/recording");
  await wait(FOR_MS);
  await operate("DELETE", "/rooms/encoder/recording");
  const recording = await untilOver(id);
  await assertPlays(recording);
  assert.deepEqual(
    recording.files.map((it) => it.name),
    ["001.mp4"],
  );
  await encoder.stop();
});

chapter("what a crash cut off is finished at the next start, and plays", async () => {
  const encoder = publishWithFfmpeg(`${server.base}/whip/encoder`);
  await untilLive("encoder");
  const { id } = await operate("POST", "/rooms/encoder/recording");
  await wait(FOR_MS);
  await server.restart({ signal: "SIGKILL" });
  await encoder.stop();
  const recording = await operate("GET", `/recordings/${id}`);
  assert.equal(recording.why, "server_fault");
  const [file] = recording.files;
  assert.ok(file.durationS > FOR_MS / 3000, `${file.durationS} s are left`);
  const url = `${server.base}/api/v1/recordings/${id}/files/${file.name}`;
  assert.equal((await decoded(url)).faults, "");
  chromium.checkFaults();
});
