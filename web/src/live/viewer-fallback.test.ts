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

const step = () => viewer.fallback.getSnapshot().step;
const room = (more = {}) => roomState({ live: "live", since: 1, codec: "H264", rev: 2, ...more });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function join(): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ room: room() }));
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await pass(0);
}

async function flow(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    FakePeer.last.framesDecoded += 8;
    await pass(250);
  }
}

test("who finds no path has something to see within 6 s, and goes on looking", async () => {
  await join();
  await pass(3_000);
  expect(step()).toBe("loading");
  viewer.fallback.framed();
  FakeSocket.last.says({ type: "error", code: "ice_timeout", message: "", fatal: false });
  await pass(1_500);
  expect(step()).toBe("shown");
  expect(FakeSocket.made.length).toBeGreaterThan(1);
  await join();
  expect(step()).toBe("shown");
  FakePeer.last.becomes("connected");
  await flow(2_000);
  expect(step()).toBe("off");
});

test("who loses its path is not left with a frozen picture", async () => {
  await join();
  FakePeer.last.becomes("connected");
  await flow(2_000);
  expect(step()).toBe("off");
  await pass(3_100);
  expect(step()).toBe("loading");
});

test("where the host sends nothing there is nothing to fall back to", async () => {
  await join();
  FakePeer.last.becomes("connected");
  await flow(2_000);
  FakeSocket.last.says(state(room({ rev: 3, hostTrouble: true })));
  await pass(5_000);
  expect(step()).toBe("off");
  FakeSocket.last.says(state(room({ rev: 4, live: "ended" })));
  await pass(10_000);
  expect(step()).toBe("off");
});

test("a pause at the server is no lost path", async () => {
  await join();
  FakePeer.last.becomes("connected");
  await flow(2_000);
  viewer.rewind.pause();
  await pass(10_000);
  expect(step()).toBe("off");
});
