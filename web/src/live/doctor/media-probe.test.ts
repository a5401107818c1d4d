import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer, FakeSocket, fakeSignaling, resetFakes, welcome } from "../../testing/fakes";
import type { PathResult } from "../protocol";
import { MediaProbe } from "./media-probe";
import type { MediaPath } from "./ways";

const SERVER = [
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=candidate:1 1 udp 1 203.0.113.7 3000 typ host",
  "a=candidate:2 1 tcp 1 203.0.113.7 3001 typ host tcptype passive",
].join("\r\n");
const OWN_TURN = { urls: ["turns:live.test:3001?transport=tcp"], username: "u", credential: "c" };

/** A peer that says over which pair its media goes. */
class ProbedPeer extends FakePeer {
  pair: Record<string, string> | null = null;
  config: RTCConfiguration;

  constructor(config: RTCConfiguration) {
    super();
    this.config = config;
  }

  gathers(...candidates: string[]): void {
    for (const line of [...candidates, ""]) {
      const candidate = { candidate: line && `candidate:${line}` };
      this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate }));
    }
  }

  takes(protocol: string, address: string, candidateType = "host"): void {
    this.pair = { protocol, address, candidateType };
    this.becomes("connected");
  }

  override async getStats() {
    const report = new Map(await super.getStats());
    // A browser has something to check as soon as it knows the other side.
    if (this.remoteDescription) report.set("c", { type: "candidate-pair", id: "c" });
    if (this.pair) {
      const { protocol, address, candidateType } = this.pair;
      const ids = { localCandidateId: "l", remoteCandidateId: "r" };
      report.set("p", {
        type: "candidate-pair",
        id: "p",
        nominated: true,
        state: "succeeded",
        ...ids,
      });
      report.set("l", { type: "local-candidate", id: "l", protocol, candidateType });
      report.set("r", { type: "remote-candidate", id: "r", address, candidateType: "host" });
    }
    return report as unknown as RTCStatsReport;
  }
}

let probe: MediaProbe;
let result: PathResult | null;
let otherFamilyWorks: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", class extends EventTarget {});
  resetFakes();
  result = null;
  otherFamilyWorks = false;
});

afterEach(() => {
  probe.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function begin(path: MediaPath, iceServers: RTCIceServer[] = []): FakeSocket[] {
  const stream = { getVideoTracks: () => [{ kind: "video" }] } as unknown as MediaStream;
  probe = new MediaProbe({
    path,
    room: `doctor-t1-${path}`,
    stream,
    otherFamilyWorks: () => otherFamilyWorks,
    hostname: "live.test",
    makePeer: (config) => new ProbedPeer(config) as unknown as RTCPeerConnection,
    signaling: fakeSignaling,
  });
  void probe.result.then((it) => {
    result = it;
  });
  const sockets = [...FakeSocket.made];
  for (const socket of sockets) {
    socket.open();
    socket.says(welcome({ iceServers: iceServers as never }));
  }
  return sockets;
}

async function negotiate([host, fan]: FakeSocket[], sdp = SERVER): Promise<ProbedPeer[]> {
  await pass(0);
  host?.says({ type: "answer", pc: "pub", neg: 1, sdp });
  fan?.says({ type: "offer", pc: "sub", neg: 1, sdp });
  await pass(0);
  return FakePeer.made as ProbedPeer[];
}

test("publishes and watches in one room, over the one way alone", async () => {
  const sockets = begin("udp4");
  const peers = await negotiate(sockets);
  expect(sockets.map((it) => it.sent[0])).toMatchObject([
    { type: "hello", role: "host", room: "doctor-t1-udp4" },
    { type: "hello", role: "fan", room: "doctor-t1-udp4" },
  ]);
  expect(sockets[0]?.types()).toEqual(["hello", "offer", "golive"]);
  expect(sockets[1]?.types()).toEqual(["hello", "answer"]);
  for (const peer of peers) {
    expect(peer.remoteDescription?.sdp).toContain(" udp 1 203.0.113.7 3000");
    expect(peer.remoteDescription?.sdp).not.toContain(" tcp ");
    expect(peer.config).toMatchObject({ iceServers: [], iceTransportPolicy: "all" });
  }
});

test("works as soon as the picture comes back, and leaves nothing behind", async () => {
  const sockets = begin("udp4");
  const [publisher, viewer] = await negotiate(sockets);
  publisher?.takes("udp", "203.0.113.7");
  viewer?.takes("udp", "203.0.113.7");
  await pass(1_000);
  expect(result).toBeNull();
  if (viewer) viewer.framesDecoded = 1;
  await pass(200);
  expect(result).toMatchObject({ path: "udp4", state: "works" });
  expect(result?.ms).toBeGreaterThanOrEqual(1_000);
  expect(sockets.map((it) => it.types().at(-1))).toEqual(["end", "leave"]);
  expect([publisher?.closed, viewer?.closed]).toEqual([true, true]);
});

test("a picture that took another way is no proof of this one", async () => {
  const [publisher, viewer] = await negotiate(begin("tcp4"));
  publisher?.takes("tcp", "203.0.113.7");
  viewer?.takes("udp", "203.0.113.7");
  if (viewer) viewer.framesDecoded = 30;
  await pass(5_000);
  expect(result).toMatchObject({ path: "tcp4", state: "closed" });
});

test("closed after 5 s without a path, and at once when both sides have given up", async () => {
  const peers = await negotiate(begin("udp4"));
  for (const peer of peers) peer.gathers("1 1 udp 1 a.local 50000 typ host");
  await pass(4_900);
  expect(result).toBeNull();
  await pass(200);
  expect(result).toMatchObject({ state: "closed" });

  resetFakes();
  result = null;
  const [publisher] = await negotiate(begin("udp4"));
  await pass(200);
  publisher?.becomes("failed");
  await pass(0);
  expect(result).toMatchObject({ state: "closed" });
});

test("what the server does not announce is known with its first description", async () => {
  await negotiate(begin("udp6"));
  expect(result).toEqual({ path: "udp6", state: "not_offered", ms: null });
});

test("TURN is the server's own and nothing but a relay", async () => {
  const stranger = { urls: ["turns:turn.test:443"], username: "u", credential: "c" };
  const [publisher, viewer] = await negotiate(begin("turn", [stranger, OWN_TURN]));
  expect(publisher?.config).toMatchObject({ iceServers: [OWN_TURN], iceTransportPolicy: "relay" });
  publisher?.takes("udp", "203.0.113.7", "relay");
  viewer?.takes("udp", "203.0.113.7", "relay");
  if (viewer) viewer.framesDecoded = 1;
  await pass(200);
  expect(result).toMatchObject({ path: "turn", state: "works" });
});

test("without HTTPS of its own a server has no TURN", async () => {
  begin("turn", [{ urls: ["stun:stun.test"] }]);
  await pass(0);
  expect(result).toEqual({ path: "turn", state: "not_offered", ms: null });
});

test("a device without IPv6 is told apart from a closed port", async () => {
  const six = SERVER.replaceAll("203.0.113.7", "2001:db8::7");
  const [publisher] = await negotiate(begin("udp6"), six);
  publisher?.gathers("1 1 udp 1 192.0.2.9 50000 typ host", "2 1 tcp 1 192.0.2.9 9 typ host");
  await pass(5_100);
  expect(result).toEqual({ path: "udp6", state: "not_tried", ms: null });
});

test("a server that refuses says why", async () => {
  const [host] = begin("udp4");
  await pass(0);
  host?.says({ type: "error", code: "auth_required", message: "", fatal: false });
  await pass(0);
  expect(result).toEqual({ path: "udp4", state: "not_tried", ms: null });
  expect(probe.refused).toBe("auth_required");
});

test("without the server’s descriptions nothing was tried", async () => {
  begin("udp4");
  for (const socket of FakeSocket.made) socket.drops();
  await pass(5_100);
  expect(result).toMatchObject({ state: "not_tried" });
});
