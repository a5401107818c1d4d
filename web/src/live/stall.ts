/** What a viewer should do about a picture that stands still. */
export type StallVerdict = "flowing" | "stalled" | "restart" | "renew";

const STALLED_MS = 2_000;
const RESTART_MS = 6_000;
const RENEW_MS = 12_000;
const RENEW_MAX_MS = 60_000;

/**
 * Judges by progress alone: browsers fire no event when a WebRTC source stops.
 * `restart` and `renew` are each said once per stall; renewing again takes twice as long each time.
 */
export class StallDetector {
  #progress = -1;
  #movedAt: number;
  #restarted = false;
  #renewAfterMs = RENEW_MS;

  constructor(nowMs: number) {
    this.#movedAt = nowMs;
  }

  /** Starts the clock anew: the picture is not expected yet, or a new connection begins. */
  reset(nowMs: number): void {
    this.#movedAt = nowMs;
    this.#restarted = false;
    this.#progress = -1;
  }

  /** `progress` is any counter that grows while media arrives. */
  sample(nowMs: number, progress: number): StallVerdict {
    if (progress !== this.#progress) {
      const first = this.#progress === -1;
      this.#progress = progress;
      if (!first || progress > 0) {
        this.#movedAt = nowMs;
        this.#restarted = false;
        this.#renewAfterMs = RENEW_MS;
        return "flowing";
      }
    }
    const stillMs = nowMs - this.#movedAt;
    if (stillMs >= this.#renewAfterMs) {
      this.#renewAfterMs = Math.min(this.#renewAfterMs * 2, RENEW_MAX_MS);
      this.reset(nowMs);
      return "renew";
    }
    if (stillMs >= RESTART_MS && !this.#restarted) {
      this.#restarted = true;
      return "restart";
    }
    return stillMs >= STALLED_MS ? "stalled" : "flowing";
  }
}
