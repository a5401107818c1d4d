import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ServerMessage } from "../live/protocol";
import {
  FakePeer,
  FakeSocket,
  fakeSignaling,
  makeFakePeer,
  resetFakes,
  state,
  welcome,
} from "../testing/fakes";
import { Watcher } from "./watcher";

let watcher: Watcher;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", class extends EventTarget {});
  resetFakes();
  watcher = new Watcher({
    room: "demo",
    lang: "en",
    makePeer: makeFakePeer,
    signaling: fakeSignaling,
  });
});

afterEach(() => {
  watcher.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const phase = () => watcher.getSnapshot().phase;
const live = (rev = 2) => state({ rev, live: "live", since: 1 });

async function join(more: Parameters<typeof welcome>[0] = {}): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome(more));
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await settle();
}

async function watch(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    FakePeer.last.bytesReceived += 8_000;
    FakePeer.last.pathBytes += 8_000;
    await vi.advanceTimersByTimeAsync(250);
  }
}

async function watchLive(): Promise<void> {
  await join();
  FakePeer.last.becomes("connected");
  FakeSocket.last.says(live());
  await watch(2_000);
}

function fails(code: string, more: object = {}): void {
  const error = { type: "error", code, message: "", fatal: false, ...more };
  FakeSocket.last.says(error as ServerMessage);
}

test("waits for the host and plays by itself, again and again, on one connection", async () => {
  expect(phase()).toBe("connecting");
  await join();
  FakePeer.last.becomes("connected");
  expect(phase()).toBe("waiting");
  FakeSocket.last.says(live());
  expect(phase()).toBe("connecting");
  watcher.frameShown();
  expect(phase()).toBe("live");
  FakeSocket.last.says(state({ rev: 3, live: "interrupted" }));
  expect(phase()).toBe("interrupted");
  FakeSocket.last.says(live(4));
  await watch(2_000);
  expect(phase()).toBe("live");
  FakeSocket.last.says(state({ rev: 5, live: "ended" }));
  expect(phase()).toBe("ended");
  expect(FakePeer.made).toHaveLength(1);
});

test("an older state does not undo a newer one", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 1, live: "offline" }));
  expect(phase()).toBe("live");
});

test("a lost socket is taken up again, and the connection kept", async () => {
  await watchLive();
  FakeSocket.last.drops();
  await watch(250);
  expect(phase()).toBe("live");
  FakeSocket.last.open();
  expect(FakeSocket.last.of("hello")).toMatchObject([{ resume: "token-1" }]);
  FakeSocket.last.says(welcome({ resumed: true, room: { ...room(), live: "live", rev: 2 } }));
  await watch(1_000);
  expect(phase()).toBe("live");
  expect(FakePeer.made).toHaveLength(1);
});

const room = () => {
  const message = welcome();
  if (message.type !== "welcome") throw new Error("a welcome has a room");
  return message.room;
};

test("a server that knows it no more gets a new connection", async () => {
  await watchLive();
  FakeSocket.last.drops();
  await settle();
  await join({ room: { ...room(), live: "live", rev: 1 } });
  FakePeer.last.becomes("connected");
  await watch(2_000);
  expect(FakePeer.made.map(({ closed }) => closed)).toEqual([true, false]);
  expect(phase()).toBe("live");
});

test("a picture that stands still is said, then healed, then renewed", async () => {
  await watchLive();
  await vi.advanceTimersByTimeAsync(3_500);
  expect(phase()).toBe("stalled");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(FakeSocket.last.of("restart")).toHaveLength(1);
  const sockets = FakeSocket.made.length;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(FakeSocket.made).toHaveLength(sockets + 1);
  expect(phase()).toBe("reconnecting");
});

test("what the host's side holds back is not healed here", async () => {
  await watchLive();
  FakeSocket.last.says(state({ rev: 3, live: "live", since: 1, hostTrouble: true }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(phase()).toBe("interrupted");
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
  expect(FakeSocket.made).toHaveLength(1);
});

test("where nothing is sent just now nothing is waited for", async () => {
  await join();
  FakePeer.last.becomes("connected");
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1, video: "off", audio: "muted" }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(phase()).toBe("live");
});

test("a full room is said, and tried again when the server says so", async () => {
  await join();
  fails("room_full", { retryMs: 10_000 });
  expect(watcher.getSnapshot()).toMatchObject({
    phase: "error",
    problem: "room_full",
    retrying: true,
  });
  expect(FakeSocket.last.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(FakeSocket.made).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(FakeSocket.made).toHaveLength(2);
  await join();
  FakePeer.last.becomes("connected");
  expect(watcher.getSnapshot()).toMatchObject({ phase: "waiting", problem: null, retrying: false });
});

test("where there is no path it goes on looking for one, slower and slower", async () => {
  await join();
  FakePeer.last.becomes("connecting");
  FakePeer.last.becomes("failed");
  expect(watcher.getSnapshot()).toMatchObject({ problem: "ice_failed", retrying: true });
  await vi.advanceTimersByTimeAsync(500);
  expect(FakeSocket.made).toHaveLength(2);
  await join();
  fails("ice_timeout");
  await vi.advanceTimersByTimeAsync(500);
  expect(FakeSocket.made).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.made).toHaveLength(3);
});

test("the server's own TURN is a detour for who finds no direct path", async () => {
  const own = { urls: [`turns:${location.hostname}:443?transport=tcp`] };
  const asked: RTCConfiguration[] = [];
  watcher.close();
  watcher = new Watcher({
    room: "demo",
    lang: "en",
    makePeer: (config) => {
      asked.push(config);
      return makeFakePeer();
    },
    signaling: fakeSignaling,
  });
  await join({ iceServers: [own] });
  expect(asked.map(({ iceServers }) => iceServers)).toEqual([[]]);
  FakePeer.last.becomes("connecting");
  await vi.advanceTimersByTimeAsync(2_500);
  await join({ iceServers: [own] });
  expect(asked.map(({ iceServers }) => iceServers)).toEqual([[], [own]]);
});

test("what no further try would change is said, and nothing is tried", async () => {
  await join();
  fails("codec_unsupported", { detail: "H264" });
  expect(watcher.getSnapshot()).toMatchObject({
    phase: "error",
    problem: "codec_unsupported",
    detail: "H264",
    retrying: false,
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.made).toHaveLength(1);
});

test("an embed that nobody sees asks for no picture, once it has shown one", async () => {
  await join();
  FakePeer.last.becomes("connected");
  FakeSocket.last.says(live());
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(FakeSocket.last.of("layer")).toEqual([]);
  watcher.frameShown();
  expect(FakeSocket.last.of("layer")).toEqual([{ type: "layer", visible: false }]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(phase()).toBe("live");
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(FakeSocket.last.of("layer").at(-1)).toEqual({ type: "layer", visible: true });
});

test("who leaves says so", async () => {
  await watchLive();
  watcher.close();
  expect(FakeSocket.last.types().at(-1)).toBe("leave");
  expect([FakeSocket.last.closed, FakePeer.last.closed]).toEqual([true, true]);
});
