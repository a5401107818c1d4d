// @vitest-environment node
import { expect, test } from "vitest";
import {
  aheadMs,
  capShortcomings,
  fanReport,
  followed,
  marksReport,
  percentile,
  rtxTypes,
  shortcomings,
} from "./figures.mjs";
import { delaysOf, pairMarks } from "./marks.mjs";

const FEEDBACK = [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=rtpmap:111 opus/48000/2",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "a=rtpmap:96 VP8/90000",
  "a=rtcp-fb:96 transport-cc",
  "a=rtpmap:97 rtx/90000",
].join("\r\n");
const DESCRIPTIONS = { offer: FEEDBACK, answer: FEEDBACK };
const WIRE = {
  toPeer: {
    kinds: { "rtp:96": 900, "rtp:97": 40, stun: 3 },
    lost: { "rtp:96": 50 },
    overflowed: {},
  },
  toServer: { kinds: { twcc: 100, nack: 30, rr: 9 }, lost: { twcc: 4 } },
};
const CLEAN = { loss: 0 };
const LOSSY = { loss: 5 };

/** A fan that has played since second 1 of its page, a sample a second. */
function samples({ seconds = 20, gaps = [], last = {} } = {}) {
  return Array.from({ length: seconds + 1 }, (_, n) => {
    const at = 2_000 + n * 1_000;
    const stats = {
      audio: {
        estimatedPlayoutTimestamp: at,
        concealedSamples: 48 * n,
        totalSamplesReceived: 48e3 * n,
      },
      video: { estimatedPlayoutTimestamp: at + 30, freezeCount: 2, nackCount: 5, framesDecoded: n },
      transport: { srtpCipher: "SRTP_AEAD_AES_256_GCM", dtlsCipher: "X", tlsVersion: "FEFD" },
    };
    const sizes = [{ at: 1_000, width: 1280, height: 720 }];
    const frames = { shown: n * 20, firstAt: 1_000, lastAt: at - 20, gaps, unclear: [], sizes };
    const counts = { peers: 1, offers: 1, sockets: 1, state: "live" };
    return { at, frames, stats, ...counts, ...(n === seconds ? last : {}) };
  });
}

function report(options = {}, wire = null) {
  return fanReport({
    samples: samples(options),
    settleMs: 5_000,
    wire,
    descriptions: DESCRIPTIONS,
  });
}

test("percentiles are values that were there", () => {
  const values = Array.from({ length: 40 }, (_, n) => 40 - n);
  expect(percentile(values, 0.5)).toBe(20);
  expect(percentile(values, 0.95)).toBe(38);
  expect(percentile(values, 1)).toBe(40);
  expect(percentile([], 0.5)).toBe(null);
});

test("a fan that played well has no shortcomings", () => {
  const it = report();
  expect(shortcomings("fan", it, CLEAN)).toEqual([]);
  expect(it.negotiated).toEqual({
    dtlsVersion: "1.2",
    dtlsCipher: "X",
    srtpProfile: "SRTP_AEAD_AES_256_GCM",
  });
  expect(it.syncMs).toEqual({ n: 17, p50: 30, p95: 30, max: 30, median: 30 });
  expect(it.audio.concealedPercent).toBe(0.1);
  // Those before the picture had settled do not count.
  expect(it.freezes.byBrowser).toBe(0);
  expect(it.measuredSeconds).toBe(16);
});

test("a freeze counts once the picture has settled", () => {
  const early = report({ gaps: [{ at: 5_900, ms: 700 }] });
  expect(shortcomings("fan", early, CLEAN)).toEqual([]);
  const late = report({ gaps: [{ at: 9_000, ms: 341.7 }] });
  expect(late.freezes.at).toMatchObject([{ s: 7, ms: 342, madeMs: null, receivedMs: null }]);
  expect(shortcomings("fan", late, CLEAN)).toEqual(["fan: 1 freezes over 200 ms, up to 342 ms"]);
  expect(shortcomings("fan", report({ gaps: [{ at: 9_000, ms: 341.7 }] }, WIRE), LOSSY)).toEqual(
    [],
  );
  expect(shortcomings("fan", late, { loss: 0, hostLoss: 5 })).toEqual([]);
});

test("of a freeze it is told whether the frame was made late, came late, or was shown late", () => {
  const gap = { at: 9_500, ms: 350, madeMs: 50, receivedMs: 61.2 };
  const timeline = samples({ gaps: [gap] }).map((it, n) => ({ ...it, toolWaitedMs: n }));
  const settings = { settleMs: 5_000, descriptions: DESCRIPTIONS };
  expect(fanReport({ samples: timeline, ...settings }).freezes.at).toEqual([
    // It is in the second that the sample of 10 s tells of, and that is the ninth.
    { s: 7.5, ms: 350, madeMs: 50, receivedMs: 61, toolWaitedMs: 8 },
  ]);
});

test("a picture that stands still at the end is not playing", () => {
  const frames = { ...samples().at(-1).frames, lastAt: 15_000 };
  const failed = shortcomings("fan", report({ last: { frames } }), CLEAN);
  expect(failed).toEqual(["fan: does not play at the end (live)"]);
});

test("a new connection is a shortcoming, with loss and without", () => {
  const it = report({ last: { peers: 2, offers: 2 } }, WIRE);
  for (const how of [CLEAN, LOSSY]) {
    expect(shortcomings("fan", it, how)).toEqual([
      "fan: connected anew: 2 peer connections, 2 offers",
    ]);
  }
});

test("sound and picture that are apart are a shortcoming, whichever is ahead", () => {
  for (const apart of [150, -150]) {
    const all = samples();
    for (const { stats } of all) {
      stats.video.estimatedPlayoutTimestamp = stats.audio.estimatedPlayoutTimestamp + apart;
    }
    const it = fanReport({ samples: all, settleMs: 5_000, descriptions: DESCRIPTIONS });
    expect(it.syncMs.median).toBe(apart);
    expect(shortcomings("fan", it, CLEAN)).toEqual([
      "fan: sound and picture are apart: p95 150 ms",
    ]);
  }
  expect(aheadMs({ audio: {}, video: {} })).toBe(null);
});

test("a browser that cannot tell of sound and picture does not pass for one that is in sync", () => {
  const all = samples();
  for (const { stats } of all) delete stats.audio.estimatedPlayoutTimestamp;
  const it = fanReport({ samples: all, settleMs: 5_000, descriptions: DESCRIPTIONS });
  expect(shortcomings("fan", it, CLEAN)).toHaveLength(1);
});

test("each flash belongs to the beep next to it", () => {
  const marks = { flashes: [1_000, 2_010, 3_000, 4_000], beeps: [1_050, 1_990, 4_390, 9_000] };
  // The third has none: its beep was not heard.
  expect(pairMarks(marks)).toEqual([50, -20, 390]);
  expect(pairMarks(marks, 1_500)).toEqual([-20, 390]);
  expect(pairMarks({ flashes: [1], beeps: [] })).toEqual([]);
});

test("a flash is paired with the one at the host that it shows, and one that only a page saw is left out", () => {
  expect(delaysOf([1_000, 2_000, 4_000], [1_080, 2_120, 3_100, 4_060])).toEqual([80, 120, 60]);
  expect(delaysOf([], [1_000])).toEqual([]);
});

test("marks are judged by what the way to the fan did to them", () => {
  const at = (ms) => Array.from({ length: 20 }, () => ms);
  const it = { ...report(), marks: marksReport(at(90), at(-20)) };
  expect(it.marks).toEqual({ apartMs: { n: 20, p50: 110, p95: 110, max: 110 }, aheadMs: 110 });
  expect(shortcomings("fan", it, CLEAN)).toEqual([
    "fan: flashes and beeps are apart: p95 110 ms of 20",
  ]);
  expect(shortcomings("fan", { ...it, marks: marksReport(at(70), at(-20)) }, CLEAN)).toEqual([]);
  expect(shortcomings("fan", { ...it, marks: marksReport([], at(0)) }, CLEAN)).toHaveLength(1);
  expect(shortcomings("fan", { ...it, marks: null }, CLEAN)).toEqual([]);
});

test("repair under loss is seen on the wire", () => {
  expect(rtxTypes(FEEDBACK)).toEqual([97]);
  const { wire } = report({}, WIRE);
  expect(wire.toFan).toEqual({ datagrams: 943, rtx: 40, lost: 50, overflowed: 0, pictureLost: 50 });
  expect(wire.toServer).toEqual({ twcc: 100, nack: 30, pli: 0, rr: 9, lost: 4 });
  const none = structuredClone(WIRE);
  none.toPeer.kinds["rtp:97"] = 3;
  none.toServer.kinds.twcc = 0;
  expect(shortcomings("fan", report({}, none), LOSSY)).toEqual([
    "fan: 3 retransmissions for 50 lost",
    "fan: sent no transport-wide feedback",
  ]);
});

test("a fan steps down when its link is capped and up again after", () => {
  const cap = { fromS: 20, toS: 40 };
  const well = [
    { s: -1, height: 180 },
    { s: 0, height: 720 },
    { s: 20.8, height: 360 },
    { s: 46.3, height: 720 },
  ];
  const it = followed({ heights: well }, cap);
  expect(it).toEqual({
    best: 720,
    lowest: 360,
    downAfterS: 0.8,
    upAfterS: 6.3,
    changesUnderCap: 1,
  });
  expect(capShortcomings("fan", it)).toEqual([]);

  const never = followed({ heights: well.slice(0, 2) }, cap);
  expect(capShortcomings("fan", never)).toEqual(["fan: took no lower layer under the cap"]);
  const low = followed({ heights: well.slice(0, 3) }, cap);
  expect(capShortcomings("fan", low)).toEqual(["fan: is not back at 720 lines"]);
});
