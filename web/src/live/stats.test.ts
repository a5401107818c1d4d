import { expect, test } from "vitest";
import { StatsReader } from "./stats";

function report(...entries: object[]): RTCStatsReport {
  return new Map(entries.map((entry, index) => [String(index), entry])) as never;
}

function received(timestamp: number, seconds: number): RTCStatsReport {
  const pair = { id: "p", type: "candidate-pair", timestamp, nominated: true };
  return report(
    { ...pair, currentRoundTripTime: 0.04, localCandidateId: "l" },
    { id: "l", type: "local-candidate", timestamp, protocol: "udp" },
    {
      id: "v",
      type: "inbound-rtp",
      kind: "video",
      timestamp,
      bytesReceived: seconds * 125_000,
      packetsReceived: seconds * 99,
      packetsLost: seconds,
      jitterBufferDelay: seconds * 30 * 0.1,
      jitterBufferEmittedCount: seconds * 30,
      framesDecoded: seconds * 30,
    },
  );
}

test("rates and latency come from two readings", () => {
  const reader = new StatsReader();
  expect(reader.receive(received(1000, 1))).toMatchObject({ bitrateBps: null, latencyMs: null });
  const stats = reader.receive(received(2000, 2));
  expect(stats.bitrateBps).toBeCloseTo(1_000_000);
  expect(stats.loss).toBeCloseTo(0.01);
  expect(stats.latencyMs).toBeCloseTo(120);
  expect(stats).toMatchObject({ rttMs: 40, transport: "udp", framesDecoded: 60 });
});

test("a browser that tells nothing gives nothing", () => {
  expect(new StatsReader().send(report())).toMatchObject({ bitrateBps: null, limitedBy: null });
});

test("a picture that does not come has no wait, rather than a strange one", () => {
  const reader = new StatsReader();
  const read = (timestamp: number) =>
    reader.receive(
      report({
        type: "inbound-rtp",
        kind: "video",
        timestamp,
        jitterBufferDelay: 4,
        jitterBufferEmittedCount: 100,
      }),
    );
  read(1_000);
  expect(read(2_000)).toMatchObject({ jitterBufferMs: null, latencyMs: null });
});

test("of several layers the host sees the largest", () => {
  const layer = (frameWidth: number | undefined, framesPerSecond: number) => ({
    type: "outbound-rtp",
    kind: "video",
    frameWidth,
    framesPerSecond,
  });
  const stats = new StatsReader().send(
    report(layer(320, 15), layer(1280, 30), layer(undefined, 0), layer(640, 20)),
  );
  expect(stats).toMatchObject({ width: 1280, fps: 30 });
});

test("a layer that rests since nobody watches it is no slow picture", () => {
  const layer = (rid: string, frameWidth: number, framesPerSecond: number, active?: boolean) => ({
    type: "outbound-rtp",
    kind: "video",
    rid,
    frameWidth,
    framesPerSecond,
    active,
  });
  // Firefox does not say which are active.
  const entries = [layer("q", 320, 30), layer("h", 640, 0), layer("f", 1280, 0, false)];
  const stats = new StatsReader().send(report(...entries), new Set(["h", "f"]));
  expect(stats).toMatchObject({ width: 320, fps: 30 });
});
