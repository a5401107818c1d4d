// A broadcast in stereo is heard in stereo in Chromium too, which needs to be told.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Chromium } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { fanState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";
import { Site } from "./lib/whip-whep.mjs";

let server;
let site;
let chromium;

before(async () => {
  [server, site, chromium] = await Promise.all([Server.start(), Site.start(), Chromium.launch()]);
  const publisher = await chromium.open(site.base, { name: "publisher" });
  await publisher.evaluate(publishLeft, `${server.base}/whip/stereo`);
});
after(async () => {
  await chromium?.close();
  await Promise.all([server?.stop(), site?.stop()]);
});

/** Runs in a page: publishes a picture, and a tone in the left channel alone. */
async function publishLeft(endpoint) {
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio);
  const channels = new ChannelMergerNode(audio, { numberOfInputs: 2 });
  const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 2 });
  tone.connect(channels, 0, 0);
  channels.connect(out);
  tone.start();
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
  const paint = canvas.getContext("2d");
  setInterval(() => {
    paint.fillStyle = `hsl(${performance.now() / 10} 80% 50%)`;
    paint.fillRect(0, 0, 320, 180);
  }, 40);
  const pc = new RTCPeerConnection();
  for (const track of [...out.stream.getTracks(), ...canvas.captureStream().getTracks()]) {
    pc.addTransceiver(track, { direction: "sendonly" });
  }
  await pc.setLocalDescription();
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: pc.localDescription.sdp,
  });
  // What is sent is what the far side says that it wants.
  const answer = (await response.text()).replace(/^(a=fmtp:111 .*)$/m, "$1;stereo=1");
  await pc.setRemoteDescription({ type: "answer", sdp: answer });
}

/** Runs in a page: listens to both channels of the video from now on. */
function listen() {
  const audio = new AudioContext();
  const { srcObject } = document.querySelector("video");
  const source = new MediaStreamAudioSourceNode(audio, { mediaStream: srcObject });
  const channels = new ChannelSplitterNode(audio, { numberOfOutputs: 2 });
  source.connect(channels);
  const analysers = [0, 1].map((channel) => {
    const analyser = new AnalyserNode(audio);
    channels.connect(analyser, channel);
    return analyser;
  });
  window.__levels = () =>
    analysers.map((analyser) => {
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      return Math.sqrt(samples.reduce((sum, it) => sum + it * it, 0) / samples.length);
    });
}

async function hearsLeftAlone(page, who) {
  await untilMoving(page, who);
  await page.evaluate(listen);
  let levels;
  await until(
    async () => {
      levels = await page.evaluate(() => window.__levels());
      return levels[0] > 0.05;
    },
    { what: () => `${who} to hear the tone; the levels are ${levels}` },
  );
  assert.ok(levels[1] < levels[0] / 10, `${who} hears one channel in both ears: ${levels}`);
}

test("a fan with Chromium hears left on the left", async () => {
  const page = await chromium.open(`${server.base}/r/stereo`, { name: "fan" });
  await fanState(page, "live");
  await hearsLeftAlone(page, "the fan");
  await page.close();
});

test("the player of docs/whip-whep.md hears left on the left", async () => {
  const text = await readFile(new URL("../../docs/whip-whep.md", import.meta.url), "utf8");
  const [, html] = /```html\n(.*?)```/s.exec(text);
  const ours = html.replaceAll("http://localhost:3000/whep/studio", `${server.base}/whep/stereo`);
  const page = await chromium.open(site.put("/player", ours), { name: "documented player" });
  await hearsLeftAlone(page, "the documented player");
  await page.close();
});
