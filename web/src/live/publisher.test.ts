import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  FakePeer,
  FakeSocket,
  fakeSignaling,
  makeFakePeer,
  resetFakes,
  state,
  welcome,
} from "../testing/fakes";
import { LocalMedia } from "./local-media";
import { hostState, Publisher } from "./publisher";

let publisher: Publisher;
let media: LocalMedia;

beforeEach(() => {
  vi.useFakeTimers();
  resetFakes();
  localStorage.clear();
  media = new LocalMedia();
  publisher = new Publisher(media, { makePeer: makeFakePeer, signaling: fakeSignaling });
});

afterEach(() => {
  publisher.close();
  media.close();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

async function goLive(): Promise<void> {
  publisher.goLive({ room: "demo", name: "", lang: "zh-CN" });
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  await settle();
}

async function beLive(): Promise<void> {
  await goLive();
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 1, sdp: "v=0" });
  await settle();
  FakePeer.last.becomes("connected");
  FakeSocket.last.says(state({ rev: 2, live: "live", since: Date.now() }));
}

test("offers sound, then picture, then goes live", async () => {
  await goLive();
  expect(FakePeer.last.transceivers.map(({ direction }) => direction)).toEqual([
    "sendonly",
    "sendonly",
  ]);
  expect(FakeSocket.last.types()).toEqual(["hello", "offer", "golive"]);
  expect(FakeSocket.last.of("offer")[0]).toMatchObject({ pc: "pub", neg: 1, sdp: "offer 1" });
  expect(hostState(publisher.getSnapshot())).toBe("starting");
});

test("sends three layers, so that each fan gets what its network carries", async () => {
  await goLive();
  const [audio, video] = FakePeer.last.transceivers;
  expect(audio?.sender.parameters.encodings).toHaveLength(1);
  const layers = video?.sender.parameters.encodings ?? [];
  expect(layers.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
    ["q", 4],
    ["h", 2],
    ["f", 1],
  ]);
  const top = layers[2]?.maxBitrate ?? 0;
  expect(layers.map(({ maxBitrate }) => (maxBitrate ?? 0) / top)).toEqual([1 / 12, 1 / 4, 1]);
});

test("names itself by a secret of this browser, the same each time", async () => {
  await goLive();
  const first = FakeSocket.last.sent[0]?.secret;
  publisher.reset();
  await goLive();
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(FakeSocket.last.sent[0]?.secret).toBe(first);
});

test("is live when the fans see it, and counts them", async () => {
  await beLive();
  FakeSocket.last.says({ type: "viewers", n: 3, peak: 9 });
  expect(hostState(publisher.getSnapshot())).toBe("live");
  expect(publisher.getSnapshot()).toMatchObject({ viewers: 3, peak: 9 });
});

test("an older state changes nothing", async () => {
  await beLive();
  FakeSocket.last.says(state({ rev: 1, live: "ended" }));
  expect(publisher.getSnapshot().room?.live).toBe("live");
});

test("an answer to an older offer is dropped", async () => {
  await goLive();
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 7, sdp: "v=0" });
  await settle();
  expect(FakePeer.last.remoteDescription).toBeNull();
});

test("a lost socket alone keeps the peer connection", async () => {
  await beLive();
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: true }));
  await settle();
  expect(FakePeer.made).toHaveLength(1);
  expect(FakeSocket.last.of("offer")).toHaveLength(0);
  expect(hostState(publisher.getSnapshot())).not.toBe("ended");
});

test("in another network the host's path is looked for at once", async () => {
  await beLive();
  FakePeer.last.pathBytes = 1_000;
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: true }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakePeer.made).toHaveLength(1);
  expect(FakePeer.last.offers.at(-1)).toEqual({ iceRestart: true });
  expect(FakeSocket.last.of("offer")).toHaveLength(1);
});

test("a server that forgot everything gets a new offer and goes live again", async () => {
  await beLive();
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false }));
  await settle();
  expect(FakePeer.made).toHaveLength(2);
  expect(FakePeer.made[0]?.closed).toBe(true);
  expect(FakeSocket.last.types()).toEqual(["hello", "offer", "golive"]);
});

test("says what is switched off once the server has taken the media", async () => {
  await goLive();
  expect(FakeSocket.last.of("media_state")).toHaveLength(0);
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 1, sdp: "v=0" });
  await settle();
  // There is no device in this test.
  expect(FakeSocket.last.of("media_state")).toEqual([
    { type: "media_state", audio: false, video: false, layers: [] },
  ]);
});

const active = () =>
  FakePeer.last.transceivers[1]?.sender.parameters.encodings.map(({ active }) => active !== false);

test("does not encode what nobody watches, and does again when somebody wants to", async () => {
  await beLive();
  FakeSocket.last.says({ type: "layers", paused: ["h", "f"] });
  await settle();
  expect(active()).toEqual([true, false, false]);
  expect([...publisher.getSnapshot().paused]).toEqual(["h", "f"]);
  // Another quality, device or source changes nothing of it.
  media.setSettings({ quality: "smooth" });
  await settle();
  expect(active()).toEqual([true, false, false]);
  FakeSocket.last.says({ type: "layers", paused: ["q"] });
  await settle();
  expect(active()).toEqual([false, true, true]);
});

test("changes of what is encoded wait for each other", async () => {
  await beLive();
  const sender = FakePeer.last.transceivers[1]?.sender;
  if (!sender) throw new Error("no picture");
  let running = 0;
  const set = sender.setParameters.bind(sender);
  // A browser refuses parameters that were read before the last change.
  sender.setParameters = async (parameters) => {
    running += 1;
    expect(running).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await set(parameters);
    running -= 1;
  };
  media.setSettings({ quality: "ultra" });
  FakeSocket.last.says({ type: "layers", paused: ["f"] });
  FakeSocket.last.says({ type: "layers", paused: [] });
  FakeSocket.last.says({ type: "layers", paused: ["h"] });
  await vi.advanceTimersByTimeAsync(10);
  expect(active()).toEqual([true, false, true]);
});

test("a lost socket and an ICE restart keep the pause, a new connection begins with all", async () => {
  await beLive();
  FakeSocket.last.says({ type: "layers", paused: ["f"] });
  await settle();
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakePeer.last.connectionState = "disconnected";
  FakeSocket.last.says(welcome({ resumed: true }));
  await settle();
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 2, sdp: "v=0" });
  await settle();
  expect(FakePeer.made).toHaveLength(1);
  expect(active()).toEqual([true, true, false]);

  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false }));
  await settle();
  expect(FakePeer.made).toHaveLength(2);
  // Of the connection before.
  FakeSocket.last.says({ type: "layers", paused: ["f"] });
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 3, sdp: "v=0" });
  await settle();
  expect(active()).toEqual([true, true, true]);
});

test("says that it can pause, which an older page does not", async () => {
  await goLive();
  expect(FakeSocket.last.sent[0]?.caps).toEqual({ video: [], pauses: true });
});

test("a small complaint while live ends nothing", async () => {
  await beLive();
  FakeSocket.last.says({ type: "error", code: "forbidden", message: "", fatal: false });
  expect(hostState(publisher.getSnapshot())).toBe("live");
});

test("too many wrong keys are a refusal, not an endless attempt", () => {
  publisher.goLive({ room: "demo", name: "", lang: "en" });
  FakeSocket.last.open();
  FakeSocket.last.says({ type: "error", code: "rate_limited", message: "", fatal: false });
  expect(publisher.getSnapshot()).toMatchObject({ phase: "failed", problem: "rate_limited" });
});

test("a failed path restarts ICE on the same connection, then makes a new one", async () => {
  await beLive();
  FakePeer.last.becomes("failed");
  await settle();
  expect(FakePeer.last.offers.at(-1)).toEqual({ iceRestart: true });
  expect(FakeSocket.last.of("offer").at(-1)).toMatchObject({ neg: 2 });
  expect(hostState(publisher.getSnapshot())).toBe("interrupted");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(FakePeer.made).toHaveLength(2);
});

test("a short disconnection is waited out", async () => {
  await beLive();
  FakePeer.last.becomes("disconnected");
  await vi.advanceTimersByTimeAsync(2_000);
  FakePeer.last.becomes("connected");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(FakeSocket.made[0]?.of("offer")).toHaveLength(1);
});

test("says that a key is needed, and stops", async () => {
  publisher.goLive({ room: "demo", name: "", lang: "en" });
  FakeSocket.last.open();
  FakeSocket.last.says({ type: "error", code: "auth_required", message: "", fatal: true });
  expect(publisher.getSnapshot()).toMatchObject({ phase: "failed", problem: "auth_required" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.made).toHaveLength(1);
});

test("stops when another page takes over", async () => {
  await beLive();
  FakeSocket.last.says({ type: "bye", reason: "replaced" });
  expect(publisher.getSnapshot()).toMatchObject({ phase: "failed", problem: "replaced" });
  expect(FakePeer.last.closed).toBe(true);
});

test("ending says so and remembers how it went", async () => {
  await beLive();
  FakeSocket.last.says({ type: "viewers", n: 1, peak: 5 });
  await vi.advanceTimersByTimeAsync(6_000);
  publisher.end();
  expect(FakeSocket.last.types().at(-1)).toBe("end");
  expect(publisher.getSnapshot()).toMatchObject({ phase: "ended", peak: 5, durationMs: 6000 });
});

test("tells what the server finds wrong, until it is over or another connection begins", async () => {
  await goLive();
  FakeSocket.last.says({ type: "findings", findings: [{ code: "no_opus", message: "m" }] });
  expect(publisher.getSnapshot().findings).toEqual([]);
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 1, sdp: "v=0" });
  await settle();
  const found = [{ code: "b_frames" as const, message: "m" }];
  FakeSocket.last.says({ type: "findings", findings: found });
  expect(publisher.getSnapshot().findings).toEqual(found);
  FakeSocket.last.says({ type: "findings", findings: [] });
  expect(publisher.getSnapshot().findings).toEqual([]);
  FakeSocket.last.says({ type: "findings", findings: found });
  publisher.end();
  expect(publisher.getSnapshot().findings).toEqual([]);
});

test("says within 5 s why no path comes, and still when the attempt has failed", async () => {
  const sdp = "a=candidate:1 1 udp 1 203.0.113.7 3000 typ host";
  await goLive();
  FakeSocket.last.says({ type: "answer", pc: "pub", neg: 1, sdp });
  await vi.advanceTimersByTimeAsync(4_000);
  expect(publisher.getSnapshot()).toMatchObject({
    phase: "connecting",
    noPath: { code: "closed_udp" },
  });
  FakeSocket.last.says({ type: "error", code: "ice_timeout", message: "", fatal: false });
  expect(publisher.getSnapshot()).toMatchObject({
    phase: "failed",
    problem: "ice_timeout",
    noPath: { code: "closed_udp" },
  });
  await beLive();
  expect(publisher.getSnapshot()).toMatchObject({ phase: "live", noPath: null });
});
