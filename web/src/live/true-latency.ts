import type { ServerMessage } from "./protocol";

type Clock = Extract<ServerMessage, { type: "clock" }>;

/** What is known of a frame when it is shown; browsers may leave out the timestamp. */
export interface ShownFrame {
  /** Of the frame, in the numbering of our connection. */
  rtpTimestamp: number | undefined;
  /** When it is on the screen, by `pageNow()`. */
  shownAt: number;
}

/** Frames that one figure is made of: half a second to two. */
const FRAMES = 30;
/** A figure beyond these is a clock's fault. */
const BOUNDS_MS = { least: -50, most: 60_000 };

/**
 * How long after its capture a frame is shown. The server tells when the frame with a certain RTP timestamp was captured
 * (`clock`), the page when a frame with another one is shown.
 */
export class TrueLatency {
  #clock: Clock | null = null;
  #uplinkMs = 0;
  #recent: number[] = [];

  /** The server told when frames were captured. */
  clock(clock: Clock): void {
    if (this.#clock !== null && Math.abs(wallOf(this.#clock, clock.rtp) - clock.wall) > 50) {
      this.#recent = [];
    }
    this.#clock = clock;
  }

  /** What the host's packets need to the server, which the server cannot see. */
  uplink(ms: number | null): void {
    this.#uplinkMs = ms ?? 0;
  }

  /** Another connection: its timestamps have nothing to do with these. */
  reset(): void {
    this.#clock = null;
    this.#recent = [];
  }

  /** A frame is shown; `offsetMs`: the server's clock minus `pageNow()`. */
  shown(frame: ShownFrame, offsetMs: number | null): void {
    if (this.#clock === null || offsetMs === null || frame.rtpTimestamp === undefined) return;
    const captured = wallOf(this.#clock, frame.rtpTimestamp) - this.#uplinkMs;
    const latency = frame.shownAt + offsetMs - captured;
    if (latency < BOUNDS_MS.least || latency > BOUNDS_MS.most) return;
    this.#recent = [...this.#recent, Math.max(0, latency)].slice(-FRAMES);
  }

  /** The median of the last frames, in milliseconds; null when it is not known. */
  get latencyMs(): number | null {
    if (this.#recent.length === 0) return null;
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}

/** When the frame with this RTP timestamp was captured. */
function wallOf(clock: Clock, rtpTimestamp: number): number {
  // Modulo 2^32, as a signed number.
  const ticks = (rtpTimestamp - clock.rtp) | 0;
  return clock.wall + (ticks * 1000) / clock.rate;
}
