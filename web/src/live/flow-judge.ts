import type { PictureWish } from "./picture-choice";
import type { RoomState } from "./protocol";
import { StallDetector, type StallVerdict } from "./stall";
import type { ReceiveStats } from "./stats";
import type { LayerNow } from "./viewer-snapshot";

/** What progress is measured by; null when nothing is expected to come. */
export type Expected = "picture" | "sound" | null;

/** What has to arrive, now that all is well. */
export function expectedMedia(
  room: RoomState,
  wish: PictureWish,
  layer: LayerNow | null,
): Expected {
  const isRefused = wish.video === "off" || !wish.visible;
  const isStarved = layer?.on === false && layer.reason === "bandwidth";
  if (room.video === "on" && !isRefused && !isStarved) return "picture";
  return room.audio === "on" ? "sound" : null;
}

/** Judges from readings of a connection whether what should arrive does. */
export class FlowJudge {
  readonly #stall: StallDetector;
  #by: Expected = "picture";
  #progress = 0;
  /** Whether media of this broadcast has been seen on this peer connection. */
  playing = false;
  stalled = false;

  constructor(nowMs: number) {
    this.#stall = new StallDetector(nowMs);
  }

  /** Whether something has to arrive, and has before. */
  get isExpecting(): boolean {
    return this.#by !== null && this.playing;
  }

  /** The clock starts anew: the broadcast or the connection did. */
  reset(nowMs: number): void {
    this.#stall.reset(nowMs);
    this.stalled = false;
  }

  /** The connection is gone. */
  forget(): void {
    this.playing = false;
    this.stalled = false;
    this.#progress = 0;
    this.#by = "picture";
  }

  sample(nowMs: number, stats: ReceiveStats, by: Expected): StallVerdict {
    // Without a picture bytes have to do.
    const progress = by === "picture" ? stats.framesDecoded : stats.bytesReceived;
    if (by !== this.#by) {
      this.#by = by;
      this.#progress = progress;
      this.#stall.reset(nowMs);
    }
    if (by === null) {
      // Neither picture nor sound is sent: there is nothing to wait for.
      this.playing = true;
      this.stalled = false;
      return "flowing";
    }
    if (progress > this.#progress) this.playing = true;
    this.#progress = progress;
    const verdict = this.#stall.sample(nowMs, progress);
    this.stalled = verdict !== "flowing";
    return verdict;
  }
}
