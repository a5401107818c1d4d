import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  FakePeer,
  FakeSocket,
  fakeSignaling,
  makeFakePeer,
  resetFakes,
  roomState,
  state,
  welcome,
} from "../testing/fakes";
import { keepRoomPassword, roomPassword } from "./room-password";
import { Viewer } from "./viewer";
import { viewerPhase } from "./viewer-phase";

let viewer: Viewer;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  vi.stubGlobal("MediaStream", class extends EventTarget {});
  resetFakes();
  viewer = new Viewer({
    room: "demo",
    lang: "en",
    makePeer: makeFakePeer,
    signaling: fakeSignaling,
  });
});

afterEach(() => {
  viewer.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const phase = () => viewer.getSnapshot().phase;

async function join(): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await settle();
  FakePeer.last.becomes("connected");
}

/** Lets time pass with a frame decoded in each step. */
async function watch(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    FakePeer.last.framesDecoded += 8;
    await vi.advanceTimersByTimeAsync(250);
  }
}

async function watchLive(): Promise<void> {
  await join();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1 }));
  await watch(1000);
}

test("waits for the host with the connection ready", async () => {
  expect(phase()).toBe("connecting");
  await join();
  expect(FakeSocket.last.of("answer")).toEqual([
    { type: "answer", pc: "sub", neg: 1, sdp: "answer to first" },
  ]);
  expect(phase()).toBe("waiting");
});

const OPUS = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "",
].join("\r\n");

test("a broadcast in stereo is asked for in stereo", async () => {
  vi.spyOn(FakePeer.prototype, "createAnswer").mockResolvedValueOnce({ type: "answer", sdp: OPUS });
  await join();
  const sdp = OPUS.replace("useinbandfec=1", "useinbandfec=1;stereo=1");
  expect(FakeSocket.last.of("answer")).toMatchObject([{ sdp }]);
});

test("a browser that refuses to ask for stereo plays all the same", async () => {
  vi.spyOn(FakePeer.prototype, "createAnswer").mockResolvedValueOnce({ type: "answer", sdp: OPUS });
  vi.spyOn(FakePeer.prototype, "setLocalDescription").mockRejectedValueOnce(
    new DOMException("modified", "InvalidModificationError"),
  );
  await join();
  expect(FakeSocket.last.of("answer")).toMatchObject([{ sdp: OPUS }]);
});

test("a late fan of a room where nothing is sent just now is not left waiting", async () => {
  await join();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1, video: "off", audio: "muted" }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(phase()).toBe("live");
});

test("plays by itself when the host goes live, on the same connection", async () => {
  await watchLive();
  expect(phase()).toBe("live");
  expect(FakePeer.made).toHaveLength(1);
});

test("is not live before the first frame", async () => {
  await join();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1 }));
  await vi.advanceTimersByTimeAsync(500);
  expect(phase()).toBe("connecting");
  viewer.frameShown();
  expect(phase()).toBe("live");
});

test("a picture that stands still is said, then healed, then renewed", async () => {
  await watchLive();
  await vi.advanceTimersByTimeAsync(3_500);
  expect(phase()).toBe("stalled");
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(FakeSocket.last.of("restart")).toEqual([{ type: "restart", pc: "sub" }]);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(FakeSocket.made).toHaveLength(2);
  FakeSocket.last.open();
  expect(FakeSocket.last.sent[0]).not.toHaveProperty("resume");
});

test("a picture that stands still because of the host is not said to be our network's", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 3, live: "live", since: 1, hostTrouble: true }));
  await watch(1_000);
  expect(phase()).toBe("live");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(phase()).toBe("interrupted");
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
  expect(FakeSocket.made).toHaveLength(1);
  await watch(1_500);
  expect(phase()).toBe("live");
  FakeSocket.last.says(state({ rev: 4, live: "live", since: 1 }));
  await vi.advanceTimersByTimeAsync(3_500);
  expect(phase()).toBe("stalled");
});

test("our own path that is lost is ours to heal, whatever the host's is like", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 3, live: "live", since: 1, hostTrouble: true }));
  FakePeer.last.becomes("disconnected");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(phase()).toBe("stalled");
  expect(FakeSocket.last.of("restart")).not.toHaveLength(0);
});

/** Joins, and finds no path as the server tells. */
async function joinWithoutPath(): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await settle();
  FakeSocket.last.says({ type: "error", code: "ice_timeout", message: "", fatal: false });
}

test("where UDP is blocked at first the page says so and tries again, ever less often", async () => {
  const delays: number[] = [];
  for (let tries = 1; tries <= 8; tries += 1) {
    await joinWithoutPath();
    expect(viewer.getSnapshot()).toMatchObject({
      phase: "error",
      problem: "ice_timeout",
      retrying: true,
    });
    const began = Date.now();
    while (FakeSocket.made.length === tries) await vi.advanceTimersByTimeAsync(100);
    delays.push(Date.now() - began);
  }
  expect(delays[0]).toBeLessThan(1_000);
  expect(delays[7]).toBeGreaterThanOrEqual(7_000);
  expect(delays).toEqual([...delays].sort((a, b) => a - b));
  // Now it is let through.
  await join();
  expect(viewer.getSnapshot()).toMatchObject({
    phase: "waiting",
    problem: null,
    retrying: false,
  });
});

test("a browser that gives up before the server does counts as one try", async () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await settle();
  FakePeer.last.becomes("failed");
  expect(viewer.getSnapshot()).toMatchObject({ problem: "ice_failed", retrying: true });
  FakeSocket.last.says({ type: "error", code: "ice_timeout", message: "", fatal: false });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(FakeSocket.made).toHaveLength(2);
});

test("another network is tried at once", async () => {
  for (let tries = 1; tries <= 6; tries += 1) {
    await joinWithoutPath();
    if (tries < 6) await vi.advanceTimersByTimeAsync(7_000);
  }
  const before = FakeSocket.made.length;
  window.dispatchEvent(new Event("online"));
  await settle();
  expect(FakeSocket.made).toHaveLength(before + 1);
});

test("who has left the page tries no more", async () => {
  await joinWithoutPath();
  viewer.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.made).toHaveLength(1);
});

test("a stall that passes leaves no trace", async () => {
  await watchLive();
  await vi.advanceTimersByTimeAsync(3_500);
  await watch(1_500);
  expect(phase()).toBe("live");
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
});

test("a host without a camera does not look like a stall", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 3, live: "live", since: 1, video: "off" }));
  for (let seconds = 0; seconds < 20; seconds += 1) {
    FakePeer.last.bytesReceived += 5_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(phase()).toBe("live");
  }
});

test("an interruption is waited out: the host's path is not ours to heal", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 3, live: "interrupted" }));
  expect(phase()).toBe("interrupted");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
});

test("a lost socket is no loss while the picture moves", async () => {
  await watchLive();
  FakeSocket.last.drops();
  expect(phase()).toBe("live");
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: true, room: roomState({ rev: 2, live: "live" }) }));
  await watch(500);
  expect(phase()).toBe("live");
  expect(FakePeer.made).toHaveLength(1);
});

/** The socket is lost and comes back to the same session. */
async function resumeSocket(): Promise<void> {
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: true, room: roomState({ rev: 2, live: "live" }) }));
  await settle();
}

test("in another network the path is looked for at once, not when the picture has stood for six seconds", async () => {
  await watchLive();
  FakePeer.last.pathBytes = 1_000;
  await resumeSocket();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.last.of("restart")).toEqual([{ type: "restart", pc: "sub" }]);
  expect(FakePeer.made).toHaveLength(1);
});

test("a socket that was lost alone makes nothing new", async () => {
  await watchLive();
  FakePeer.last.pathBytes = 1_000;
  await resumeSocket();
  FakePeer.last.pathBytes = 1_100;
  await watch(1_000);
  expect(FakeSocket.last.of("restart")).toEqual([]);
});

test("a path that the browser doubts is kept while the picture moves", async () => {
  await watchLive();
  FakePeer.last.becomes("disconnected");
  await watch(5_000);
  expect(FakeSocket.last.of("restart")).toEqual([]);
  expect(phase()).toBe("live");
  // Two seconds make a stall, and readings are one apart.
  await vi.advanceTimersByTimeAsync(4_000);
  expect(FakeSocket.last.of("restart")).toHaveLength(1);
});

test("a path that is lost is left after three seconds, not after the six of a stall", async () => {
  await watchLive();
  await vi.advanceTimersByTimeAsync(1_000);
  FakePeer.last.becomes("disconnected");
  await vi.advanceTimersByTimeAsync(3_500);
  expect(FakeSocket.last.of("restart")).toHaveLength(1);
});

test("a server that forgot everything gets a new peer connection", async () => {
  await watchLive();
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false }));
  expect(FakePeer.made[0]?.closed).toBe(true);
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "second" });
  await settle();
  expect(FakePeer.made).toHaveLength(2);
  expect(FakeSocket.last.of("answer")[0]).toMatchObject({ sdp: "answer to second" });
});

test("a later offer is answered on the same connection", async () => {
  await join();
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 2, sdp: "again" });
  await settle();
  expect(FakePeer.made).toHaveLength(1);
  expect(FakeSocket.last.of("answer").at(-1)).toMatchObject({ neg: 2, sdp: "answer to again" });
});

test("an offer made before the greeting was heard is left to the one after it", async () => {
  FakeSocket.last.open();
  FakeSocket.last.says({ type: "offer", sdp: "for who is silent" });
  await settle();
  expect(FakePeer.made).toHaveLength(0);
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await settle();
  expect(FakeSocket.last.of("answer")).toMatchObject([{ neg: 1, sdp: "answer to first" }]);
});

test("a server that forgets everything while it is answered is answered again", async () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  // A peer connection that is closed meanwhile neither does nor refuses it.
  vi.spyOn(FakePeer.prototype, "createAnswer").mockImplementationOnce(() => new Promise(() => {}));
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await settle();
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false }));
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "second" });
  await settle();
  expect(FakeSocket.last.of("answer")).toMatchObject([{ neg: 1, sdp: "answer to second" }]);
  // And a later one on the same connection.
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 2, sdp: "again" });
  await settle();
  expect(FakeSocket.last.of("answer").at(-1)).toMatchObject({ neg: 2 });
});

test("a page too slow to answer asks for the offer again", async () => {
  await join();
  FakeSocket.last.says({ type: "error", code: "answer_timeout", message: "", fatal: false });
  expect(FakeSocket.last.of("restart")).toHaveLength(1);
  expect(phase()).toBe("waiting");
});

const CLOSED = "a=candidate:1 1 udp 1 203.0.113.7 3000 typ host";

test("says within 5 s why no path comes, goes on trying, and falls silent when one comes", async () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: CLOSED });
  await settle();
  FakePeer.last.becomes("connecting");
  expect(viewer.getSnapshot().noPath).toBeNull();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(viewer.getSnapshot().noPath?.code).toBe("closed_udp");
  FakeSocket.last.says({ type: "error", code: "ice_timeout", message: "", fatal: false });
  expect(viewer.getSnapshot()).toMatchObject({ retrying: true, noPath: { code: "closed_udp" } });
  await vi.advanceTimersByTimeAsync(2_000);
  await join();
  expect(viewer.getSnapshot()).toMatchObject({ retrying: false, noPath: null });
});

test("a fan that is refused is told that, and nothing of paths", async () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: CLOSED });
  await vi.advanceTimersByTimeAsync(4_000);
  FakeSocket.last.says({ type: "error", code: "room_full", message: "", fatal: false });
  expect(viewer.getSnapshot()).toMatchObject({ problem: "room_full", noPath: null });
});

test("says which codec is missing", async () => {
  await join();
  FakeSocket.last.says({
    type: "error",
    code: "codec_unsupported",
    message: "",
    fatal: false,
    detail: "H264",
  });
  expect(viewer.getSnapshot()).toMatchObject({
    phase: "error",
    problem: "codec_unsupported",
    detail: "H264",
  });
});

test("ends, and begins again", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 3, live: "ended" }));
  expect(phase()).toBe("ended");
  FakeSocket.last.says(state({ rev: 4, live: "live", since: 2 }));
  await watch(1000);
  expect(phase()).toBe("live");
});

const sizes = [
  { rid: "q", w: 320, h: 180 },
  { rid: "h", w: 640, h: 360 },
  { rid: "f", w: 1280, h: 720 },
];
const wishes = () => FakeSocket.last.of("layer");

function show(visibility: "visible" | "hidden"): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visibility);
  document.dispatchEvent(new Event("visibilitychange"));
  // The server lives, so the page is told so when it asks on waking up.
  FakeSocket.last.says({ type: "pong", t: 0, now: 0 });
}

async function watchLayers(): Promise<void> {
  await join();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1, sizes }));
  viewer.frameShown();
  await watch(1000);
}

test("asks for the lines that were chosen, now and at the next visit", async () => {
  await watchLayers();
  expect(wishes()).toEqual([]);
  viewer.choose(360);
  expect(wishes()).toEqual([{ type: "layer", video: "h", visible: true }]);
  // Another host sends other sizes.
  const others = [
    { rid: "low", w: 480, h: 270 },
    { rid: "high", w: 1920, h: 1080 },
  ];
  FakeSocket.last.says(state({ rev: 3, live: "live", since: 1, sizes: others }));
  expect(wishes().at(-1)).toEqual({ type: "layer", video: "low", visible: true });
  viewer.close();

  viewer = new Viewer({ room: "x", lang: "en", makePeer: makeFakePeer, signaling: fakeSignaling });
  expect(viewer.getSnapshot().choice).toBe(360);
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ room: roomState({ live: "live", sizes }) }));
  expect(wishes()).toEqual([{ type: "layer", video: "h", visible: true }]);
});

test("a server that forgot is told again, one that remembers is not", async () => {
  await watchLayers();
  viewer.choose(180);
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: true, room: roomState({ live: "live", sizes }) }));
  expect(wishes()).toEqual([]);
  viewer.choose(360);
  FakeSocket.last.drops();
  await settle();
  viewer.choose(720);
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false, room: roomState({ live: "live", sizes }) }));
  expect(wishes()).toEqual([{ type: "layer", video: "f", visible: true }]);
});

test("a page out of sight is sent no picture, says so late, and does not think it stalled", async () => {
  await watchLayers();
  show("hidden");
  await watch(4_000);
  show("visible");
  await watch(4_000);
  expect(wishes()).toEqual([]);
  show("hidden");
  await watch(5_000);
  expect(wishes()).toEqual([{ type: "layer", video: "auto", visible: false }]);
  for (let seconds = 0; seconds < 20; seconds += 1) {
    FakePeer.last.bytesReceived += 5_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(phase()).toBe("live");
  }
  show("visible");
  expect(wishes().at(-1)).toEqual({ type: "layer", video: "auto", visible: true });
  await watch(2_000);
  expect(phase()).toBe("live");
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
});

test("sound that stops on a page out of sight is noticed; no sound that a muted host does not send", async () => {
  await watchLayers();
  show("hidden");
  await watch(6_000);
  FakeSocket.last.says(state({ rev: 3, live: "live", since: 1, sizes, audio: "muted" }));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
  FakeSocket.last.says(state({ rev: 4, live: "live", since: 1, sizes, audio: "on" }));
  await vi.advanceTimersByTimeAsync(8_000);
  expect(phase()).toBe("stalled");
  expect(FakeSocket.last.of("restart")).toHaveLength(1);
});

test("a picture in a window of its own is seen wherever the page is", async () => {
  await watchLayers();
  Object.defineProperty(document, "pictureInPictureElement", { value: {}, configurable: true });
  show("hidden");
  await watch(20_000);
  expect(wishes()).toEqual([]);
  Object.defineProperty(document, "pictureInPictureElement", { value: null, configurable: true });
  document.dispatchEvent(new Event("leavepictureinpicture"));
  await watch(6_000);
  expect(wishes()).toHaveLength(1);
});

test("who wants to listen only is sent the smallest picture until the player runs", async () => {
  localStorage.setItem("kaibo.picture", '"off"');
  viewer.close();
  viewer = new Viewer({ room: "x", lang: "en", makePeer: makeFakePeer, signaling: fakeSignaling });
  await join();
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1, sizes }));
  expect(wishes().at(-1)).toEqual({ type: "layer", video: "q", visible: true });
  viewer.frameShown();
  expect(wishes().at(-1)).toEqual({ type: "layer", video: "off", visible: true });
  // A new stream has a player that has shown nothing yet.
  FakeSocket.last.drops();
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false, room: roomState({ live: "live", sizes }) }));
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "second" });
  await settle();
  expect(wishes().at(-1)).toEqual({ type: "layer", video: "q", visible: true });
});

test("a network that carries sound only does not look like a stall", async () => {
  await watchLayers();
  const layer = { type: "layer_now", on: false, auto: true, reason: "bandwidth" } as const;
  FakeSocket.last.says(layer);
  expect(viewer.getSnapshot().layer).toEqual(layer);
  for (let seconds = 0; seconds < 20; seconds += 1) {
    FakePeer.last.bytesReceived += 5_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(phase()).toBe("live");
  }
});

test("leaving is said", async () => {
  await join();
  viewer.close();
  expect(FakeSocket.last.types().at(-1)).toBe("leave");
  expect(FakePeer.last.closed).toBe(true);
});

test("the phase follows from what is known", () => {
  const known = {
    problem: null,
    room: roomState({ live: "live" }),
    signaling: "open",
    connected: true,
    playing: true,
    stalled: false,
  } as const;
  expect(viewerPhase(known)).toBe("live");
  expect(viewerPhase({ ...known, room: null })).toBe("connecting");
  expect(viewerPhase({ ...known, playing: false })).toBe("connecting");
  expect(viewerPhase({ ...known, signaling: "waiting" })).toBe("live");
  const trouble = { ...known, stalled: true, room: roomState({ live: "live", hostTrouble: true }) };
  expect(viewerPhase(trouble)).toBe("interrupted");
  expect(viewerPhase({ ...trouble, stalled: false })).toBe("live");
  expect(viewerPhase({ ...trouble, connected: false })).toBe("stalled");
  expect(viewerPhase({ ...known, signaling: "waiting", stalled: true })).toBe("reconnecting");
  expect(viewerPhase({ ...known, room: roomState({ live: "starting" }) })).toBe("waiting");
  expect(viewerPhase({ ...known, problem: "room_full" })).toBe("error");
});

test("a full room is asked again, later each time, and plays once there is a place", async () => {
  await join();
  const full = { type: "error", code: "room_full", message: "", fatal: false } as const;
  FakeSocket.last.says({ ...full, retryMs: 10_000 });
  expect(viewer.getSnapshot()).toMatchObject({
    phase: "error",
    problem: "room_full",
    retrying: true,
    retryAtMs: Date.now() + 10_000,
  });
  const asked = () => FakeSocket.last.of("restart").length;
  await vi.advanceTimersByTimeAsync(9_900);
  expect(asked()).toBe(0);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked()).toBe(1);
  FakeSocket.last.says({ ...full, retryMs: 10_000 });
  await vi.advanceTimersByTimeAsync(19_900);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked()).toBe(2);
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "offer 1" });
  await vi.advanceTimersByTimeAsync(0);
  FakePeer.last.becomes("connected");
  expect(viewer.getSnapshot()).toMatchObject({ problem: null, retrying: false, retryAtMs: null });
});

test("who is banned is told so, here and at the next visit, and does not try again", async () => {
  await watchLive();
  FakeSocket.last.says({ type: "bye", reason: "banned" });
  FakeSocket.last.drops(4403);
  expect(viewer.getSnapshot()).toMatchObject({ phase: "error", problem: "banned" });
  viewer.close();
  viewer = new Viewer({ room: "demo", lang: "en", signaling: fakeSignaling });
  FakeSocket.last.open();
  FakeSocket.last.says({ type: "error", code: "banned", message: "", fatal: true });
  FakeSocket.last.drops(4403);
  expect(viewer.getSnapshot()).toMatchObject({ problem: "banned", retrying: false });
  const sockets = FakeSocket.made.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.made).toHaveLength(sockets);
});

test("the greeting says who the browser is", async () => {
  await join();
  const [hello] = FakeSocket.last.of("hello");
  expect(hello?.secret).toMatch(/^[0-9a-f]{32}$/);
});

test("a room that asks for a password is told apart, and what was typed is shown to it", () => {
  sessionStorage.clear();
  const refused = { type: "error", code: "auth_required", message: "m", fatal: true } as const;
  FakeSocket.last.open();
  FakeSocket.last.says({ ...refused, detail: "password" });
  expect(viewer.getSnapshot()).toMatchObject({ phase: "error", detail: "password" });
  viewer.close();
  keepRoomPassword("demo", "open sesame");
  viewer = new Viewer({
    room: "demo",
    lang: "en",
    makePeer: makeFakePeer,
    signaling: fakeSignaling,
  });
  FakeSocket.last.open();
  expect(FakeSocket.last.of("hello")).toMatchObject([{ key: "open sesame" }]);
  FakeSocket.last.says({ ...refused, code: "auth_bad", detail: "password" });
  expect(roomPassword("demo")).toBeNull();
});
