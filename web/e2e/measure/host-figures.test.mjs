// @vitest-environment node
import { expect, test } from "vitest";
import { hostReport, hostShortcomings, shareOfSent, shareShortcomings } from "./host-figures.mjs";

const PLAIN = [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=rtpmap:111 opus/48000/2",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "a=rtpmap:96 VP8/90000",
  "a=rtcp-fb:96 transport-cc",
];
const NO_RTX = PLAIN.join("\r\n");
const RTX = [...PLAIN, "a=rtpmap:97 rtx/90000"].join("\r\n");
/** Of 900 packets of picture 50 got lost, and 48 were sent again; of 100 of padding alone 5 got lost. */
const WIRE = {
  toServer: {
    kinds: { "rtp:96": 850, "padded:96": 95, "rtp:111": 500, stun: 3 },
    lost: { "rtp:96": 50, "padded:96": 5, "rtp:111": 30 },
    repeated: { "rtp:96": 48 },
  },
  toPeer: { kinds: { nack: 45, pli: 2, twcc: 200, rr: 20 }, lost: { nack: 2 } },
};
const LOSSY = { hostLoss: 5, isRtxOff: true };

/** A host that encodes 20 frames a second in two layers, a sample a second. */
function hostSamples(seconds = 20) {
  return Array.from({ length: seconds + 1 }, (_, n) => {
    const layer = (rid, frameHeight, bits) => ({
      rid,
      frameHeight,
      active: true,
      framesEncoded: 20 * n,
      packetsSent: 20 * n,
      retransmittedPacketsSent: 2 * n,
      nackCount: n,
      targetBitrate: n < 5 ? bits / 10 : bits,
    });
    const layers = [layer("h", 360, 450_000), layer("f", 720, 1_800_000)];
    return { at: 500 + n * 1_000, layers, estimate: 2_000_000 + n, peers: 1, state: "live" };
  });
}

/** A fan that decodes `decoded(n)` frames in second `n`, of the height `heightAt(n)`. */
function fanSamples({ seconds = 20, decoded = () => 20, heightAt = () => 720 } = {}) {
  const sizes = [];
  let all = 0;
  return Array.from({ length: seconds + 1 }, (_, n) => {
    const height = heightAt(n);
    if (sizes.at(-1)?.height !== height) sizes.push({ height });
    if (n > 0) all += decoded(n);
    const stats = { video: { framesDecoded: all, framesReceived: 20 * n } };
    return { at: 2_000 + n * 1_000, stats, frames: { sizes: [...sizes] } };
  });
}

function report({ sdp = NO_RTX, wire = WIRE, samples = hostSamples() } = {}) {
  return hostReport({ samples, settleMs: 5_000, wire, descriptions: { offer: sdp, answer: sdp } });
}

test("what a host sent is told of all its layers, and bit rates once they have settled", () => {
  const it = report();
  expect(it.picture).toMatchObject({
    packetsSent: 800,
    retransmittedPacketsSent: 80,
    nackCount: 40,
    pliCount: 0,
  });
  expect(it.targetKbit).toEqual({ min: 2_250, median: 2_250 });
  expect(it.estimateKbit).toEqual({ min: 2_000, median: 2_000 });
  expect(it.wire.toServer).toEqual({
    datagrams: 1_448,
    rtx: 0,
    repeated: 48,
    lost: 85,
    pictureLost: 50,
    padding: 95,
    paddingLost: 5,
  });
  expect(it.wire.toHost).toMatchObject({ nack: 45, pli: 2, fir: 0, lost: 2 });
  expect(hostShortcomings(it, LOSSY)).toEqual([]);
});

test("a layer that is paused has no part in the target", () => {
  const samples = hostSamples();
  for (const { layers } of samples) layers[0].active = false;
  expect(report({ samples }).targetKbit).toEqual({ min: 1_800, median: 1_800 });
});

test("repair is looked for where the descriptions say that it comes", () => {
  const asked = { hostLoss: 5, isRtxOff: false };
  const byRtx = structuredClone(WIRE);
  byRtx.toServer.repeated = {};
  byRtx.toServer.kinds["rtp:97"] = 48;
  expect(hostShortcomings(report({ sdp: RTX, wire: byRtx }), asked)).toEqual([]);
  expect(hostShortcomings(report({ sdp: RTX }), asked)).toEqual([
    "host: 0 retransmissions by RTX for 50 lost",
  ]);
  expect(hostShortcomings(report({ sdp: RTX }), LOSSY)).toEqual(["host: RTX was negotiated"]);
  expect(hostShortcomings(report(), asked)[0]).toBe("host: RTX was not negotiated");
});

test("a host that is not asked for what is lost is a shortcoming", () => {
  const silent = structuredClone(WIRE);
  silent.toServer.repeated = {};
  silent.toPeer.kinds = {};
  const samples = hostSamples();
  for (const { layers } of samples) {
    for (const layer of layers) layer.retransmittedPacketsSent = 0;
  }
  expect(hostShortcomings(report({ wire: silent, samples }), LOSSY)).toEqual([
    "host: was asked for no retransmission",
    "host: was sent no transport-wide feedback",
    "host: sent 0 packets again for 50 lost",
    "host: 0 retransmissions on their own SSRC for 50 lost",
  ]);
  // On a good link nothing is asked for, and there is no relay.
  const clean = report({ wire: null, samples });
  expect(hostShortcomings(clean, { hostLoss: 0, isRtxOff: true })).toEqual([]);
});

test("a host that connected anew or is not live is a shortcoming", () => {
  const samples = hostSamples();
  Object.assign(samples.at(-1), { peers: 2, state: "interrupted" });
  expect(hostShortcomings(report({ samples }), LOSSY)).toEqual([
    "host: is not live at the end (interrupted)",
    "host: connected anew: 2 peer connections",
  ]);
});

test("what a fan decodes is compared with what was encoded of its layer", () => {
  const host = hostSamples();
  const all = shareOfSent(fanSamples(), host, 7_000);
  expect(all).toEqual({ seconds: 15, sent: 300, received: 300, decoded: 300, percent: 100 });
  expect(shareShortcomings("fan", all)).toEqual([]);

  const decoded = (n) => (n % 5 === 0 ? 19 : 20);
  const short = shareOfSent(fanSamples({ decoded }), host, 7_000);
  expect(short).toMatchObject({ sent: 300, received: 300, decoded: 297, percent: 99 });
  expect(shareShortcomings("fan", short)).toEqual([]);
  const worse = shareOfSent(fanSamples({ decoded: () => 19 }), host, 7_000);
  expect(shareShortcomings("fan", worse)).toEqual([
    "fan: decoded 95 % of the frames sent (285 of 300)",
  ]);
});

test("a layer that makes fewer frames is compared with its own", () => {
  const host = hostSamples();
  for (const [n, { layers }] of host.entries()) layers[0].framesEncoded = 10 * n;
  const heightAt = (n) => (n < 10 ? 720 : 360);
  const decoded = (n) => (n < 10 ? 20 : 10);
  // The second with the change is left out.
  expect(shareOfSent(fanSamples({ heightAt, decoded }), host, 7_000)).toMatchObject({
    seconds: 14,
    sent: 4 * 20 + 10 * 10,
    decoded: 4 * 20 + 10 * 10,
    percent: 100,
  });
});

test("who cannot tell of frames does not pass for one that saw all", () => {
  const fan = fanSamples({ heightAt: () => 480 });
  const none = shareOfSent(fan, hostSamples(), 7_000);
  expect(none).toEqual({ seconds: 0, sent: 0, received: 0, decoded: 0, percent: null });
  expect(shareShortcomings("fan", none)).toHaveLength(1);
  const untold = fanSamples();
  for (const { stats } of untold) delete stats.video.framesReceived;
  expect(shareOfSent(untold, hostSamples(), 7_000)).toMatchObject({ received: null, percent: 100 });
});
