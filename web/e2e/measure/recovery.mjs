/* How media and feedback came back after a rebind, as functions of their arguments alone. Times are milliseconds. */
import { percentile } from "./figures.mjs";

/** Media that pauses for longer is away. */
const GAP_MS = 300;
/** For so long it comes without such a pause when it is back. */
const STEADY_MS = 1_000;
/** What did not come for so long at the end is away then. */
const AWAY_MS = 2_000;
/** Over these the bit rate of before is taken. */
const BEFORE_MS = 5_000;
/** The least share of its bit rate that an encoder is to keep. */
const LEAST_RATE = 0.5;

/** Of what came after a moment, the first; undefined when nothing did. */
function firstAfter(times, moment) {
  return times.find((it) => it > moment);
}

/**
 * After which time media was back: when the first frame came of those that then came for a second without a pause over
 * 300 ms (`ms`), and the longest pause since (`pauseMs`), which has other causes as a rule. Both are null when media
 * is away at `until`.
 */
export function back(times, { at, until }) {
  const after = times.filter((it) => it > at && it <= until);
  const last = after.at(-1);
  if (last === undefined || until - last > AWAY_MS) return { ms: null, pauseMs: null };
  let began = after[0];
  let pauseMs = 0;
  for (const [n, it] of after.slice(1).entries()) {
    const pause = it - after[n];
    const isSteady = after[n] - began >= STEADY_MS;
    if (pause > GAP_MS && !isSteady) [began, pauseMs] = [it, 0];
    else pauseMs = Math.max(pauseMs, pause);
  }
  return { ms: began - at, pauseMs };
}

/** The lowest bit rate from `at` to `until`, as a share of the median of the seconds before; null when none is told. */
export function lowestRate(targets, { at, until }) {
  const between = (from, to) =>
    targets.filter(([time]) => time > from && time <= to).map(([, bitrate]) => bitrate);
  const usual = percentile(between(at - BEFORE_MS, at), 0.5);
  const after = between(at, until);
  return usual && after.length > 0 ? Math.min(...after) / usual : null;
}

/**
 * What became of a client after one rebind.
 *
 * `role`: publish or watch. `at`, `from`, `until`: when it was rebound, from when on only new mappings are counted,
 * and when it was given up. `frames`: of who watches. `passed`: by the name of a counter of the NAT, when packets
 * passed. `notes`: what a page told of itself, else empty. `dropped`: packets to mappings that are forgotten.
 */
export function recovery({ role, at, from, until, frames, passed, notes, dropped }) {
  const since = (moment) => (moment === undefined || moment > until ? null : moment - at);
  const first = (name, after = from) => firstAfter(passed[name] ?? [], after);
  const firsts = Object.fromEntries(Object.keys(passed).map((name) => [name, since(first(name))]));
  // Reports of a viewer count from when it is sent media again: then it is its reports that the server heeds.
  const feedback = role === "publish" ? first("in_rtcp") : reportedAfter(first("in_rtp"), first);
  const media = back(frames, { at, until });
  return {
    mediaMs: media.ms,
    laterPauseMs: media.pauseMs,
    feedbackMs: since(feedback),
    toldMs: notes.reports ? since(firstAfter(notes.reports, from)) : null,
    lowestRate: notes.targets ? lowestRate(notes.targets, { at, until }) : null,
    newConnections: notes.connections ?? 0,
    dropped,
    firstPackets: firsts,
  };
}

function reportedAfter(media, first) {
  return media === undefined ? undefined : first("out_rtcp", media - 1);
}

/** Median and worst; null is never, and worse than any. */
export function medianAndWorst(values) {
  const known = values.map((it) => it ?? Number.POSITIVE_INFINITY);
  const told = (share) => {
    const value = percentile(known, share);
    return Number.isFinite(value) ? value : null;
  };
  return { median: told(0.5), worst: told(1) };
}

/** What a client's recoveries do not fulfil. */
export function shortcomings(name, recoveries, { goalMs }) {
  return recoveries.flatMap((it, n) => {
    const failed = [];
    const must = (holds, what) => {
      if (!holds) failed.push(`${name}, rebind ${n + 1}: ${what}`);
    };
    const isBack = (ms) => ms !== null && ms <= goalMs;
    const after = (ms) => (ms === null ? "did not come back" : `back after ${ms} ms`);
    must(isBack(it.mediaMs), `media ${after(it.mediaMs)}`);
    must(isBack(it.feedbackMs), `feedback ${after(it.feedbackMs)}`);
    must(it.newConnections === 0, `${it.newConnections} new peer connections`);
    const rate = it.lowestRate;
    const percent = Math.round((rate ?? 1) * 100);
    must(rate === null || rate >= LEAST_RATE, `the bit rate fell to ${percent} %`);
    return failed;
  });
}
