import type { RoomState } from "./protocol";

/** A host that went on after its server was started anew is back by then; one that is later began again. */
const SAME_WITHIN_MS = 90_000;

/**
 * Since when a broadcast is on air. A server that was started anew counts from then; a page that saw the broadcast before
 * knows better.
 */
export class AirTime {
  #told: number | null = null;
  #since: number | null = null;
  #host: string | undefined;
  #lostAtMs: number | null = null;

  /** A session is over; the next server may know nothing of before. */
  lost(nowMs: number): void {
    this.#lostAtMs ??= nowMs;
  }

  sinceOf({ live, since, host }: RoomState, nowMs: number): number | null {
    if (live === "ended") this.#since = null;
    if (since === null || since === this.#told) return since === null ? null : this.#since;
    const isBack =
      this.#since !== null &&
      this.#lostAtMs !== null &&
      nowMs - this.#lostAtMs < SAME_WITHIN_MS &&
      host?.name === this.#host;
    if (!isBack) this.#since = since;
    this.#told = since;
    this.#host = host?.name;
    this.#lostAtMs = null;
    return this.#since;
  }
}
