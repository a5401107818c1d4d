import { withBase } from "./base-path";

/** How often the server is told. */
const TELL_EVERY_MS = 60_000;
/** More between two readings is a page that slept. */
const LONGEST_STEP_MS = 5_000;
/** More is a page that was left open. */
const LONGEST_FIRST_FRAME_MS = 600_000;

/** What a page knows besides what its peer connection counts. */
export interface Shown {
  /** Whether something is to be seen, and somebody is there to see it. */
  watches: boolean;
  latencyMs?: number | null;
  /** The layer's name; null without a picture or without simulcast. */
  layer?: string | null;
}

export interface ExperienceOptions {
  room: string;
  page: "room" | "embed";
  post?: (body: string) => void;
  /** Milliseconds since the page was opened. */
  now?: () => number;
}

/** Counters of a peer connection, which only rise. */
interface Counts {
  freezes: number;
  frozenMs: number;
  received: number;
  lost: number;
}

const NOTHING: Counts = { freezes: 0, frozenMs: 0, received: 0, lost: 0 };

/**
 * Sums up what the person saw, and tells the server once a minute and at the end. It says nothing of who it is, and no
 * answer is awaited.
 */
export class Experience {
  readonly #options: ExperienceOptions;
  readonly #now: () => number;
  /** Since when a first frame is awaited; null once it was seen, or where the time would say nothing. */
  #awaitedSince: number | null = null;
  #hasRoom = false;
  #hasFrame = false;
  #firstFrameMs: number | null = null;
  #before: Counts | null = null;
  #sum = { ...NOTHING };
  #watchedMs = 0;
  #sampledAt: number | null = null;
  #shown: Shown = { watches: false };
  #tellAt: number;

  constructor(options: ExperienceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#tellAt = this.#now() + TELL_EVERY_MS;
  }

  /** The page knows whether the room is live. */
  room(live: boolean): void {
    // Who comes to a broadcast waits since the page was opened, who is there already since it begins.
    if (live && this.#awaitedSince === null && !this.#hasFrame) {
      this.#awaitedSince = this.#hasRoom ? this.#now() : 0;
    }
    if (!live && !this.#hasFrame) this.#awaitedSince = null;
    this.#hasRoom = true;
  }

  /** The page is shown, or not: browsers let a hidden one wait. */
  hidden(): void {
    this.#hasFrame = true;
  }

  /** The first frame is on the page. */
  framed(): void {
    if (this.#hasFrame) return;
    this.#hasFrame = true;
    if (this.#awaitedSince === null) return;
    const ms = this.#now() - this.#awaitedSince;
    if (ms <= LONGEST_FIRST_FRAME_MS) this.#firstFrameMs = ms;
  }

  /** Another peer connection counts from the start. */
  renewed(): void {
    this.#before = null;
  }

  /** A reading of the peer connection, about once a second. */
  sample(report: RTCStatsReport, shown: Shown): void {
    const now = this.#now();
    const step = this.#sampledAt === null ? 0 : now - this.#sampledAt;
    if (shown.watches && step <= LONGEST_STEP_MS) this.#watchedMs += step;
    this.#sampledAt = now;
    this.#shown = shown;
    const counts = countsOf(report);
    if (this.#before !== null && shown.watches) {
      for (const key of Object.keys(NOTHING) as (keyof Counts)[]) {
        this.#sum[key] += Math.max(0, counts[key] - this.#before[key]);
      }
    }
    this.#before = counts;
    if (now >= this.#tellAt) this.tell();
  }

  /** Tells what was seen since the last time; at the end of the page, too. */
  tell(): void {
    this.#tellAt = this.#now() + TELL_EVERY_MS;
    const watchedMs = Math.round(this.#watchedMs);
    if (watchedMs === 0 && this.#firstFrameMs === null) return;
    const { freezes, frozenMs, received, lost } = this.#sum;
    const { latencyMs, layer } = this.#shown;
    const body = {
      room: this.#options.room,
      page: this.#options.page,
      watchedMs,
      freezes,
      frozenMs: Math.min(Math.round(frozenMs), watchedMs),
      ...(this.#firstFrameMs === null ? {} : { firstFrameMs: Math.round(this.#firstFrameMs) }),
      ...(latencyMs == null ? {} : { latencyMs: Math.round(latencyMs) }),
      ...(layer == null ? {} : { layer }),
      ...(received + lost === 0 ? {} : { loss: Math.min(1, lost / (received + lost)) }),
    };
    this.#firstFrameMs = null;
    this.#watchedMs = 0;
    this.#sum = { ...NOTHING };
    (this.#options.post ?? post)(JSON.stringify(body));
  }
}

/** Also while the page goes away. */
function post(body: string): void {
  try {
    navigator.sendBeacon?.(withBase("/api/qoe"), body);
  } catch {
    // A browser that refuses it: nothing is told.
  }
}

function countsOf(report: RTCStatsReport): Counts {
  const counts = { ...NOTHING };
  report.forEach((entry: Record<string, unknown>) => {
    if (entry.type !== "inbound-rtp") return;
    const of = (key: string) => (typeof entry[key] === "number" ? (entry[key] as number) : 0);
    counts.received += of("packetsReceived");
    // Duplicates make it negative.
    counts.lost += Math.max(0, of("packetsLost"));
    counts.freezes += of("freezeCount");
    counts.frozenMs += of("totalFreezesDuration") * 1000;
  });
  return counts;
}
