/* Figures out of samples, as functions of their arguments alone. */

/** Nearest rank; null of nothing. */
export function percentile(values, share) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** p50, p95 and max, rounded to milliseconds. */
export function spread(values) {
  const round = (value) => (value === null ? null : Math.round(value));
  return {
    n: values.length,
    p50: round(percentile(values, 0.5)),
    p95: round(percentile(values, 0.95)),
    max: round(percentile(values, 1)),
  };
}

/** The payload types of retransmissions in a description (RFC 4588, section 8.1). */
export function rtxTypes(sdp) {
  return [...sdp.matchAll(/^a=rtpmap:(\d+) rtx\//gim)].map(([, type]) => Number(type));
}

/** The payload types of pictures that are no retransmissions. */
export function pictureTypes(sdp) {
  const section = sdp.split(/^m=/m).find((it) => it.startsWith("video ")) ?? "";
  const types = [...section.matchAll(/^a=rtpmap:(\d+) /gm)].map(([, type]) => Number(type));
  return types.filter((type) => !rtxTypes(section).includes(type));
}

/** How many datagrams a relay counted, of all kinds, or of some payload types with padding or without. */
export function sumOf(kinds, types = null, shapes = ["rtp", "padded"]) {
  const wanted = types?.flatMap((type) => shapes.map((shape) => `${shape}:${type}`));
  return (wanted ?? Object.keys(kinds)).reduce((n, kind) => n + (kinds[kind] ?? 0), 0);
}

/** Whether both sides agreed on feedback for the bandwidth estimate. */
export function negotiatesTwcc({ offer, answer }) {
  const has = (sdp) => /^a=rtcp-fb:\S+ transport-cc/m.test(sdp) && /transport-wide-cc/.test(sdp);
  return has(offer) && has(answer);
}

/**
 * By how many milliseconds the picture is ahead of the sound: what is played of each now, by the
 * sender's clock. Null while the browser cannot tell.
 */
export function aheadMs({ audio, video }) {
  const [sound, picture] = [audio?.estimatedPlayoutTimestamp, video?.estimatedPlayoutTimestamp];
  return sound && picture ? picture - sound : null;
}

/**
 * What became of a fan. `samples`: of `sampleFan`, at least one; `settleMs`: what is left out after
 * the first frame; `wire`: the relay's counts, if there was one; `descriptions`: what was negotiated.
 */
export function fanReport({ samples, settleMs, wire = null, descriptions }) {
  const last = samples.at(-1);
  const from = (last.frames.firstAt ?? last.at) + settleMs;
  const settled = samples.filter(({ at }) => at >= from);
  const first = settled[0] ?? last;
  const { audio = {}, video = {}, transport = {} } = last.stats;
  const grown = (kind, field) => {
    const [before, after] = [first.stats[kind]?.[field], last.stats[kind]?.[field]];
    return typeof after === "number" ? after - (before ?? 0) : null;
  };
  const late = ({ at }) => at >= from;
  const gaps = last.frames.gaps.filter(late);
  const heights = last.frames.sizes.map(({ at, height }) => ({
    s: seconds(at - samples[0].at),
    height,
  }));
  const ahead = settled.map(({ stats }) => aheadMs(stats)).filter((ms) => ms !== null);
  const { dtlsCipher, srtpCipher, tlsVersion } = transport;
  return {
    negotiated: { dtlsVersion: dtlsVersion(tlsVersion), dtlsCipher, srtpProfile: srtpCipher },
    twccNegotiated: negotiatesTwcc(descriptions),
    playing: last.frames.lastAt !== null && last.at - last.frames.lastAt < 2_000,
    state: last.state,
    settledAt: from,
    measuredSeconds: seconds(last.at - first.at),
    framesShown: last.frames.shown,
    framesDecoded: video.framesDecoded ?? null,
    framesDropped: video.framesDropped ?? null,
    bufferedMs: buffered(
      grown("video", "jitterBufferDelay"),
      grown("video", "jitterBufferEmittedCount"),
    ),
    keyFramesDecoded: video.keyFramesDecoded ?? null,
    freezes: {
      gaps: gaps.length,
      longestMs: Math.round(Math.max(0, ...gaps.map(({ ms }) => ms))),
      at: gaps.map((gap) => ({
        s: seconds(gap.at - samples[0].at),
        ms: Math.round(gap.ms),
        madeMs: rounded(gap.madeMs),
        receivedMs: rounded(gap.receivedMs),
        toolWaitedMs: waited(samples, gap),
      })),
      unclear: last.frames.unclear.filter(late).length,
      byBrowser: grown("video", "freezeCount"),
      byBrowserSeconds: grown("video", "totalFreezesDuration"),
    },
    connections: { peers: last.peers, offers: last.offers, sockets: last.sockets },
    syncMs: { ...spread(ahead.map(Math.abs)), median: spread(ahead).p50 },
    audio: {
      concealedPercent: percent(
        grown("audio", "concealedSamples"),
        grown("audio", "totalSamplesReceived"),
      ),
      concealmentEvents: grown("audio", "concealmentEvents"),
      packetsLost: audio.packetsLost ?? null,
    },
    repair: {
      packetsReceived: video.packetsReceived ?? null,
      packetsLost: video.packetsLost ?? null,
      nackCount: video.nackCount ?? null,
      pliCount: video.pliCount ?? null,
      retransmittedPacketsReceived: video.retransmittedPacketsReceived ?? null,
    },
    heights,
    layerChanges: last.frames.sizes.filter(late).length,
    wire: wire && wireReport(wire, descriptions.offer),
  };
}

/** How long a frame was in the jitter buffer. */
function buffered(delaySeconds, emitted) {
  return emitted ? Math.round((delaySeconds * 1000) / emitted) : null;
}

/** For how long the tool waited for its turn in the seconds that the gap is in. */
function waited(samples, { at, ms }) {
  const waits = samples
    .filter((it, n) => it.at >= at && (samples[n - 1]?.at ?? 0) <= at + ms)
    .map(({ toolWaitedMs }) => toolWaitedMs ?? 0);
  return rounded(Math.max(0, ...waits));
}

/** What the relay saw go by. */
function wireReport({ toServer, toPeer }, sdp) {
  const { twcc = 0, nack = 0, pli = 0, rr = 0 } = toServer.kinds;
  const pictures = pictureTypes(sdp);
  return {
    toFan: {
      datagrams: sumOf(toPeer.kinds),
      rtx: sumOf(toPeer.kinds, rtxTypes(sdp)),
      lost: sumOf(toPeer.lost),
      overflowed: sumOf(toPeer.overflowed),
      pictureLost: sumOf(toPeer.lost, pictures) + sumOf(toPeer.overflowed, pictures),
    },
    toServer: { twcc, nack, pli, rr, lost: sumOf(toServer.lost) },
  };
}

/** What a fan with that report does not fulfil; `loss` and `hostLoss`, of the host's link, in percent. */
export function shortcomings(name, report, { loss, hostLoss = 0, isCapped = false }) {
  const failed = [];
  const must = (holds, what) => {
    if (!holds) failed.push(`${name}: ${what}`);
  };
  const { freezes, connections, syncMs, repair, wire, marks } = report;
  must(report.playing && report.state === "live", `does not play at the end (${report.state})`);
  must(report.negotiated.srtpProfile, "tells no SRTP profile");
  must(
    connections.peers === 1 && connections.offers === 1,
    `connected anew: ${connections.peers} peer connections, ${connections.offers} offers`,
  );
  const isLossless = loss === 0 && hostLoss === 0;
  if (isLossless) {
    must(freezes.gaps === 0, `${freezes.gaps} freezes over 200 ms, up to ${freezes.longestMs} ms`);
    must(!freezes.byBrowser, `${freezes.byBrowser} freezes by the browser's own count`);
  }
  if (isLossless && !isCapped) {
    must(syncMs.n > 0 && syncMs.p95 <= 100, `sound and picture are apart: p95 ${syncMs.p95} ms`);
  }
  if (isLossless && !isCapped && marks) {
    const { n, p95 } = marks.apartMs;
    must(n > 0 && p95 <= 100, `flashes and beeps are apart: p95 ${p95} ms of ${n}`);
  }
  if (loss > 0) {
    const { rtx, pictureLost } = wire.toFan;
    must(repair.nackCount > 0, "asked for no retransmission");
    // Probes are retransmissions that nobody asked for: some come on any link.
    must(rtx > 0 && rtx >= pictureLost / 2, `${rtx} retransmissions for ${pictureLost} lost`);
    must(wire.toServer.twcc > 0, "sent no transport-wide feedback");
  }
  return failed;
}

/**
 * How far sound and picture were apart at a fan by their marks, beyond what they were at the host.
 * Both are lists of how many milliseconds a flash came before its beep.
 */
export function marksReport(fan, host) {
  const base = percentile(host, 0.5) ?? 0;
  const ahead = fan.map((ms) => ms - base);
  return { apartMs: spread(ahead.map(Math.abs)), aheadMs: spread(ahead).p50 };
}

/**
 * How a fan followed a capped link. `heights`: those of the report; `fromS`, `toS`: when the cap was
 * there, in the same seconds.
 */
export function followed({ heights }, { fromS, toS }) {
  const best = heights.findLast(({ s }) => s < fromS)?.height ?? 0;
  const capped = heights.filter(({ s }) => s >= fromS && s < toS);
  const down = capped.find(({ height }) => height < best);
  // Where it stands since the last change.
  const end = heights.at(-1) ?? { s: 0, height: 0 };
  const isUp = end.height >= best;
  return {
    best,
    lowest: Math.min(best, ...capped.map(({ height }) => height)),
    downAfterS: down ? tenths(down.s - fromS) : null,
    upAfterS: isUp ? Math.max(0, tenths(end.s - toS)) : null,
    changesUnderCap: capped.length,
  };
}

/** What is wrong with how a fan followed a capped link; freezes are judged with the rest. */
export function capShortcomings(name, { best, downAfterS, upAfterS }) {
  if (downAfterS === null) return [`${name}: took no lower layer under the cap`];
  if (upAfterS === null) return [`${name}: is not back at ${best} lines`];
  return [];
}

/** DTLS writes its versions as complements (RFC 6347, section 4.1). */
function dtlsVersion(hex) {
  return { FEFD: "1.2", FEFC: "1.3" }[hex?.toUpperCase()] ?? hex ?? null;
}

function percent(part, whole) {
  return part === null || !whole ? null : Math.round((part / whole) * 10_000) / 100;
}

function rounded(value) {
  return value === undefined ? null : Math.round(value);
}

function seconds(ms) {
  return tenths(ms / 1000);
}

function tenths(value) {
  return Math.round(value * 10) / 10;
}
