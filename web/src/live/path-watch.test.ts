import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer, makeFakePeer, resetFakes } from "../testing/fakes";
import { PathWatch } from "./path-watch";
import type { NoPath } from "./why-no-path";

const SDP = [
  "a=candidate:1 1 udp 1 203.0.113.7 3000 typ host",
  "a=candidate:2 1 tcp 1 203.0.113.7 3001 typ host tcptype passive",
].join("\r\n");
const CLOSED = { code: "closed", values: { host: "live.test", udp: 3000, tcp: 3001 } };

let told: NoPath | null;
let answers: boolean;
let watch: PathWatch;

beforeEach(() => {
  vi.useFakeTimers();
  resetFakes();
  told = null;
  answers = true;
  watch = new PathWatch({
    tell: (why) => {
      told = why;
    },
    here: { hostname: "live.test", host: "live.test:3000" },
    fetch: (async () => {
      if (!answers) throw new TypeError("no network");
      return new Response();
    }) as typeof fetch,
  });
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("without a path the reason is said within 5 s, and gone when a path comes", async () => {
  const pc = makeFakePeer();
  watch.negotiated(pc, SDP);
  await pass(3_000);
  expect(told).toBeNull();
  await pass(1_000);
  expect(told).toEqual(CLOSED);
  FakePeer.last.becomes("connected");
  expect(told).toBeNull();
});

test("with a path nothing is said, also while the encryption is still set up", async () => {
  const pc = makeFakePeer();
  watch.negotiated(pc, SDP);
  Object.assign(FakePeer.last, { iceConnectionState: "connected" });
  FakePeer.last.dispatchEvent(new Event("iceconnectionstatechange"));
  await pass(20_000);
  expect(told).toBeNull();
});

test("the try by a detour gets no patience of its own", async () => {
  watch.negotiated(makeFakePeer(), SDP);
  await pass(2_000);
  watch.negotiated(makeFakePeer(), SDP);
  await pass(2_000);
  expect(told).toEqual(CLOSED);
  // The next try may find one.
  watch.negotiated(makeFakePeer(), SDP);
  expect(told).toEqual(CLOSED);
  FakePeer.last.becomes("connected");
  expect(told).toBeNull();
});

test("a connection that gives up early has its reason at once", () => {
  watch.negotiated(makeFakePeer(), SDP);
  FakePeer.last.becomes("failed");
  expect(told).toEqual(CLOSED);
});

test("a path that is lost is missed like one that never was", async () => {
  const pc = makeFakePeer();
  watch.negotiated(pc, SDP);
  FakePeer.last.becomes("connected");
  await pass(60_000);
  expect(told).toBeNull();
  FakePeer.last.becomes("disconnected");
  watch.negotiated(pc, SDP);
  await pass(4_000);
  expect(told).toEqual(CLOSED);
});

test("a socket that does not open is told from a server that does not answer", async () => {
  watch.greeted();
  await pass(4_000);
  expect(told).toEqual({ code: "no_socket", values: { host: "live.test:3000" } });
  watch.welcomed();
  expect(told).toBeNull();
  answers = false;
  watch.greeted();
  await pass(4_000);
  expect(told?.code).toBe("no_server");
});

test("a server that welcomes the page is not asked for signs of life", async () => {
  watch.greeted();
  watch.welcomed();
  await pass(20_000);
  expect(told).toBeNull();
});

test("who stops is told nothing more", async () => {
  watch.greeted();
  watch.negotiated(makeFakePeer(), SDP);
  watch.close();
  await pass(20_000);
  expect(told).toBeNull();
});
