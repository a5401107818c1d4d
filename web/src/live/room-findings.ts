import { withBase } from "./base-path";
import type { Finding, RoomInfo } from "./protocol";
import { Store } from "./store";

export interface RoomFindingsSnapshot {
  findings: readonly Finding[];
}

const POLL_MS = 5_000;

/** What is wrong with what another program sends to a room: it may have no page that says so. */
export class RoomFindings extends Store<RoomFindingsSnapshot> {
  readonly #url: string;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(room: string) {
    super({ findings: [] });
    this.#url = withBase(`/api/rooms/${encodeURIComponent(room)}`);
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    void this.#poll();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
  }

  async #poll(): Promise<void> {
    try {
      const response = await fetch(this.#url, { signal: this.#abort.signal });
      const findings = response.ok ? ((await response.json()) as RoomInfo).findings : [];
      this.update({ findings });
    } catch {
      // The next time.
    }
  }
}
