/* A fan goes back in a broadcast on the connection that it has, by the clock in the picture. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { Chromium } from "./lib/browsers.mjs";
import { sendClock, watchClock } from "./lib/drawn-clock.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { goLive } from "./lib/studio.mjs";

const chapter = story();
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let server;
let chromium;
let host;
let player;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** Runs in a page: plays a room by WHEP. */
async function play(base) {
  document.body.innerHTML = "<video autoplay muted playsinline></video>";
  const pc = new RTCPeerConnection();
  const stream = new MediaStream();
  document.querySelector("video").srcObject = stream;
  pc.ontrack = ({ track }) => stream.addTrack(track);
  pc.addTransceiver("audio", { direction: "recvonly" });
  pc.addTransceiver("video", { direction: "recvonly" });
  await pc.setLocalDescription();
  const headers = { "content-type": "application/sdp" };
  const body = pc.localDescription.sdp;
  const answer = await fetch(`${base}/whep/past`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  window.player = { pc, url: new URL(answer.headers.get("location"), base).href };
}

/** Goes back or forth; what is seen of it, from the request on. */
async function rewind(order, forMs) {
  const seen = player.evaluate(watchClock, forMs);
  const status = await player.evaluate(async (asked) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(asked);
    const answer = await fetch(`${window.player.url}/rewind`, { method: "POST", headers, body });
    return answer.status;
  }, order);
  assert.equal(status, 200);
  return seen;
}

/** The longest time without a picture. */
const freeze = (seen) => Math.max(...seen.slice(1).map((it, n) => it.at - seen[n].at));

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** What this machine does with what is live: pictures a second, and the longest time without one. */
const live = { rate: 0, freeze: 0 };

/** A machine with much to do shows what is live in jumps as well: those are no fault of going back. */
const allowed = (ms) => ms + 3 * live.freeze;

chapter("a player watches what is live", async () => {
  host = await chromium.open(`${server.base}/host?room=past`, {
    name: "host",
    scripts: [[sendClock]],
  });
  await goLive(host);
  player = await chromium.open(`${server.base}/r/empty`, { name: "player" });
  await player.evaluate(play, server.base);
  // There is something to go back to.
  await wait(25_000);
  const seen = await player.evaluate(watchClock, 4_000);
  assert.ok(seen.length > 8, `${seen.length} pictures in 4 s`);
  Object.assign(live, { rate: seen.length / 4, freeze: freeze(seen) });
  assert.ok(median(seen.map((it) => it.late)) < allowed(1_000), "it is live");
});

chapter("it goes back 15 seconds, and sees them at once", async () => {
  const seen = await rewind({ agoMs: 15_000 }, 4_000);
  const first = seen.find((it) => it.late > 5_000);
  assert.ok(first, `nothing of the past: ${JSON.stringify(seen.slice(0, 20))}`);
  // To the nearest keyframe, which is 5 s apart at most.
  assert.ok(Math.abs(first.late - 15_000) < 3_500, `${first.late} ms back`);
  assert.ok(first.at < allowed(1_000), `${first.at} ms until it was seen`);
  const past = seen.filter((it) => it.at > first.at + 500);
  assert.ok(past.length > live.rate, `${past.length} pictures, ${live.rate} a second live`);
  assert.ok(freeze(past) < allowed(400), `a freeze of ${freeze(past)} ms`);
});

chapter("it catches up without standing still", async () => {
  const before = median((await player.evaluate(watchClock, 1_000)).map((it) => it.late));
  const seen = await rewind({ fast: true }, 15_000);
  const after = median(seen.slice(-30).map((it) => it.late));
  assert.ok(before - after > 900, `${before} ms, then ${after} ms behind`);
  assert.ok(freeze(seen.slice(5)) < allowed(400), `a freeze of ${freeze(seen)} ms`);
});

chapter("it is live again when it wants to", async () => {
  const seen = await rewind({ agoMs: 0 }, 4_000);
  const late = median(seen.slice(-30).map((it) => it.late));
  assert.ok(late < allowed(1_000), `${late} ms late`);
});

chapter("it pauses, and goes on where it was", async () => {
  await rewind({ paused: true }, 1_000);
  const seen = await player.evaluate(watchClock, 2_000);
  assert.ok(seen.length <= 1, `${seen.length} pictures while it pauses`);
  const after = await rewind({ agoMs: 3_000 }, 3_000);
  const late = median(after.slice(-30).map((it) => it.late));
  assert.ok(late > 1_000 && late < 7_000, `${late} ms behind`);
  const { connectionState } = await player.evaluate(() => ({
    connectionState: window.player.pc.connectionState,
  }));
  assert.equal(connectionState, "connected");
});
