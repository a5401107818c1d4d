import { beforeEach, expect, test } from "vitest";
import { HealthWatch } from "./health";
import type { LocalMediaSnapshot } from "./local-media";
import { healthOf, IDLE } from "./publisher-snapshot";
import { recallSettings } from "./send-settings";
import type { SendStats } from "./stats";

const STATS: SendStats = {
  bitrateBps: 1_800_000,
  fps: 30,
  width: 1280,
  height: 720,
  codec: "VP8",
  rttMs: 30,
  loss: 0,
  transport: "udp",
  limitedBy: null,
};

const CAMERA = { kind: "video" } as MediaStreamTrack;
const MEDIA = {
  videoTrack: CAMERA,
  videoOn: true,
  source: "camera",
  audible: true,
  settings: recallSettings(),
} as LocalMediaSnapshot;

let watch: HealthWatch;
let now: number;

beforeEach(() => {
  watch = new HealthWatch();
  watch.connected(0);
  now = 0;
});

/** The verdict after so many readings, each 2 s after the one before. */
function after(n: number, stats: Partial<SendStats>, media: Partial<LocalMediaSnapshot> = {}) {
  let last = watch.read({ ...STATS, ...stats }, { ...MEDIA, ...media }, true, now);
  for (let i = 0; i < n; i += 1) {
    now += 2_000;
    last = watch.read({ ...STATS, ...stats }, { ...MEDIA, ...media }, true, now);
  }
  return { level: last.level, cause: last.cause };
}

test("the light shows the worst, and says why", () => {
  expect(after(10, {})).toEqual({ level: "good", cause: "none" });
  expect(after(3, { limitedBy: "cpu" })).toEqual({ level: "fair", cause: "cpu" });
  expect(after(3, { limitedBy: "cpu", loss: 0.2 })).toEqual({ level: "bad", cause: "loss" });
});

test("a hiccup is no verdict", () => {
  after(10, {});
  expect(after(0, { loss: 0.2 }).level).toBe("good");
  expect(after(1, { loss: 0.2 }).level).toBe("bad");
});

test("a slide that stands still is fine", () => {
  expect(after(20, { fps: 0 }, { source: "screen" }).level).toBe("good");
});

test("a camera that is off has no frame rate to complain of", () => {
  expect(after(20, { fps: 0 }, { videoOn: false }).level).toBe("good");
});

test("a camera that was switched on is given time to reach its pace", () => {
  after(10, {});
  after(3, { fps: 0 }, { videoOn: false });
  expect(after(2, { fps: 3, limitedBy: "bandwidth" }).level).toBe("good");
  expect(after(4, { fps: 3 })).toEqual({ level: "bad", cause: "fps" });
});

test("a camera is held against the frame rate that the host chose", () => {
  const settings = { ...MEDIA.settings, fps: 15 as const };
  expect(after(20, { fps: 15 }, { settings }).level).toBe("good");
});

test("the first seconds are no verdict on the bandwidth", () => {
  expect(after(4, { limitedBy: "bandwidth" }).level).toBe("good");
  expect(after(6, { limitedBy: "bandwidth" }).cause).toBe("bandwidth");
});

test("a server that does not hear us is never fine", () => {
  after(10, {});
  expect(watch.read(STATS, MEDIA, false, 21_000)).toMatchObject({ level: "bad", cause: "server" });
  const live = { ...IDLE, phase: "live" as const, connected: true };
  const health = { level: "good", cause: "none", history: [], targetBps: 0 } as const;
  expect(healthOf({ ...live, health })?.level).toBe("good");
  expect(healthOf({ ...live, health, connected: false })?.cause).toBe("server");
  expect(healthOf({ ...live, health, attempt: 2 })?.cause).toBe("server");
});

test("two minutes are kept, and what they are held against", () => {
  after(100, {});
  const { history, targetBps } = watch.read(STATS, MEDIA, true, now);
  expect(history.length).toBeLessThanOrEqual(61);
  expect(now - (history[0]?.at ?? 0)).toBeLessThan(120_000);
  expect(targetBps).toBe(1_800_000 * (4 / 3) + 32_000);
});
