import { Store } from "../store";
import { clipsUrl, type Pass, pastsUrl } from "./addresses";
import { askFor, type KeptProblem, problemOf } from "./ask";
import type { Clip, Past } from "./types";

export interface PastListSnapshot {
  /** Null until the server has answered. */
  pasts: Past[] | null;
  clips: Clip[];
  /** From where older recordings follow. */
  next: string | null;
  isLoadingMore: boolean;
  problem: KeptProblem | null;
}

interface Page {
  items?: Past[];
  next?: string;
}

/** What is kept of a room, the newest first: past broadcasts and clips. */
export class PastList extends Store<PastListSnapshot> {
  readonly #room: string;
  readonly #pass: Pass;
  readonly #abort = new AbortController();

  constructor(room: string, pass: Pass) {
    super({ pasts: null, clips: [], next: null, isLoadingMore: false, problem: null });
    this.#room = room;
    this.#pass = pass;
    void this.#load();
  }

  close(): void {
    this.#abort.abort();
  }

  async more(): Promise<void> {
    const { next, isLoadingMore } = this.getSnapshot();
    if (next === null || isLoadingMore) return;
    this.update({ isLoadingMore: true, problem: null });
    await this.#settle(async () => {
      const page = await this.#page(next);
      const pasts = [...(this.getSnapshot().pasts ?? []), ...(page.items ?? [])];
      this.update({ pasts, next: page.next ?? null });
    });
    this.update({ isLoadingMore: false });
  }

  async #load(): Promise<void> {
    await this.#settle(async () => {
      const { signal } = this.#abort;
      const [page, clips] = await Promise.all([
        this.#page(),
        askFor<Clip[]>(clipsUrl(this.#room, { pass: this.#pass }), { signal }),
      ]);
      this.update({ pasts: page.items ?? [], next: page.next ?? null, clips });
    });
  }

  #page(before?: string): Promise<Page> {
    const query = { pass: this.#pass, ...(before === undefined ? {} : { before }) };
    return askFor<Page>(pastsUrl(this.#room, query), { signal: this.#abort.signal });
  }

  async #settle(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#abort.signal.aborted) this.update({ problem: problemOf(error) });
    }
  }
}
