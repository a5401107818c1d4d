/* A right that is taken away ends what it let in, at every door, and nobody else loses a frame. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
const ROOM = "club";
const REFUSED = [/status of (401|403|404)/];
/** Frames that who stays is watched for, after a right was taken from somebody else: two seconds and more. */
const FRAMES = 45;

let server;
let chromium;
let host;
let encoder;
const fans = {};
const made = {};

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
  await operate("PUT", `/rooms/${ROOM}`, { watch: "invited" });
  for (const name of ["host", "encoder"]) {
    made[name] = await operate("POST", `/rooms/${ROOM}/keys`, { name });
  }
  for (const name of ["leaves", "stays"]) {
    made[name] = await operate("POST", `/rooms/${ROOM}/invites`, { name });
  }
  made.site = await operate("POST", "/token-keys", { name: "site" });
  made.player = await operate("POST", "/tokens", { room: ROOM, subscribe: true });
});
after(async () => {
  for (const page of [...Object.values(fans), host, encoder]) await page?.close();
  await chromium?.close();
  await server?.stop();
});

async function operate(method, path, body) {
  const url = `${server.base}/api/v1${path}`;
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** The doors by which people are in, but for those who are leaving the list by themselves. */
async function doors() {
  const { items } = await operate("GET", `/rooms/${ROOM}/sessions`);
  return items.map(({ role, door }) => `${role} ${door}`).sort();
}

/** Runs in a page: watches or publishes by HTTP, as a player or an encoder does. */
async function byHttp({ url, token, publishes }) {
  const peer = new RTCPeerConnection();
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true });
  document.body.replaceChildren(video);
  if (publishes) {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    for (const track of stream.getTracks()) {
      peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    }
  } else {
    video.srcObject = new MediaStream();
    peer.ontrack = ({ track }) => video.srcObject.addTrack(track);
    for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
  }
  await peer.setLocalDescription();
  const headers = { "content-type": "application/sdp", authorization: `Bearer ${token}` };
  const body = peer.localDescription.sdp;
  const answer = await fetch(url, { method: "POST", headers, body });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
}

/** What a page has received of the picture, on its one connection. */
function counted(page) {
  return page.evaluate(async () => {
    const peers = window.__seen.peers.filter((pc) => pc.connectionState === "connected");
    if (peers.length !== 1) throw new Error(`${peers.length} connections`);
    const stats = [...(await peers[0].getStats()).values()];
    const { framesReceived, framesDropped, packetsLost } = stats.find(
      ({ type, kind }) => type === "inbound-rtp" && kind === "video",
    );
    return { framesReceived, framesDropped, packetsLost };
  });
}

/** Takes a right away, and looks at those who keep theirs: every frame comes. */
async function othersLoseNothing(others, deed) {
  const before = await Promise.all(others.map(counted));
  await deed();
  for (const [i, page] of others.entries()) {
    let now;
    await until(
      async () => {
        now = await counted(page);
        return now.framesReceived >= before[i].framesReceived + FRAMES;
      },
      { what: () => `frames to go on: ${JSON.stringify([before[i], now])}` },
    );
    const { framesReceived: _, framesDropped: dropped, ...lost } = now;
    const { framesReceived: __, framesDropped: droppedBefore, ...lostBefore } = before[i];
    assert.deepEqual(lost, lostBefore);
    // A busy machine drops some of what it has received. Its picture freezes as well: freezes are not compared.
    assert.ok(dropped - droppedBefore < FRAMES, `${dropped - droppedBefore} dropped`);
  }
}

chapter("people are in by invitation, by token and by key", async () => {
  host = await chromium.open(`${server.base}/host?room=${ROOM}`, {
    name: "host",
    storage: { "kaibo.publish-key": JSON.stringify(made.host.key) },
  });
  await goLive(host);
  for (const name of ["leaves", "stays"]) {
    fans[name] = await chromium.open(`${server.base}/r/${ROOM}#invite=${made[name].code}`, {
      name,
      tolerated: REFUSED,
    });
    await fanState(fans[name], "live");
    await untilMoving(fans[name], name);
  }
  fans.player = await chromium.open(`${server.base}/api/health`, {
    name: "player",
    tolerated: REFUSED,
  });
  const url = `${server.base}/whep/${ROOM}`;
  await fans.player.evaluate(byHttp, { url, token: made.player.token });
  await untilMoving(fans.player, "the player");
  assert.deepEqual(await doors(), ["fan whep", "fan ws", "fan ws", "host ws"]);
});

chapter("an invitation that is deleted ends its page alone, before the answer comes", async () => {
  await othersLoseNothing([fans.stays, fans.player], async () => {
    await operate("DELETE", `/rooms/${ROOM}/invites/${made.leaves.id}`);
    assert.deepEqual(await doors(), ["fan whep", "fan ws", "host ws"]);
  });
  await fans.leaves.waitForSelector(`${byTestId("door-card")} h2`);
});

chapter("a key of tokens that is deleted ends the player alone", async () => {
  await othersLoseNothing([fans.stays], async () => {
    await operate("DELETE", `/token-keys/${made.site.id}`);
    assert.deepEqual(await doors(), ["fan ws", "host ws"]);
  });
  await until(
    () => fans.player.evaluate(() => window.__seen.peers[0].connectionState !== "connected"),
    { what: "the player's connection to end" },
  );
});

chapter("a key that is deleted ends the broadcast of its host, and of its encoder", async () => {
  await operate("DELETE", `/rooms/${ROOM}/keys/${made.host.id}`);
  assert.deepEqual(await doors(), ["fan ws"]);
  await fanState(fans.stays, "ended");
  encoder = await chromium.open(`${server.base}/api/health`, {
    name: "encoder",
    tolerated: REFUSED,
  });
  const url = `${server.base}/whip/${ROOM}`;
  await encoder.evaluate(byHttp, { url, token: made.encoder.key, publishes: true });
  await fanState(fans.stays, "live");
  await untilMoving(fans.stays, "who stays, of the encoder");
  assert.deepEqual(await doors(), ["fan ws", "host whip"]);
  await operate("DELETE", `/rooms/${ROOM}/keys/${made.encoder.id}`);
  assert.deepEqual(await doors(), ["fan ws"]);
  await fanState(fans.stays, "ended");
});
