import { expect, test } from "vitest";
import { Experience, type Shown } from "./experience";

function report(counts: Record<string, number>): RTCStatsReport {
  const video = { type: "inbound-rtp", kind: "video", ...counts };
  return new Map([["video", video]]) as unknown as RTCStatsReport;
}

/** An experience on a clock of its own, and what it told. */
function started(openedAt = 400) {
  const told: Record<string, unknown>[] = [];
  const clock = { ms: openedAt };
  const experience = new Experience({
    room: "stage",
    page: "room",
    now: () => clock.ms,
    post: (body) => told.push(JSON.parse(body)),
  });
  const watch = (seconds: number, counts: Record<string, number>, shown: Partial<Shown> = {}) => {
    for (let n = 0; n < seconds; n++) {
      clock.ms += 1_000;
      experience.sample(report(counts), { watches: true, ...shown });
    }
  };
  return { experience, told, clock, watch };
}

test("who comes to a broadcast has waited since the page was opened", () => {
  const { experience, told, clock } = started();
  experience.room(true);
  clock.ms = 1_250;
  experience.framed();
  experience.tell();
  expect(told).toEqual([
    { room: "stage", page: "room", watchedMs: 0, freezes: 0, frozenMs: 0, firstFrameMs: 1_250 },
  ]);
});

test("who was there before has waited since the broadcast began, and is told of once", () => {
  const { experience, told, clock } = started();
  experience.room(false);
  clock.ms = 100_000;
  experience.room(true);
  clock.ms = 100_300;
  experience.framed();
  experience.framed();
  experience.tell();
  experience.tell();
  expect(told.map((it) => it.firstFrameMs)).toEqual([300]);
});

test("a page that was hidden says nothing of its first frame", () => {
  const { experience, told } = started();
  experience.room(true);
  experience.hidden();
  experience.framed();
  experience.tell();
  expect(told).toEqual([]);
});

test("once a minute it tells what was counted since, and nothing twice", () => {
  const { experience, told, watch } = started(0);
  watch(1, { packetsReceived: 1_000, packetsLost: 50, freezeCount: 4, totalFreezesDuration: 9 });
  watch(58, {
    packetsReceived: 1_900,
    packetsLost: 150,
    freezeCount: 6,
    totalFreezesDuration: 10.5,
  });
  expect(told).toEqual([]);
  watch(
    1,
    { packetsReceived: 1_900, packetsLost: 150, freezeCount: 6, totalFreezesDuration: 10.5 },
    {
      latencyMs: 280.4,
      layer: "h",
    },
  );
  expect(told).toEqual([
    {
      room: "stage",
      page: "room",
      watchedMs: 59_000,
      freezes: 2,
      frozenMs: 1_500,
      latencyMs: 280,
      layer: "h",
      loss: 0.1,
    },
  ]);
  experience.tell();
  expect(told.length).toBe(1);
});

test("what happens while nobody watches, and another peer connection, count for nothing", () => {
  const { experience, told, clock, watch } = started(0);
  watch(2, { freezeCount: 1 });
  watch(10, { freezeCount: 9 }, { watches: false });
  experience.renewed();
  watch(2, { freezeCount: 5 });
  clock.ms += 3_600_000;
  watch(1, { freezeCount: 5 });
  experience.tell();
  expect(told[0]).toMatchObject({ freezes: 0, watchedMs: 3_000 });
});
