import { isAddress } from "../candidates";
import type { PathResult, PathState } from "../protocol";
import type { SignalingOptions } from "../signaling";
import { ProbePeer } from "./probe-peer";
import { type Attempt, hasPairs, type MediaPath, type Selected, selectedOf, verdict } from "./ways";

export interface MediaProbeOptions {
  path: MediaPath;
  /** A room of its own, in which this device may publish. */
  room: string;
  /** A moving picture. */
  stream: MediaStream;
  otherFamilyWorks: () => boolean;
  hostname?: string;
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
}

/** For the sockets and both descriptions; then the same again for media. */
const WITHIN_MS = 5_000;
const POLL_MS = 100;

/** Sends a moving picture to the server over one way, and has it come back over the same. */
export class MediaProbe {
  readonly #options: MediaProbeOptions;
  readonly #publisher: ProbePeer;
  readonly #viewer: ProbePeer;
  readonly #done: (result: PathResult) => void;
  readonly #startedAt = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  #negotiated = false;
  #late = false;
  #closed = false;
  #paired = false;
  #publishing: Selected | null = null;
  #watching: { selected: Selected | null; framesDecoded: number; bytesReceived: number } = {
    selected: null,
    framesDecoded: 0,
    bytesReceived: 0,
  };
  readonly result: Promise<PathResult>;

  constructor(options: MediaProbeOptions) {
    this.#options = options;
    let done: (result: PathResult) => void = () => undefined;
    this.result = new Promise((resolve) => {
      done = resolve;
    });
    this.#done = done;
    const { stream, hostname = location.hostname } = options;
    const changed = () => this.#judge();
    const common = { ...options, hostname, changed };
    this.#publisher = new ProbePeer({ ...common, stream });
    this.#viewer = new ProbePeer({ ...common, stream: null });
    this.#timer = setTimeout(() => this.#timeUp(), WITHIN_MS);
    this.#schedule();
  }

  /** Why the server would not have this tried. */
  get refused(): ProbePeer["refused"] {
    return this.#publisher.refused ?? this.#viewer.refused;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#pollTimer);
    this.#publisher.close();
    this.#viewer.close();
  }

  #timeUp(): void {
    this.#late = true;
    this.#judge();
  }

  #judge(): void {
    // An event may come while the constructor runs.
    if (this.#closed || !this.#viewer) return;
    if (this.refused) {
      this.#finish("not_tried");
      return;
    }
    if (!this.#negotiated && this.#publisher.negotiated && this.#viewer.negotiated) {
      this.#negotiated = true;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#timeUp(), WITHIN_MS);
    }
    const state = verdict(this.#options.path, this.#attempt());
    if (state) this.#finish(state);
  }

  #finish(state: PathState): void {
    const { path } = this.#options;
    const isKnown = state === "works" || state === "closed";
    const ms = isKnown ? Math.round(performance.now() - this.#startedAt) : null;
    this.close();
    this.#done({ path, state, ms });
  }

  #attempt(): Attempt {
    const sides = [this.#publisher, this.#viewer];
    const { hostname = location.hostname, otherFamilyWorks } = this.#options;
    return {
      offered: sides.some(({ offered }) => offered === 0)
        ? false
        : this.#negotiated || sides.every(({ offered }) => offered !== null)
          ? true
          : null,
      // Of one side: another connection may hide the same addresses behind other names.
      local: this.#publisher.local,
      paired: this.#paired,
      publisher: this.#publishing,
      viewer: this.#watching.selected,
      framesDecoded: this.#watching.framesDecoded,
      bytesReceived: this.#watching.bytesReceived,
      over: this.#late || sides.some(({ failed }) => failed),
      otherFamilyWorks: otherFamilyWorks(),
      needsName: isAddress(hostname.replace(/^\[|\]$/g, "")) && isFirefox(),
    };
  }

  #schedule(): void {
    if (!this.#closed) this.#pollTimer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  async #poll(): Promise<void> {
    const [publisher, viewer] = await Promise.all(
      [this.#publisher, this.#viewer].map(({ pc }) => pc?.getStats().catch(() => null)),
    );
    if (publisher) {
      this.#publishing = selectedOf(publisher);
      this.#paired ||= hasPairs(publisher);
    }
    if (viewer) this.#watching = { selected: selectedOf(viewer), ...received(viewer) };
    this.#judge();
    this.#schedule();
  }
}

function received(report: RTCStatsReport): { framesDecoded: number; bytesReceived: number } {
  const sum = { framesDecoded: 0, bytesReceived: 0 };
  report.forEach((entry: Record<string, unknown>) => {
    if (entry.type !== "inbound-rtp") return;
    sum.framesDecoded += Number(entry.framesDecoded ?? 0);
    sum.bytesReceived += Number(entry.bytesReceived ?? 0);
  });
  return sum;
}

function isFirefox(): boolean {
  return /\bFirefox\//.test(navigator.userAgent);
}
