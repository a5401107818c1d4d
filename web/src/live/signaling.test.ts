import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket, fakeSignaling, resetFakes, welcome } from "../testing/fakes";
import type { ServerMessage } from "./protocol";
import { Signaling, socketUrl } from "./signaling";

let heard: ServerMessage[];
let signaling: Signaling;

function open(): Signaling {
  return new Signaling({
    ...fakeSignaling,
    hello: { role: "fan", room: "demo" },
    onMessage: (message) => heard.push(message),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  resetFakes();
  heard = [];
  signaling = open();
});

afterEach(() => {
  signaling.close();
  vi.useRealTimers();
});

test("the address follows the page's own", () => {
  expect(socketUrl({ protocol: "https:", host: "a.test:3000" })).toBe("wss://a.test:3000/ws");
  expect(socketUrl({ protocol: "http:", host: "localhost" })).toBe("ws://localhost/ws");
  document.head.innerHTML = '<meta name="base-path" content="/live/" />';
  expect(socketUrl({ protocol: "https:", host: "a.test" })).toBe("wss://a.test/live/ws");
  document.head.innerHTML = "";
});

test("says hello first, and is open only when welcomed", () => {
  FakeSocket.last.open();
  expect(FakeSocket.last.sent).toEqual([{ type: "hello", v: 1, role: "fan", room: "demo" }]);
  expect(signaling.isOpen).toBe(false);
  FakeSocket.last.says(welcome());
  expect(signaling.isOpen).toBe(true);
});

test("what is sent while connecting waits for the welcome", () => {
  signaling.send({ type: "golive" });
  FakeSocket.last.open();
  expect(FakeSocket.last.types()).toEqual(["hello"]);
  FakeSocket.last.says(welcome());
  expect(FakeSocket.last.types()).toEqual(["hello", "golive"]);
});

test("comes back with its token, ever more slowly", () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resume: "token-7" }));
  FakeSocket.last.drops();
  for (const delayMs of [0, 300, 1200, 2700, 4800, 7000, 7000]) {
    const before = FakeSocket.made.length;
    if (delayMs > 0) {
      vi.advanceTimersByTime(delayMs - 1);
      expect(FakeSocket.made.length).toBe(before);
    }
    vi.advanceTimersByTime(1);
    expect(FakeSocket.made.length).toBe(before + 1);
    FakeSocket.last.drops();
  }
  expect(signaling.getSnapshot()).toMatchObject({ status: "waiting", attempt: 8 });
  vi.advanceTimersByTime(7000);
  FakeSocket.last.open();
  expect(FakeSocket.last.sent[0]).toMatchObject({ type: "hello", resume: "token-7" });
  FakeSocket.last.says(welcome({ resumed: true }));
  expect(signaling.getSnapshot()).toMatchObject({ status: "open", attempt: 0 });
});

test("what was meant for a session that is gone is not said to the new one", () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.drops();
  signaling.send({ type: "answer", pc: "sub", neg: 1, sdp: "old" });
  vi.advanceTimersByTime(1);
  FakeSocket.last.open();
  FakeSocket.last.says(welcome({ resumed: false }));
  expect(FakeSocket.last.types()).toEqual(["hello"]);
});

test("pings every ten seconds and knows the round trip", () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  const [first] = FakeSocket.last.of("ping");
  vi.advanceTimersByTime(40);
  FakeSocket.last.says({ type: "pong", t: first?.t as number, now: Date.now() });
  expect(signaling.getSnapshot().rttMs).toBeCloseTo(40, 0);
  vi.advanceTimersByTime(10_000);
  expect(FakeSocket.last.of("ping")).toHaveLength(4);
});

test("a server that says nothing any more is given up", () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  vi.advanceTimersByTime(30_001);
  expect(FakeSocket.made.length).toBeGreaterThan(1);
  // Not 1000: that would tell the server to give our place away.
  expect(FakeSocket.made[0]?.closedWith).toBe(4000);
});

test("stays away when another page took over", () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "bye", reason: "replaced" });
  FakeSocket.last.drops(4409);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.made).toHaveLength(1);
  expect(signaling.getSnapshot().status).toBe("closed");
});

test("comes back when a draining server says so", () => {
  FakeSocket.last.open();
  FakeSocket.last.says(welcome());
  FakeSocket.last.says({ type: "bye", reason: "draining", retryMs: 500 });
  FakeSocket.last.drops(1001);
  vi.advanceTimersByTime(499);
  expect(FakeSocket.made).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(FakeSocket.made).toHaveLength(2);
});

test("a refused key is not tried again", () => {
  FakeSocket.last.open();
  FakeSocket.last.says({ type: "error", code: "auth_bad", message: "", fatal: true });
  FakeSocket.last.drops(4401);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.made).toHaveLength(1);
});

test("never throws, whatever the server or the socket does", () => {
  FakeSocket.last.says("not json");
  FakeSocket.last.says("[1]");
  FakeSocket.last.says('{"type":"of the future"}');
  signaling.close();
  signaling.send({ type: "golive" });
  const failing = new Signaling({
    ...fakeSignaling,
    hello: {},
    onMessage: () => undefined,
    openSocket: () => {
      throw new DOMException("blocked", "SecurityError");
    },
  });
  expect(failing.getSnapshot().status).toBe("waiting");
  failing.close();
});

test("a network that returns is tried at once", () => {
  FakeSocket.last.drops();
  vi.advanceTimersByTime(0);
  FakeSocket.last.drops();
  const before = FakeSocket.made.length;
  window.dispatchEvent(new Event("online"));
  expect(FakeSocket.made.length).toBe(before + 1);
});
