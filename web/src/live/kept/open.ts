import type { SignalingOptions } from "../signaling";
import { Store } from "../store";
import type { Pass } from "./addresses";
import { isShut, type KeptProblem, problemOf } from "./ask";
import { keptPass, knock } from "./pass";

export interface OpenedSnapshot<T> {
  value: T | null;
  /** With which it was opened, and its files are. */
  pass: Pass;
  problem: KeptProblem | null;
  /** What the room asks for, where it lets in only who shows something: `password`, `invite`, `token`. */
  asks: string | null;
}

interface OpenOptions<T> {
  /** Whose pass is needed where not everybody may watch; null: nobody knows. */
  room: string | null;
  lang: string;
  load: (pass: Pass, signal: AbortSignal) => Promise<T>;
  signaling?: Partial<SignalingOptions>;
}

/**
 * Something that is kept of a room, opened by its address: with the pass that the tab has, and where that is not
 * enough, with one that the room gives as it lets people in.
 */
export class Opened<T> extends Store<OpenedSnapshot<T>> {
  readonly #options: OpenOptions<T>;
  readonly #abort = new AbortController();

  constructor(options: OpenOptions<T>) {
    super({ value: null, pass: null, problem: null, asks: null });
    this.#options = options;
    void this.#open();
  }

  close(): void {
    this.#abort.abort();
  }

  async #open(): Promise<void> {
    const { room, lang, signaling } = this.#options;
    const pass = room === null ? null : keptPass(room);
    const problem = await this.#load(pass);
    if (room === null || !isShut(problem) || this.#abort.signal.aborted) return;
    const knocked = await knock(room, lang, signaling);
    if (this.#abort.signal.aborted) return;
    if ("pass" in knocked) this.#tell(await this.#load(knocked.pass));
    else this.update({ problem: knocked.problem, asks: knocked.detail });
  }

  /** Why it did not come. A shut door is not told at once: there may be a way in. */
  async #load(pass: Pass): Promise<KeptProblem | null> {
    const { signal } = this.#abort;
    try {
      const value = await this.#options.load(pass, signal);
      if (!signal.aborted) this.update({ value, pass, problem: null });
      return null;
    } catch (error) {
      const problem = problemOf(error);
      if (this.#options.room === null || !isShut(problem)) this.#tell(problem);
      return problem;
    }
  }

  #tell(problem: KeptProblem | null): void {
    if (!this.#abort.signal.aborted) this.update({ problem });
  }
}
