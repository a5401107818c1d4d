import { readFile } from "node:fs/promises";
import https from "node:https";
import nodeDataChannel from "node-datachannel";
import { percentile } from "../figures.mjs";
import { hostAndFan, judged, longestGap, ROOM, Site } from "./site.mjs";
import { BareSocket } from "./sockets.mjs";

const TRIES = 20;
const GOAL_MS = 100;
const GAP_MS = 200;
/** Below the joins of a network that the server takes in the long run. */
const EVERY_MS = 150;

/** R9: somebody else wants to publish in a room that has a host, by WHIP and by WebSocket. */
export async function secondPublisher(rig, { path: way }) {
  const site = await Site.start(rig, { path: way });
  const { fan } = await hostAndFan(site);
  const authority = await readFile(site.authority, "utf8");
  const offer = await makeOffer();
  const found = [];
  for (const [door, attempt] of [
    ["WHIP", () => byWhip(site, authority, offer)],
    ["WebSocket", () => bySocket(site, authority, offer)],
  ]) {
    const before = fan.standing();
    const since = Date.now();
    const answers = [];
    while (answers.length < TRIES) {
      answers.push(await attempt());
      await site.settle(EVERY_MS);
    }
    await site.settle(1_000);
    const after = fan.standing();
    const gapMs = longestGap(fan.frames(), since, Date.now() - 600);
    const lost = after.lost - before.lost;
    const slowest = Math.round(
      percentile(
        answers.map(({ ms }) => ms),
        1,
      ),
    );
    const codes = [...new Set(answers.map(({ code }) => code))];
    const isRefused = codes.every((code) => code === "host_taken");
    const lacks = [
      ...(isRefused ? [] : ["it was not refused as host_taken"]),
      ...(slowest <= GOAL_MS ? [] : ["the refusal is late"]),
      ...(lost <= 0 && gapMs <= GAP_MS ? [] : ["the fan lost something"]),
    ];
    found.push(
      judged({
        name: `R9 ${way}: a second publisher by ${door}`,
        goal: `host_taken${door === "WHIP" ? " (409)" : ""} within ${GOAL_MS} ms; no packet of the fan lost, no gap above ${GAP_MS} ms`,
        figure: `${TRIES} of ${TRIES} ${codes.join(", ")}, slowest ${slowest} ms; packets lost ${lost}, longest gap ${gapMs} ms`,
        ok: lacks.length === 0,
        lacks: lacks.join(", "),
        ...{ answers, gapMs, lost },
      }),
    );
  }
  return found;
}

async function makeOffer() {
  const connection = new nodeDataChannel.PeerConnection("second", { iceServers: [] });
  const video = new nodeDataChannel.Video("video", "SendOnly");
  video.addH264Codec(96);
  video.addSSRC(7_777, "video", "stream", "video");
  const track = connection.addTrack(video);
  const sdp = await new Promise((resolve) => {
    connection.onGatheringStateChange((state) => {
      if (state === "complete") resolve(connection.localDescription().sdp);
    });
    connection.setLocalDescription("offer");
  });
  track.close();
  connection.close();
  return sdp;
}

function byWhip(site, authority, offer) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const url = `${site.base}/whip/${ROOM}`;
    const headers = { "content-type": "application/sdp", "content-length": offer.length };
    const request = https.request(url, { method: "POST", ca: authority, headers, agent: false });
    request.on("error", reject);
    request.on("response", async (response) => {
      const ms = performance.now() - began;
      let body = "";
      for await (const chunk of response) body += chunk;
      const { code } = JSON.parse(body);
      resolve({ ms, code: response.statusCode === 409 ? code : response.statusCode });
    });
    request.end(offer);
  });
}

async function bySocket(site, authority, offer) {
  const { address: host } = site.internet;
  const socket = await BareSocket.open({ host, port: site.server.port, authority });
  const began = performance.now();
  socket.say({ type: "hello", v: 1, role: "host", room: ROOM, secret: "another-than-the-hosts" });
  socket.say({ type: "offer", pc: "pub", neg: 1, sdp: offer });
  const isAnswer = ({ type }) => type === "answer" || type === "error";
  const { type, code } = await socket.message(isAnswer, "an answer");
  const ms = performance.now() - began;
  await socket.close();
  return { ms, code: code ?? type };
}
