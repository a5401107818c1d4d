import { describe, expect, test } from "vitest";
import { ServerClock } from "./server-clock";
import { TrueLatency } from "./true-latency";

const CLOCK = { type: "clock", rtp: 4_294_960_000, rate: 90_000, wall: 1_000_000 } as const;

describe("true latency", () => {
  test("is the time from capture to display, across the wrap of timestamps", () => {
    const latency = new TrueLatency();
    latency.clock(CLOCK);
    for (let n = 0; n < 60; n++) {
      const rtpTimestamp = (CLOCK.rtp + n * 3_000) % 2 ** 32;
      // The page's clock is 500 s behind the server's; each frame is shown 180 ms after its capture.
      const shownAt = 1_000_000 - 500_000 + (n * 100) / 3 + 180;
      latency.shown({ rtpTimestamp, shownAt }, 500_000);
    }
    expect(latency.latencyMs).toBeCloseTo(180, 3);
  });

  test("has the host's way to the server in it", () => {
    const latency = new TrueLatency();
    latency.clock(CLOCK);
    latency.uplink(75);
    latency.shown({ rtpTimestamp: CLOCK.rtp, shownAt: 1_000_100 }, 0);
    expect(latency.latencyMs).toBeCloseTo(175, 3);
  });

  test("is not known before the clocks are, nor where the browser tells no timestamp", () => {
    const latency = new TrueLatency();
    latency.shown({ rtpTimestamp: 1, shownAt: 5 }, 0);
    latency.clock(CLOCK);
    latency.shown({ rtpTimestamp: CLOCK.rtp, shownAt: 1_000_100 }, null);
    latency.shown({ rtpTimestamp: undefined, shownAt: 1_000_100 }, 0);
    expect(latency.latencyMs).toBeNull();
  });

  test("begins anew when the host comes back", () => {
    const latency = new TrueLatency();
    latency.clock(CLOCK);
    for (let n = 0; n < 30; n++) latency.shown({ rtpTimestamp: CLOCK.rtp, shownAt: 1_000_900 }, 0);
    latency.clock({ ...CLOCK, wall: CLOCK.wall + 700 });
    latency.shown({ rtpTimestamp: CLOCK.rtp, shownAt: 1_000_900 }, 0);
    expect(latency.latencyMs).toBeCloseTo(200, 3);
  });

  test("a clock that makes no sense is not believed", () => {
    const latency = new TrueLatency();
    latency.clock(CLOCK);
    latency.shown({ rtpTimestamp: CLOCK.rtp, shownAt: 900_000 }, 0);
    expect(latency.latencyMs).toBeNull();
  });
});

test("the server's clock is told by the shortest round trip", () => {
  const clock = new ServerClock();
  expect(clock.offsetMs).toBeNull();
  clock.answered(1_000, 51_399.5, 1_400);
  clock.answered(2_000, 52_009.5, 2_020);
  clock.answered(3_000, 53_190, 3_200);
  expect(clock.offsetMs).toBeCloseTo(50_000, 3);
});
