/** A round trip this old says little of the two clocks: they drift by some milliseconds an hour. */
const MAX_AGE_MS = 10 * 60_000;
/** Readings that are kept. */
const READINGS = 16;

/** This page's clock: like `Date.now()`, but it never jumps. */
export function pageNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Knows the server's clock from round trips of pings: the shortest one tells it best. */
export class ServerClock {
  #readings: { at: number; rttMs: number; offsetMs: number }[] = [];

  /** A ping that was sent at `sent` is answered now, and the server's clock said `server` on the way. */
  answered(sent: number, server: number, now = pageNow()): void {
    const rttMs = Math.max(0, now - sent);
    // The server's clock is told in whole milliseconds, rounded down.
    const offsetMs = server + 0.5 - (sent + now) / 2;
    const recent = this.#readings.filter((it) => now - it.at < MAX_AGE_MS);
    this.#readings = [...recent, { at: now, rttMs, offsetMs }].slice(-READINGS);
  }

  /** Server's clock minus `pageNow()`, in milliseconds; null before the first answer. */
  get offsetMs(): number | null {
    const best = this.#readings.reduce<{ rttMs: number; offsetMs: number } | null>(
      (best, it) => (best === null || it.rttMs < best.rttMs ? it : best),
      null,
    );
    return best?.offsetMs ?? null;
  }
}
