// @vitest-environment-options {"url": "https://192.0.2.7:3000/r/demo"}
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  FakePeer,
  FakeSocket,
  fakeSignaling,
  makeFakePeer,
  resetFakes,
  welcome,
} from "../testing/fakes";
import { isByAddress } from "./detour";
import { Viewer } from "./viewer";

const TURN = { urls: ["turns:192.0.2.7:3000?transport=tcp"], username: "u", credential: "c" };

let viewer: Viewer;

beforeEach(() => {
  vi.useFakeTimers();
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

async function offered(): Promise<void> {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ iceServers: [TURN] }));
  FakeSocket.last.says({ type: "offer", pc: "sub", neg: 1, sdp: "first" });
  await vi.advanceTimersByTimeAsync(0);
  FakePeer.last.becomes("connecting");
}

function gathers(candidate: string): void {
  const event = Object.assign(new Event("icecandidate"), { candidate: { candidate } });
  FakePeer.last.dispatchEvent(event);
  Object.assign(FakePeer.last, { iceGatheringState: "complete" });
  FakePeer.last.dispatchEvent(new Event("icegatheringstatechange"));
}

const problem = () => viewer.getSnapshot().problem;

test("a browser that takes no TURN by an address says so, and still finds a direct path", async () => {
  await offered();
  gathers("candidate:1 1 udp 1 192.0.2.9 5000 typ host");
  expect(problem()).toBe(null);
  await vi.advanceTimersByTimeAsync(2_000);
  await offered();
  gathers("candidate:1 1 udp 1 192.0.2.9 5000 typ host");
  expect(viewer.getSnapshot()).toMatchObject({ problem: "turn_needs_name", retrying: true });
  FakePeer.last.becomes("connected");
  expect(problem()).toBe(null);
});

test("one that takes it says nothing", async () => {
  await offered();
  await vi.advanceTimersByTimeAsync(2_000);
  await offered();
  gathers("candidate:2 1 udp 1 192.0.2.7 3000 typ relay raddr 0.0.0.0 rport 0");
  expect(problem()).toBe(null);
});

test("addresses are told from names", () => {
  for (const hostname of ["192.0.2.7", "[2001:db8::7]"])
    expect(isByAddress({ hostname })).toBe(true);
  for (const hostname of ["live.example.com", "10.example", "fd00"]) {
    expect(isByAddress({ hostname })).toBe(false);
  }
});
