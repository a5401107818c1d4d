/** A message on its way from right to left. */
export interface Flight {
  /** When its first letter comes in at the right edge, in milliseconds. */
  startMs: number;
  widthPx: number;
  /** Pixels a millisecond. */
  speed: number;
}

/** Every message takes so long from edge to edge, so that long ones are faster. */
export const CROSSING_MS = 8_000;
/** So long a message stands at the top or the bottom. */
export const STANDING_MS = 4_000;

export function flight(startMs: number, widthPx: number, stagePx: number): Flight {
  return { startMs, widthPx, speed: (stagePx + widthPx) / CROSSING_MS };
}

/** Where the left edge of a message is. */
export function leftOf(one: Flight, nowMs: number, stagePx: number): number {
  return stagePx - one.speed * (nowMs - one.startMs);
}

/** Lanes from the top down; in none do two messages ever overlap. */
export class FlyingLanes {
  readonly #last: (Flight | undefined)[];
  readonly #stagePx: number;
  readonly #gapPx: number;

  constructor(stagePx: number, gapPx: number, count: number) {
    this.#stagePx = stagePx;
    this.#gapPx = gapPx;
    this.#last = new Array(Math.max(0, count)).fill(undefined);
  }

  get count(): number {
    return this.#last.length;
  }

  /**
   * The highest free lane for a message of that width, and when it starts there. `waitMs`: so late it may start;
   * null when no lane is free by then.
   */
  take(nowMs: number, widthPx: number, waitMs = 0): { lane: number; flight: Flight } | null {
    let best: { lane: number; startMs: number } | null = null;
    for (let lane = 0; lane < this.#last.length; lane += 1) {
      const startMs = Math.max(nowMs, this.#freeAt(lane, widthPx));
      if (startMs > nowMs + waitMs) continue;
      if (best === null || startMs < best.startMs) best = { lane, startMs };
      if (startMs === nowMs) break;
    }
    if (best === null) return null;
    const taken = flight(best.startMs, widthPx, this.#stagePx);
    this.#last[best.lane] = taken;
    return { lane: best.lane, flight: taken };
  }

  /** The message in a lane became wider: the next one waits for its new end. */
  grow(lane: number, widthPx: number): void {
    const last = this.#last[lane];
    if (last) this.#last[lane] = { ...last, widthPx };
  }

  /** When the lane has room for a message that neither touches the one before nor catches up with it. */
  #freeAt(lane: number, widthPx: number): number {
    const before = this.#last[lane];
    if (!before) return Number.NEGATIVE_INFINITY;
    const insideAt = before.startMs + (before.widthPx + this.#gapPx) / before.speed;
    const goneAt = before.startMs + (this.#stagePx + before.widthPx) / before.speed;
    const { speed } = flight(0, widthPx, this.#stagePx);
    const catchesUpAfter = goneAt - (this.#stagePx - this.#gapPx) / speed;
    return Math.max(insideAt, catchesUpAfter);
  }
}

/** Lanes in which messages stand still for a while, one in each. */
export class StandingLanes {
  readonly #until: number[];

  constructor(count: number) {
    this.#until = new Array(Math.max(0, count)).fill(Number.NEGATIVE_INFINITY);
  }

  /** The first free lane; the one that becomes free first when it is not to wait for one. */
  take(nowMs: number, forced: boolean): number | null {
    const free = this.#until.findIndex((until) => until <= nowMs);
    const lane = free === -1 && forced ? this.#until.indexOf(Math.min(...this.#until)) : free;
    if (lane === -1 || this.#until.length === 0) return null;
    this.#until[lane] = nowMs + STANDING_MS;
    return lane;
  }
}
