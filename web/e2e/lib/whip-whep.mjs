import http from "node:http";
import { until } from "./until.mjs";

/**
 * Runs in a page: publishes by WHIP and plays by WHEP, with fetch and RTCPeerConnection and nothing of
 * ours. It must not use anything outside itself.
 */
export function speakWhipWhep() {
  const FRAGMENT = "application/trickle-ice-sdpfrag";
  const session = {
    pc: null,
    token: null,
    url: null,
    etag: null,
    links: "",
    requests: [],
    frames: [],
    told: [],
  };
  window.__session = session;
  let waiting = [];
  let isBusy = false;

  const ask = async (method, url, type, body, headers = {}) => {
    const given = { ...headers };
    if (type) given["content-type"] = type;
    if (session.token) given.authorization = `Bearer ${session.token}`;
    const response = await fetch(url, { method, body, headers: given });
    session.requests.push({ method, type, status: response.status });
    return response;
  };
  const line = (sdp, name) => new RegExp(`^${name}.*$`, "m").exec(sdp)[0].trim();

  /** RFC 8840, section 9: what is new of our side. */
  const fragment = (candidates) => {
    const { sdp } = session.pc.localDescription;
    const said = ["a=ice-ufrag:", "a=ice-pwd:", "m=", "a=mid:"].map((name) => line(sdp, name));
    return [...said, ...candidates, ""].join("\r\n");
  };
  const trickle = async () => {
    if (isBusy || !session.url || waiting.length === 0) return;
    const now = waiting.splice(0);
    isBusy = true;
    await ask("PATCH", session.url, FRAGMENT, fragment(now), { "if-match": session.etag });
    isBusy = false;
    await trickle();
  };
  const connect = () => {
    const pc = new RTCPeerConnection(
      session.certificates && { certificates: session.certificates },
    );
    // What the connection before found is no business of this one's session, nor the other way round.
    session.url = null;
    waiting = [];
    session.pc = pc;
    pc.addEventListener("icecandidate", ({ candidate }) => {
      if (pc !== session.pc) return;
      waiting.push(candidate?.candidate ? `a=${candidate.candidate}` : "a=end-of-candidates");
      void trickle();
    });
  };
  const opened = (response, endpoint) => {
    session.url = new URL(response.headers.get("location"), endpoint).href;
    session.etag = response.headers.get("etag");
    session.links = response.headers.get("link") ?? "";
  };
  const open = async (endpoint) => {
    await session.pc.setLocalDescription();
    const response = await ask(
      "POST",
      endpoint,
      "application/sdp",
      session.pc.localDescription.sdp,
    );
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
    opened(response, endpoint);
    await session.pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
    await trickle();
  };
  /** Shows what comes, and notes when each frame does. */
  const show = () => {
    const video = document.querySelector("video");
    const stream = new MediaStream();
    session.pc.addEventListener("track", ({ track }) => {
      stream.addTrack(track);
      video.srcObject = stream;
    });
    const note = (at) => {
      session.frames.push(at);
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  };

  /** From now on requests carry this key. */
  session.authorize = (token) => {
    session.token = token;
  };
  /** From now on connections have a certificate with this key: RSA, or an elliptic curve. */
  session.certify = async (key) => {
    const rsa = {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    };
    const algorithm = key === "RSA" ? rsa : { name: "ECDSA", namedCurve: key };
    session.certificates = [await RTCPeerConnection.generateCertificate(algorithm)];
  };
  session.publish = async (endpoint) => {
    connect();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    for (const track of stream.getTracks()) {
      session.pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    }
    await open(endpoint);
  };
  session.watch = async (endpoint) => {
    connect();
    show();
    for (const kind of ["audio", "video"]) {
      session.pc.addTransceiver(kind, { direction: "recvonly" });
    }
    await open(endpoint);
  };
  /** As a player does that offers nothing, or no media: the server makes the offer (WHEP, 4.2.2). */
  session.watchWhatIsOffered = async (endpoint, { withDataChannel }) => {
    connect();
    show();
    if (withDataChannel) session.pc.createDataChannel("any");
    // Not set: a Chromium that rolls back while it gathers candidates may find none for the answer.
    const offer = withDataChannel ? (await session.pc.createOffer()).sdp : "";
    const response = await ask("POST", endpoint, "application/sdp", offer);
    if (response.status !== 406) throw new Error(`${response.status}: ${await response.text()}`);
    await session.pc.setRemoteDescription({ type: "offer", sdp: await response.text() });
    await session.pc.setLocalDescription();
    const url = new URL(response.headers.get("location"), endpoint).href;
    await ask("PATCH", url, "application/sdp", session.pc.localDescription.sdp);
    opened(response, endpoint);
    await trickle();
  };
  /** RFC 9725, section 4.3.3: the answer is the one of before, with what the server's fragment says. */
  session.restart = async () => {
    isBusy = true;
    waiting = [];
    session.pc.restartIce();
    await session.pc.setLocalDescription();
    const response = await ask("PATCH", session.url, FRAGMENT, fragment([]), { "if-match": "*" });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    session.etag = response.headers.get("etag");
    const fresh = await response.text();
    const candidates = fresh.split("\r\n").filter((it) => it.startsWith("a=candidate:"));
    const sdp = session.pc.currentRemoteDescription.sdp
      .replace(/^a=(candidate:.*|end-of-candidates)\r\n/gm, "")
      .replace(/^a=ice-ufrag:.*$/gm, line(fresh, "a=ice-ufrag:"))
      .replace(/^a=ice-pwd:.*$/gm, line(fresh, "a=ice-pwd:"))
      .replace(/^a=ice-pwd:.*$/m, (pwd) => [pwd.trim(), ...candidates].join("\r\n"));
    await session.pc.setRemoteDescription({ type: "answer", sdp });
    isBusy = false;
    await trickle();
  };
  session.end = () => ask("DELETE", session.url);
  /** Hears the events of these kinds (the extension of server-sent events). */
  session.listen = async (kinds) => {
    const link = session.links.split(/,\s*(?=<)/).find((it) => it.includes("server-sent-events"));
    const entry = new URL(/<([^>]+)>/.exec(link)[1], session.url);
    const response = await ask("POST", entry, "application/json", JSON.stringify(kinds));
    const source = new EventSource(new URL(response.headers.get("location"), entry));
    for (const kind of kinds) source.addEventListener(kind, () => session.told.push(kind));
    await new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
  };

  /** The user name fragments of the pair of candidates that media takes. */
  session.selected = async () => {
    const report = await session.pc.getStats();
    const find = (type) => [...report.values()].find((stat) => stat.type === type);
    const pair = report.get(find("transport")?.selectedCandidatePairId);
    const ufrag = (id) => report.get(id)?.usernameFragment ?? null;
    return pair ? [ufrag(pair.localCandidateId), ufrag(pair.remoteCandidateId)] : [];
  };
  /** Those that the descriptions have. */
  session.agreed = () =>
    [session.pc.currentLocalDescription, session.pc.currentRemoteDescription].map((it) =>
      line(it.sdp, "a=ice-ufrag:").slice("a=ice-ufrag:".length),
    );
  /** The longest time without a new frame since some moment, in milliseconds. */
  session.longestGap = (since) => {
    const times = [since, ...session.frames.filter((at) => at > since), performance.now()];
    return Math.round(Math.max(...times.slice(1).map((at, i) => at - times[i])));
  };
}

const BLANK = '<!doctype html><link rel="icon" href="data:,"><video autoplay playsinline></video>';

/** A site that is not the server's; each of its paths shows a page. */
export class Site {
  #server;
  #pages = new Map();

  static async start() {
    const site = new Site();
    site.#server = http.createServer(({ url }, response) => {
      const html = site.#pages.get(url) ?? BLANK;
      response.writeHead(200, { "content-type": "text/html" }).end(html);
    });
    await new Promise((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    site.base = `http://localhost:${site.#server.address().port}`;
    return site;
  }

  /** Puts a page there; its address. */
  put(path, html) {
    this.#pages.set(path, html);
    return this.base + path;
  }

  async stop() {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}

/** Asks a page's session something: `ask(page, "watch", url)`. */
export function ask(page, what, ...args) {
  return page.evaluate(([name, rest]) => window.__session[name](...rest), [what, args]);
}

/** Reads something of a page's session. */
export function look(page, what) {
  return page.evaluate((name) => window.__session[name], what);
}

/** Waits for so many seconds of video, by the video's own clock. */
export async function untilPlayed(page, who, seconds) {
  const time = () => page.evaluate(() => document.querySelector("video").currentTime);
  const from = await time();
  await until(async () => (await time()) - from >= seconds, {
    what: `${who} to play ${seconds} s`,
    withinMs: seconds * 1000 + 10_000,
  });
}
