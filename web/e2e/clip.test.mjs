/* A clip is right to a frame, by the clock in the picture. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Chromium } from "./lib/browsers.mjs";
import {
  clockFrom,
  clockNow,
  readClock,
  seekPictures,
  sendClock,
  watchClock,
} from "./lib/drawn-clock.mjs";
import { decoded, pictures, playFileWithGstreamer } from "./lib/programs.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";

const chapter = story();
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** So much is asked for, in seconds. */
const LAST = 10;
/** Keyframes are 5 s apart at most: there is one before what is asked for. */
const PAST_MS = 16_500;
/** Of a camera of 30 frames a second, in seconds; times are told in milliseconds. */
const FRAME = 1 / 30 + 0.001;

let server;
let chromium;
let fan;
/** What the fan saw live: the time in each picture, and how late it was. */
let seen;
/** When the clip was asked for and when it was there, by the clock, and what was told of it. */
let asked;
let answered;
let clip;
/** Its pictures, with the time in each. */
let frames;
let url;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** Runs in the page: makes a clip of the last seconds. */
async function makeClip([room, seconds]) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ seconds });
  const answer = await fetch(`/api/rooms/${room}/clips`, { method: "POST", headers, body });
  return { status: answer.status, clip: await answer.json() };
}

const isBefore = (time, other) => clockFrom(time, other) > 0;

const sorted = (list) => [...list].sort((a, b) => a - b);

/** When a picture of that time or later was first seen live. */
const seenAt = (time) => {
  const it = seen.find((one) => !isBefore(one.time, time));
  return it && it.time + it.late;
};

chapter("a fan makes a clip of what it sees", async () => {
  const host = await chromium.open(`${server.base}/host?room=clock`, {
    name: "host",
    scripts: [[sendClock]],
  });
  await goLive(host);
  fan = await chromium.open(`${server.base}/r/clock`, { name: "fan" });
  await fanState(fan, "live");
  const watching = fan.evaluate(watchClock, PAST_MS + 1_500);
  await wait(PAST_MS);
  asked = await fan.evaluate(clockNow);
  const made = await fan.evaluate(makeClip, ["clock", LAST]);
  answered = await fan.evaluate(clockNow);
  assert.equal(made.status, 201, JSON.stringify(made));
  clip = made.clip;
  url = `${server.base}/api/clips/${clip.id}/file`;
  // A picture that was read wrong is hours late.
  seen = (await watching).filter((it) => it.late < 5_000);
  frames = (await pictures(url)).map(({ light, ...rest }) => ({ ...rest, time: readClock(light) }));
  await host.close();
});

chapter("it begins with the keyframe before what was asked for", () => {
  const [first, ...others] = frames;
  assert.deepEqual([first.isKey, first.at], [true, 0]);
  const begin = asked - LAST * 1000;
  assert.ok(isBefore(first.time, begin), `it begins ${clockFrom(begin, first.time)} ms later`);
  const next = others.find((it) => it.isKey);
  // A keyframe that came before what was asked for was drawn, sent and shown before it.
  assert.ok(!next || isBefore(begin, seenAt(next.time)), "no keyframe is nearer to it");
});

chapter("it ends with what was live when it was asked for", () => {
  const last = frames.at(-1).time;
  const shown = seen.filter((it) => !isBefore(asked, it.time + it.late)).map((it) => it.time);
  // What the fan saw by then was there before; the last frame may wait for the one after it.
  const late = clockFrom(last, shown.at(-2));
  assert.ok(late <= 0, `its last frame was ${late} ms old when the fan asked`);
  assert.ok(isBefore(last, answered));
});

chapter("its frames go on without a gap and without a repeat, when they were sent", (t) => {
  const steps = frames.slice(1).map(({ at, time }, n) => ({
    told: at - frames[n].at,
    drawn: clockFrom(frames[n].time, time),
  }));
  assert.ok(
    steps.every(({ told, drawn }) => told > 0 && drawn > 0),
    JSON.stringify(steps),
  );
  const [first, last] = [frames[0].time, frames.at(-1).time];
  const live = seen.filter(({ time }) => !isBefore(time, first) && !isBefore(last, time));
  assert.ok(live.length > LAST, `the fan saw ${live.length} of ${frames.length} frames`);
  const kept = live.map(({ time, rtp }) => ({
    rtp,
    at: frames.find((it) => it.time === time)?.at,
  }));
  const lost = kept.filter(({ at }) => at === undefined);
  assert.deepEqual(lost, [], "all that the fan saw live is in it");
  // They are as far apart as their timestamps say, which the host set.
  const far = kept.map(({ rtp, at }) => at - ((rtp - kept[0].rtp) >>> 0) / 90_000);
  const usual = sorted(far)[far.length >> 1];
  const off = sorted(far.map((it) => Math.abs(it - usual)));
  // A page that is busy draws the next picture with what is told of one, now and then.
  const most = off[Math.floor(off.length * 0.9)];
  t.diagnostic(
    `${frames.length} frames, ${live.length} seen live, nine of ten at most ${most} s off`,
  );
  assert.ok(most <= FRAME, JSON.stringify(off));
});

chapter("players find as many frames in it, and the length that is told", async () => {
  const ffmpeg = await decoded(url);
  const gst = await playFileWithGstreamer(url);
  assert.deepEqual([ffmpeg.faults, gst.fault], ["", null]);
  const { count } = gst.streams.find((it) => it.codec.startsWith("video/")).parsed;
  assert.deepEqual([ffmpeg.frames, count], [frames.length, frames.length]);
  const inChromium = await fan.evaluate(seekPictures, url);
  const { first, last } = inChromium;
  assert.deepEqual([readClock(first), readClock(last)], [frames[0].time, frames.at(-1).time]);
  const ends = Math.max(...gst.streams.map((it) => it.parsed.end));
  const lengths = [ends, gst.duration, inChromium.duration, ffmpeg.seconds];
  const isNear = (length) => Math.abs(length - clip.seconds) <= FRAME;
  assert.ok(lengths.every(isNear), `${lengths} s, told were ${clip.seconds}`);
});
