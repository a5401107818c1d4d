import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  FakePeer,
  FakeSocket,
  fakeSignaling,
  keptOf,
  makeFakePeer,
  resetFakes,
  roomState,
  state,
  welcome,
} from "../testing/fakes";
import { Viewer } from "./viewer";

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

const phase = () => viewer.getSnapshot().phase;
const step = () => viewer.rewind.getSnapshot().step;
const kept = keptOf({ pastS: 300 });

async function watchLive(): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await vi.advanceTimersByTimeAsync(0);
  FakePeer.last.becomes("connected");
  FakeSocket.last.says(state({ rev: 2, live: "live", since: 1, kept }));
  await flow(1_000);
}

async function flow(ms: number, counter: "framesDecoded" | "bytesReceived" = "framesDecoded") {
  for (let passed = 0; passed < ms; passed += 250) {
    FakePeer.last[counter] += 8;
    await vi.advanceTimersByTimeAsync(250);
  }
}

test("a pause is no fault of the network's, though nothing comes", async () => {
  await watchLive();
  viewer.rewind.pause();
  await vi.advanceTimersByTimeAsync(20_000);
  expect([phase(), step()]).toEqual(["live", "paused"]);
  expect(FakeSocket.last.of("restart")).toHaveLength(0);
  expect(FakeSocket.made).toHaveLength(1);
});

test("what stands still after a pause is healed as ever", async () => {
  await watchLive();
  viewer.rewind.pause();
  await vi.advanceTimersByTimeAsync(20_000);
  viewer.rewind.play();
  FakeSocket.last.says({ type: "rewound", at: Date.now() - 20_000 });
  await flow(2_000, "bytesReceived");
  expect(phase()).toBe("live");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(phase()).toBe("stalled");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(FakeSocket.last.of("restart")).toHaveLength(1);
});

test("sound alone is enough in the past: the host may have had no picture then", async () => {
  await watchLive();
  viewer.rewind.jump(-30_000);
  FakeSocket.last.says({ type: "rewound", at: Date.now() - 30_000 });
  await flow(10_000, "bytesReceived");
  expect(phase()).toBe("live");
});

test("what was live long ago has no latency, and none is told", async () => {
  await watchLive();
  viewer.rewind.jump(-30_000);
  await flow(20_000);
  expect(viewer.getSnapshot().stats?.latencyMs).toBeNull();
  expect(viewer.untilShown(Date.now())).toBe(0);
  expect(FakeSocket.last.of("stats")).toHaveLength(0);
});

test("a socket that comes back leaves the past as it is; a new session is live", async () => {
  await watchLive();
  const room = roomState({ rev: 3, live: "live", since: 1, kept });
  viewer.rewind.jump(-30_000);
  FakeSocket.last.says({ type: "rewound", at: Date.now() - 30_000 });
  FakeSocket.last.drops();
  await vi.advanceTimersByTimeAsync(500);
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: true, room }));
  expect(step()).toBe("past");
  FakeSocket.last.drops();
  await vi.advanceTimersByTimeAsync(500);
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resume: "token-2", room }));
  expect(step()).toBe("live");
});

test("who comes on stage is live", async () => {
  await watchLive();
  viewer.rewind.jump(-30_000);
  FakeSocket.last.says({ type: "stage", step: "accepted" });
  expect(step()).toBe("live");
  expect(FakeSocket.last.of("rewind").at(-1)).toMatchObject({ agoMs: 0 });
});
