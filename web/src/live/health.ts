import type { LocalMediaSnapshot } from "./local-media";
import { LAYERS } from "./quality";
import { hasLayers, pictureOf } from "./send-settings";
import type { SendStats } from "./stats";

export type HealthLevel = "good" | "fair" | "bad";

export interface Verdict {
  level: HealthLevel;
  cause: "none" | "server" | "loss" | "rtt" | "bandwidth" | "cpu" | "fps";
}

/** One reading, for the curve. */
export interface HealthSample {
  at: number;
  bps: number;
  level: HealthLevel;
}

/** The worst thing about the host's connection, for a traffic light with words, and how it came to that. */
export interface Health extends Verdict {
  /** The last two minutes, oldest first. */
  history: readonly HealthSample[];
  /** The most that is sent with these settings, in bits a second. */
  targetBps: number;
}

/** Above these a fan sees it: blocks, late answers, jerks. */
const LOSS = { fair: 0.02, bad: 0.08 };
const RTT_MS = { fair: 250, bad: 600 };
/** Of the frames that the host chose to send. */
const FPS_SHARE = { fair: 2 / 3, bad: 1 / 3 };

/** A browser's own estimate starts low: until then every connection looks short of bandwidth. */
const RAMP_MS = 12_000;
/** A camera that was switched on, or another in its place, takes this long to send at its pace. */
const SETTLE_MS = 6_000;
/** A reading alone may be a hiccup; two in a row are none. */
const NEEDED = 2;
const HISTORY_MS = 120_000;
const SOUND_BPS = { voice: 32_000, music: 256_000 };

const GOOD: Verdict = { level: "good", cause: "none" };
export const SERVER_GONE: Verdict = { level: "bad", cause: "server" };

/** Judges what the host sends, reading after reading. */
export class HealthWatch {
  #connectedAt = 0;
  #picture: MediaStreamTrack | null = null;
  #pictureAt = 0;
  #history: readonly HealthSample[] = [];
  /** How often in a row the same was found. */
  #found: { cause: Verdict["cause"]; n: number } = { cause: "none", n: 0 };

  connected(now: number): void {
    this.#connectedAt = now;
  }

  /** `isReached`: the server hears us. */
  read(
    stats: SendStats,
    media: LocalMediaSnapshot,
    isReached: boolean,
    now: number,
    paused: ReadonlySet<string> = new Set(),
  ): Health {
    const picture = media.videoOn ? media.videoTrack : null;
    if (picture !== this.#picture) {
      this.#picture = picture;
      this.#pictureAt = now;
    }
    const verdict = isReached ? this.#confirmed(this.#judge(stats, media, now)) : SERVER_GONE;
    const sample = { at: now, bps: isReached ? (stats.bitrateBps ?? 0) : 0, level: verdict.level };
    this.#history = [...this.#history.filter(({ at }) => now - at < HISTORY_MS), sample];
    return { ...verdict, history: this.#history, targetBps: targetBps(media, paused) };
  }

  #judge(stats: SendStats, media: LocalMediaSnapshot, now: number): Verdict {
    const isSettled = this.#picture !== null && now - this.#pictureAt > SETTLE_MS;
    // A slide that stands still has no frames to send.
    const isPaced = isSettled && media.source === "camera";
    const limitedBy = isSettled && now - this.#connectedAt > RAMP_MS ? stats.limitedBy : null;
    const fps = stats.fps === null ? null : stats.fps / media.settings.fps;
    const found: Verdict[] = [
      above(stats.loss, LOSS, "loss"),
      above(stats.rttMs, RTT_MS, "rtt"),
      isPaced ? below(fps, FPS_SHARE, "fps") : GOOD,
      limitedBy ? { level: "fair", cause: limitedBy } : GOOD,
    ];
    const worst = (level: HealthLevel) => found.find((verdict) => verdict.level === level);
    return worst("bad") ?? worst("fair") ?? GOOD;
  }

  #confirmed(verdict: Verdict): Verdict {
    const isSame = verdict.cause === this.#found.cause;
    this.#found = { cause: verdict.cause, n: isSame ? this.#found.n + 1 : 1 };
    return this.#found.n >= NEEDED ? verdict : GOOD;
  }
}

/** Layers that nobody watches are not sent. */
function targetBps(
  { settings, videoTrack, audible }: LocalMediaSnapshot,
  paused: ReadonlySet<string>,
): number {
  const sent = LAYERS.filter(({ rid }) => !paused.has(rid));
  const isLayered = settings.codec === "auto" || hasLayers(settings.codec);
  const shares = isLayered ? sent.reduce((sum, { share }) => sum + share, 0) : 1;
  const picture = videoTrack ? pictureOf(settings).maxBitrateBps * shares : 0;
  return picture + (audible ? SOUND_BPS[settings.music ? "music" : "voice"] : 0);
}

type Limits = { fair: number; bad: number };

function above(value: number | null, limits: Limits, cause: Verdict["cause"]): Verdict {
  if (value === null || value <= limits.fair) return GOOD;
  return { level: value > limits.bad ? "bad" : "fair", cause };
}

function below(value: number | null, limits: Limits, cause: Verdict["cause"]): Verdict {
  if (value === null || value >= limits.fair) return GOOD;
  return { level: value < limits.bad ? "bad" : "fair", cause };
}
