import { Store } from "../store";
import { type ApiProblem, asProblem, isMissing, type Page } from "./api";

export interface ResourceSnapshot<T> {
  /** What was read last; null before. */
  data: T | null;
  /** Why the last try did not work. */
  problem: ApiProblem | null;
  /** The server has nothing like it. */
  missing: boolean;
}

type Load<T> = (signal: AbortSignal) => Promise<T>;

/** Something that is read from the server, once or every few seconds while the page is looked at. */
export class Resource<T> extends Store<ResourceSnapshot<T>> {
  readonly #load: Load<T>;
  readonly #abort = new AbortController();
  #timer: ReturnType<typeof setInterval> | null = null;
  #asked = 0;

  constructor(load: Load<T>, everyMs: number | null = null) {
    super({ data: null, problem: null, missing: false });
    this.#load = load;
    if (everyMs === null) return;
    this.#timer = setInterval(() => this.#poll(), everyMs);
    document.addEventListener("visibilitychange", () => this.#poll(), {
      signal: this.#abort.signal,
    });
  }

  /** Reads it now. What was asked for before and comes later is forgotten. */
  async reload(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    const isLate = () => mine !== this.#asked || this.#abort.signal.aborted;
    try {
      const data = await this.#load(this.#abort.signal);
      if (!isLate()) this.update({ data, problem: null, missing: false });
    } catch (error) {
      if (isLate()) return;
      const problem = asProblem(error);
      this.update({ problem, missing: isMissing(problem) });
    }
  }

  /** What an answer to a change says already. */
  set(data: T): void {
    this.#asked += 1;
    this.update({ data, problem: null, missing: false });
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#abort.abort();
  }

  #poll(): void {
    // An endpoint that is not there does not come while the page is open.
    if (document.visibilityState === "hidden" || this.getSnapshot().missing) return;
    void this.reload();
  }
}

export interface PagedData<T> {
  items: T[];
  /** Where more of it begins; null at its end. */
  next: string | null;
}

/** A list that is read page by page: as far as somebody has looked, it is kept fresh. */
export class PagedList<T> extends Resource<PagedData<T>> {
  readonly #far: { pages: number };

  constructor(
    page: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
    everyMs: number | null = null,
  ) {
    const far = { pages: 1 };
    super(async (signal) => {
      const items: T[] = [];
      let next: string | null = null;
      for (let n = 0; n < far.pages; n += 1) {
        const got: Page<T> = await page(next, signal);
        items.push(...got.items);
        next = got.next;
        if (next === null) break;
      }
      return { items, next };
    }, everyMs);
    this.#far = far;
  }

  async more(): Promise<void> {
    this.#far.pages += 1;
    await this.reload();
  }
}
