/*
 * What runs in pages. Each function is sent to the browser as its text, so none may use anything
 * outside itself.
 */

/**
 * Before the page's own scripts: the server's candidates lead to another UDP port, that of a relay.
 * IPv6 ones are left out, for the relay has none. The server sends all candidates in its
 * description (docs/protocol.md, section 5), so nothing else needs changing.
 */
export function sendThrough({ port }) {
  const rewrite = (sdp) =>
    sdp
      .split("\r\n")
      .filter((line) => !/^a=candidate:\S+ \d+ \S+ \d+ [^ ]*:/.test(line))
      .map((line) => line.replace(/^(a=candidate:\S+ \d+ udp \d+ \S+ )\d+/i, `$1${port}`))
      // 9 and 0 stand for none (RFC 9429, section 5.2.1).
      .map((line) => line.replace(/^(m=(?:audio|video) )(?!(?:9|0) )\d+/, `$1${port}`))
      .join("\r\n");
  const { prototype } = RTCPeerConnection;
  const original = prototype.setRemoteDescription;
  prototype.setRemoteDescription = function (description, ...rest) {
    const { type, sdp } = description;
    return original.call(this, { type, sdp: rewrite(sdp) }, ...rest);
  };
}

/**
 * Before the page's own scripts: its offers have no RTX (RFC 4588), as those of OBS, so that repetitions come
 * on the SSRC of what they repeat.
 */
export function offerNoRtx() {
  const strip = (sdp) => {
    const found = (pattern) => [...sdp.matchAll(pattern)].map(([, it]) => it);
    const types = found(/^a=rtpmap:(\d+) rtx\//gim);
    const ssrcs = found(/^a=ssrc-group:FID \d+ (\d+)/gm);
    const isOfRtx = (line) =>
      types.includes(/^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line)?.[1]) ||
      ssrcs.includes(/^a=ssrc:(\d+) /.exec(line)?.[1]) ||
      line.startsWith("a=ssrc-group:FID ");
    // "m=video 9 UDP/TLS/RTP/SAVPF" and then the payload types.
    const withoutTypes = (line) =>
      line
        .split(" ")
        .filter((word, at) => at < 3 || !types.includes(word))
        .join(" ");
    return sdp
      .split("\r\n")
      .filter((line) => !isOfRtx(line))
      .map((line) => (line.startsWith("m=video ") ? withoutTypes(line) : line))
      .join("\r\n");
  };
  const { prototype } = RTCPeerConnection;
  const original = prototype.setLocalDescription;
  prototype.setLocalDescription = function ({ type, sdp }) {
    return original.call(this, { type, sdp: type === "offer" ? strip(sdp) : sdp });
  };
}

/**
 * Before the page's own scripts: notes when frames are shown. `gapMs`: from which time between two
 * frames that follow each other it is written down, with how far apart they were made (`madeMs`, by
 * their RTP timestamps) and came in (`receivedMs`) where the browser tells.
 */
export function watchFrames({ gapMs }) {
  const seen = { shown: 0, firstAt: null, last: null, gaps: [], unclear: [], sizes: [] };
  Object.defineProperty(window, "__frames", { value: seen });
  const followed = new WeakSet();

  // Not every browser tells of a frame what these are made of.
  function apart(before, { rtpTimestamp, receiveTime }) {
    const has = (value) => typeof value === "number" && value !== 0;
    const told = {};
    if (has(rtpTimestamp) && has(before.rtpTimestamp)) {
      told.madeMs = ((rtpTimestamp - before.rtpTimestamp) >>> 0) / 90;
    }
    if (has(receiveTime) && has(before.receiveTime)) {
      told.receivedMs = receiveTime - before.receiveTime;
    }
    return told;
  }

  function note(frame) {
    const at = frame.presentationTime;
    const { last } = seen;
    seen.firstAt ??= at;
    if (last) {
      const frames = frame.presentedFrames - last.count;
      seen.shown += Math.max(frames, 0);
      const gap = { at: last.at, ms: at - last.at, ...apart(last, frame) };
      // With frames between that this callback was too late for, nobody can say.
      if (gap.ms > gapMs) (frames === 1 ? seen.gaps : seen.unclear).push(gap);
    }
    const { presentedFrames: count, rtpTimestamp, receiveTime } = frame;
    seen.last = { at, count, rtpTimestamp, receiveTime };
    const { width, height } = frame;
    const before = seen.sizes.at(-1);
    if (before?.height !== height || before.width !== width) seen.sizes.push({ at, width, height });
  }

  function follow(video) {
    if (followed.has(video)) return;
    followed.add(video);
    const next = () =>
      video.requestVideoFrameCallback((_, frame) => {
        note(frame);
        next();
      });
    next();
  }
  // Media events do not bubble, but they can be captured.
  document.addEventListener("loadedmetadata", ({ target }) => follow(target), true);
}

/** What a fan's page knows now: statistics, frames and how it is connected. */
export async function sampleFan() {
  const seen = window.__seen;
  const { shown, firstAt, last, gaps, unclear, sizes } = window.__frames;
  const live = seen.peers.filter((pc) => pc.connectionState !== "closed");
  const pc = live.at(-1);
  const stats = {};
  for (const stat of (await pc?.getStats())?.values() ?? []) {
    if (stat.type === "inbound-rtp") stats[stat.kind] = { ...stat };
    if (stat.type === "transport") stats.transport = { ...stat };
  }
  return {
    at: performance.now(),
    frames: { shown, firstAt, lastAt: last?.at ?? null, gaps, unclear, sizes },
    stats,
    peers: seen.peers.length,
    offers: seen.countOffers(),
    sockets: seen.sockets.length,
    connection: pc?.connectionState ?? null,
    state: document.querySelector('[data-testid="fan-state"]')?.dataset.state ?? null,
  };
}

/** What was negotiated. */
export function readDescriptions() {
  const pc = window.__seen.peers.findLast((it) => it.connectionState !== "closed");
  const both = [pc?.localDescription, pc?.remoteDescription];
  const of = (type) => both.find((it) => it?.type === type)?.sdp ?? "";
  return { offer: of("offer"), answer: of("answer") };
}

/** What the host's browser sends, by layer: whether the machine was fast enough is seen here. */
export async function sampleHost() {
  const { peers } = window.__seen;
  const pc = peers.findLast((it) => it.connectionState !== "closed");
  const layers = [];
  let estimate = null;
  for (const stat of (await pc?.getStats())?.values() ?? []) {
    if (stat.type === "candidate-pair") estimate = stat.availableOutgoingBitrate ?? estimate;
    if (stat.type === "outbound-rtp" && stat.kind === "video") layers.push({ ...stat });
  }
  return {
    at: performance.now(),
    layers: layers.sort((a, b) => (a.frameHeight ?? 0) - (b.frameHeight ?? 0)),
    estimate,
    peers: peers.length,
    state: document.querySelector('[data-testid="host-state"]')?.dataset.state ?? null,
  };
}

/**
 * Joins a room as a fan, as the product's page does, waits for the first frame, and leaves. Times are
 * milliseconds after it began: the socket is open, the offer is there, the answer is sent, media is
 * connected, the first decoded frame is shown.
 */
export async function joinOnce({ room, timeoutMs }) {
  const began = performance.now();
  const since = () => performance.now() - began;
  const times = {};
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  document.body.append(video);
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  const send = (message) => socket.send(JSON.stringify(message));
  let pc = null;

  const shown = new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${why} after ${JSON.stringify(times)}`));
    setTimeout(() => fail(`no frame in ${timeoutMs} ms`), timeoutMs);
    video.requestVideoFrameCallback(() => {
      times.firstFrameMs = since();
      resolve();
    });
    socket.addEventListener("close", () => fail("the socket was closed"));
    socket.addEventListener("open", () => {
      times.socketMs = since();
      send({ type: "hello", v: 1, role: "fan", room, caps: { video: ["VP8", "H264"] } });
    });
    const answer = async ({ sdp, neg }) => {
      times.offerMs = since();
      pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      pc.addEventListener("track", ({ streams }) => {
        video.srcObject = streams[0];
      });
      pc.addEventListener("connectionstatechange", () => {
        if (pc.connectionState === "connected") times.connectedMs ??= since();
      });
      await pc.setRemoteDescription({ type: "offer", sdp });
      await pc.setLocalDescription(await pc.createAnswer());
      send({ type: "answer", pc: "sub", neg, sdp: pc.localDescription.sdp });
      times.answerMs = since();
    };
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "offer") answer(message).catch(reject);
      if (message.type === "error") fail(`${message.code}: ${message.message}`);
    });
  });
  try {
    await shown;
  } finally {
    if (socket.readyState === WebSocket.OPEN) send({ type: "leave" });
    socket.close();
    await closed;
    pc?.close();
    video.srcObject = null;
    video.remove();
  }
  return times;
}

/**
 * Before the page's own scripts: notes by the wall clock when frames are shown, when reports of the other side came,
 * and the bit rate that the encoders are to make, ten times a second.
 */
export function noteMedia() {
  const notes = { frames: [], reports: [], targets: [] };
  Object.defineProperty(window, "__notes", { value: notes });
  const follow = (video) => {
    notes.frames.push(Date.now());
    video.requestVideoFrameCallback(() => follow(video));
  };
  document.addEventListener("loadeddata", ({ target }) => follow(target), true);
  let reported = 0;
  setInterval(async () => {
    const pc = window.__seen.peers.findLast((it) => it.connectionState !== "closed");
    const stats = [...((await pc?.getStats())?.values() ?? [])];
    const now = Date.now();
    const of = (type) => stats.filter((it) => it.type === type);
    const latest = Math.max(0, ...of("remote-inbound-rtp").map((it) => it.timestamp));
    if (latest > reported) notes.reports.push(Math.round(latest));
    reported = latest;
    const pictures = of("outbound-rtp").filter((it) => it.kind === "video");
    const bitrates = pictures.map((it) => it.targetBitrate ?? 0);
    const target = bitrates.reduce((sum, it) => sum + it, 0);
    if (target > 0) notes.targets.push([now, target]);
  }, 100);
}

/** What was noted since this was last asked, and how many peer connections the page has made. */
export function takeNotes() {
  const { frames, reports, targets } = window.__notes;
  const taken = [frames, reports, targets].map((it) => it.splice(0));
  return {
    frames: taken[0],
    reports: taken[1],
    targets: taken[2],
    peers: window.__seen.peers.length,
  };
}

/**
 * Before a fan's scripts: notes when each step towards its first frame was reached, in milliseconds after the page was
 * opened. A page that begins anew takes the last of each.
 */
export function noteSteps() {
  const steps = {};
  Object.defineProperty(window, "__steps", { value: steps });
  const note = (name) => {
    if (steps.firstFrameMs === undefined) steps[name] = performance.now();
  };
  const { WebSocket: Socket, RTCPeerConnection: Peer } = window;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      note("pageMs");
      this.addEventListener("open", () => note("socketMs"));
    }
  };
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      note("offerMs");
      steps.peers = (steps.peers ?? 0) + 1;
      this.addEventListener("iceconnectionstatechange", () => {
        if (this.iceConnectionState === "connected") note("iceMs");
      });
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") note("connectedMs");
      });
    }
  };
  // Chromium may tell of data before there is a frame, when a stream follows one that showed none.
  const follow = ({ target }) => target.requestVideoFrameCallback?.(() => note("firstFrameMs"));
  document.addEventListener("loadstart", follow, true);
}

export function readSteps() {
  return { ...window.__steps };
}
