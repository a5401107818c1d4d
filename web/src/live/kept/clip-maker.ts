import { hostIdentity } from "../host-key";
import { Store } from "../store";
import { clipsUrl, type Pass } from "./addresses";
import { askFor, type KeptProblem, problemOf } from "./ask";
import type { Clip } from "./types";

/** How much of the last may be asked for, in seconds. */
export const CLIP_LENGTHS = [30, 60, 90] as const;
export type ClipLength = (typeof CLIP_LENGTHS)[number];

export interface ClipMakerSnapshot {
  /** How long a clip is being made. */
  making: ClipLength | null;
  clip: Clip | null;
  problem: KeptProblem | null;
}

const START: ClipMakerSnapshot = { making: null, clip: null, problem: null };

/** Makes clips of what a room sent last. */
export class ClipMaker extends Store<ClipMakerSnapshot> {
  readonly #room: string;
  readonly #pass: Pass;
  #abort: AbortController | null = null;

  constructor(room: string, pass: Pass) {
    super(START);
    this.#room = room;
    this.#pass = pass;
  }

  async make(seconds: ClipLength): Promise<void> {
    if (this.getSnapshot().making !== null) return;
    this.update({ ...START, making: seconds });
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const { key } = hostIdentity();
      const clip = await askFor<Clip>(clipsUrl(this.#room, { pass: this.#pass }), {
        method: "POST",
        headers: {
          "content-type": "application/json",
          // Where hosts alone make clips.
          ...(key ? { authorization: `Bearer ${key}` } : {}),
        },
        body: JSON.stringify({ seconds }),
        signal,
      });
      this.update({ making: null, clip });
    } catch (error) {
      this.update({ making: null, problem: signal.aborted ? null : problemOf(error) });
    }
  }

  /** For another one. */
  again(): void {
    this.update(START);
  }

  close(): void {
    this.#abort?.abort();
  }
}
