/* Figures of the host out of samples, as functions of their arguments alone. */

import { negotiatesTwcc, percentile, pictureTypes, rtxTypes, sumOf } from "./figures.mjs";

/** The share of what the host sent that each fan decodes, at least, when only the host's link loses. */
const MIN_SHARE_PERCENT = 99;

/**
 * What the host sent. `samples`: of `sampleHost`, at least one; `settleMs`: what is left out of bit rates after
 * the first; `wire`: the relay's counts, if there was one; `descriptions`: what was negotiated.
 */
export function hostReport({ samples, settleMs, wire = null, descriptions }) {
  const last = samples.at(-1);
  const settled = samples.filter(({ at }) => at >= samples[0].at + settleMs);
  const sum = (field) => last.layers.reduce((n, it) => n + (it[field] ?? 0), 0);
  const targets = settled.map(targetOf).filter((bits) => bits > 0);
  const estimates = settled.map(({ estimate }) => estimate).filter((bits) => bits !== null);
  return {
    state: last.state,
    connections: { peers: last.peers },
    rtxNegotiated: rtxTypes(descriptions.answer).length > 0,
    twccNegotiated: negotiatesTwcc(descriptions),
    picture: {
      packetsSent: sum("packetsSent"),
      retransmittedPacketsSent: sum("retransmittedPacketsSent"),
      nackCount: sum("nackCount"),
      pliCount: sum("pliCount"),
      firCount: sum("firCount"),
    },
    targetKbit: lowAndMiddle(targets),
    estimateKbit: lowAndMiddle(estimates),
    layers: last.layers.map((it) => ({
      rid: it.rid,
      active: it.active,
      frameHeight: it.frameHeight,
      framesPerSecond: it.framesPerSecond,
      framesEncoded: it.framesEncoded,
      keyFramesEncoded: it.keyFramesEncoded,
      limitedBy: it.qualityLimitationReason,
      limitedSeconds: it.qualityLimitationDurations,
    })),
    wire: wire && wireReport(wire, descriptions.answer),
  };
}

/** Bits a second that the encoder is to make, of all layers. */
function targetOf({ layers }) {
  const sent = layers.filter(({ active }) => active !== false);
  return sent.reduce((bits, { targetBitrate }) => bits + (targetBitrate ?? 0), 0);
}

function lowAndMiddle(bits) {
  const kbit = (share) => {
    const value = percentile(bits, share);
    return value === null ? null : Math.round(value / 1000);
  };
  return { min: kbit(0), median: kbit(0.5) };
}

/** What the relay saw go by. */
function wireReport({ toServer, toPeer }, sdp) {
  const pictures = pictureTypes(sdp);
  const pictureOf = (counts) => sumOf(counts, pictures, ["rtp"]);
  // Chromium pads no packet of a picture: what is padded is a probe without content.
  const paddingOf = (counts) => sumOf(counts, pictures, ["padded"]);
  const { nack = 0, pli = 0, fir = 0, twcc = 0, rr = 0 } = toPeer.kinds;
  return {
    toServer: {
      datagrams: sumOf(toServer.kinds),
      rtx: sumOf(toServer.kinds, rtxTypes(sdp)),
      repeated: pictureOf(toServer.repeated),
      lost: sumOf(toServer.lost),
      pictureLost: pictureOf(toServer.lost),
      padding: paddingOf(toServer.kinds),
      paddingLost: paddingOf(toServer.lost),
    },
    toHost: { nack, pli, fir, twcc, rr, lost: sumOf(toPeer.lost) },
  };
}

/**
 * How many of the frames that the host encoded of the layer that a fan was shown came to it whole before it
 * decoded a later one (null where the browser does not tell), and how many it decoded. The lists have a sample of each at the same times. A second in
 * which the fan's layer changed, or in which no layer of the host's has that height, is left out. `from`: on the
 * fan's clock.
 */
export function shareOfSent(fanSamples, hostSamples, from) {
  const sum = { seconds: 0, sent: 0, received: 0, decoded: 0 };
  for (const [n, after] of fanSamples.entries()) {
    const before = fanSamples[n - 1];
    if (!before || before.at < from || before.frames.sizes.length !== after.frames.sizes.length) {
      continue;
    }
    const height = after.frames.sizes.at(-1)?.height;
    const made = encoded(hostSamples[n - 1], hostSamples[n], height);
    const grown = (field) => after.stats.video?.[field] - before.stats.video?.[field];
    if (made === null || Number.isNaN(grown("framesDecoded"))) continue;
    sum.seconds += 1;
    sum.sent += made;
    sum.received += grown("framesReceived");
    sum.decoded += grown("framesDecoded");
  }
  const percent = sum.sent === 0 ? null : Math.round((sum.decoded / sum.sent) * 10_000) / 100;
  return { ...sum, received: Number.isNaN(sum.received) ? null : sum.received, percent };
}

/** Frames of the layer with this height that were encoded between two samples. */
function encoded(before, after, height) {
  const of = ({ layers }) => layers.find((it) => it.active !== false && it.frameHeight === height);
  const [first, last] = [of(before), of(after)];
  return first && last && first.rid === last.rid ? last.framesEncoded - first.framesEncoded : null;
}

/** What the host with that report does not fulfil, nor the server towards it; `hostLoss` in percent. */
export function hostShortcomings(report, { hostLoss, isRtxOff }) {
  const failed = [];
  const must = (holds, what) => {
    if (!holds) failed.push(`host: ${what}`);
  };
  const { state, connections, rtxNegotiated, picture, wire } = report;
  must(state === "live", `is not live at the end (${state})`);
  must(connections.peers === 1, `connected anew: ${connections.peers} peer connections`);
  must(rtxNegotiated !== isRtxOff, `RTX was ${rtxNegotiated ? "" : "not "}negotiated`);
  if (hostLoss > 0) {
    const { rtx, repeated, pictureLost } = wire.toServer;
    must(wire.toHost.nack > 0, "was asked for no retransmission");
    must(wire.toHost.twcc > 0, "was sent no transport-wide feedback");
    const sent = picture.retransmittedPacketsSent;
    must(sent >= pictureLost / 2, `sent ${sent} packets again for ${pictureLost} lost`);
    const seen = isRtxOff ? repeated : rtx;
    const how = isRtxOff ? "on their own SSRC" : "by RTX";
    must(seen >= pictureLost / 2, `${seen} retransmissions ${how} for ${pictureLost} lost`);
    must(!isRtxOff || rtx === 0, `${rtx} packets of RTX, which was not negotiated`);
  }
  return failed;
}

/** What a fan misses of a host whose link alone loses. */
export function shareShortcomings(name, { seconds, sent, decoded, percent }) {
  if (seconds === 0) return [`${name}: nobody can tell how many of the frames sent it decoded`];
  if (percent >= MIN_SHARE_PERCENT) return [];
  return [`${name}: decoded ${percent} % of the frames sent (${decoded} of ${sent})`];
}
