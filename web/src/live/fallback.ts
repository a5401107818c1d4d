import { Store } from "./store";

export interface FallbackSnapshot {
  /** Not wanted; fetched; or on the page. */
  step: "off" | "loading" | "shown";
  /** The host sends what HLS cannot carry. */
  unfit: boolean;
  /** The person paused it. */
  paused: boolean;
}

export const FALLBACK_START: FallbackSnapshot = { step: "off", unfit: false, paused: false };

/** How a viewer is off for its media path. */
export interface PathState {
  /** Something is sent, and it does not come over WebRTC. */
  lacks: boolean;
  /** It came before: so the time in which a first connection finds its path is over. */
  hadMedia: boolean;
  codec: string | null;
}

/** Nearly every first connection has found its path by then. */
const FIRST_MS = 2_500;
/** The element of WebRTC shows its first frame within this. */
const HANDOVER_MS = 500;
/** HLS carries it nowhere: it is not even asked for. */
const UNFIT = "VP8";

/**
 * Decides when a viewer without a media path is shown the room as HLS, with a delay of some seconds. It ends when WebRTC has
 * a picture again.
 */
export class Fallback extends Store<FallbackSnapshot> {
  #lacks = false;
  #codec: string | null = null;
  /** The server has none of this broadcast. */
  #refused = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer is for. */
  #next: "begin" | "end" | null = null;

  constructor() {
    super(FALLBACK_START);
  }

  judge({ lacks, hadMedia, codec }: PathState): void {
    if (codec !== this.#codec) this.#refused = false;
    this.#codec = codec;
    this.#lacks = lacks;
    const { step } = this.getSnapshot();
    if (!lacks) {
      if (step === "shown") this.#plan("end", HANDOVER_MS);
      else this.#end();
    } else if (step !== "off") {
      this.#forget();
    } else {
      this.#plan("begin", hadMedia ? 0 : FIRST_MS);
    }
  }

  /** It has a picture. */
  framed(): void {
    if (this.getSnapshot().step === "loading") this.update({ step: "shown" });
  }

  /** The server will not serve it: for the sake of what the host sends, or at all. */
  refused(isUnfit: boolean): void {
    this.#refused = true;
    this.#forget();
    this.update({ step: "off", paused: false, unfit: isUnfit });
  }

  setPaused(paused: boolean): void {
    if (this.getSnapshot().step !== "shown") return;
    this.update({ paused });
    if (!paused && !this.#lacks) this.#plan("end", 0);
  }

  /** Nothing is on air, or the page is gone. */
  close(): void {
    this.#lacks = false;
    this.#refused = false;
    this.#end();
  }

  #begin(): void {
    if (this.#refused) return;
    if (this.#codec === UNFIT) this.update({ unfit: true });
    else this.update({ step: "loading", unfit: false });
  }

  #end(): void {
    this.#forget();
    this.update(FALLBACK_START);
  }

  /** At once when it is due, so that a frozen picture stands no longer than it must. */
  #plan(next: "begin" | "end", inMs: number): void {
    if (this.#next === next && inMs > 0) return;
    this.#forget();
    if (inMs === 0) {
      this.#do(next);
      return;
    }
    this.#next = next;
    this.#timer = setTimeout(() => this.#do(next), inMs);
  }

  #do(next: "begin" | "end"): void {
    this.#next = null;
    if (next === "begin") this.#begin();
    // Who paused it goes on where it is.
    else if (!this.getSnapshot().paused) this.#end();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#next = null;
  }
}
