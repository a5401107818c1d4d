import type { ChatItem } from "./protocol";

/** What stands in the list of the chat. `key` stays the same for as long as the line is there. */
export type ChatLine =
  | { kind: "text"; key: string; item: ChatItem }
  | { kind: "entered"; key: string; item: ChatItem }
  /** Lines that the server left out, since nobody could read so many. */
  | { kind: "gap"; key: string; n: number };

/** The newest lines are kept. */
export const LINES_MAX = 500;
/** More line numbers than there are lines: one that was removed does not come back. */
const SEEN_MAX = 2 * LINES_MAX;

/** The lines of a room, in the order of their numbers, each once. */
export class ChatLines {
  #lines: readonly ChatLine[] = [];
  #seen = new Set<number>();
  #gaps = 0;

  get all(): readonly ChatLine[] {
    return this.#lines;
  }

  /** These take the place of all. */
  replace(items: readonly ChatItem[], skipped = 0): void {
    this.#lines = [];
    this.#seen = new Set();
    this.add(items, skipped);
  }

  /** Gives back those that were not there. The gap is before them. */
  add(items: readonly ChatItem[], skipped = 0): ChatItem[] {
    const fresh = items.filter(({ mid }) => !this.#seen.has(mid));
    const lines = [...this.#lines];
    if (skipped > 0) this.#addGap(lines, skipped);
    for (const item of fresh) {
      this.#note(item.mid);
      insert(lines, item);
    }
    this.#lines = lines.slice(-LINES_MAX);
    return fresh;
  }

  /** Takes lines away: those of these numbers, and all of this person. */
  remove(mids: readonly number[], uid?: string): void {
    const gone = new Set(mids);
    this.#lines = this.#lines.filter(
      (line) => line.kind === "gap" || !(gone.has(line.item.mid) || line.item.uid === uid),
    );
  }

  #addGap(lines: ChatLine[], n: number): void {
    const last = lines.at(-1);
    if (last?.kind === "gap") {
      lines[lines.length - 1] = { ...last, n: last.n + n };
      return;
    }
    this.#gaps += 1;
    lines.push({ kind: "gap", key: `gap-${this.#gaps}`, n });
  }

  #note(mid: number): void {
    this.#seen.add(mid);
    if (this.#seen.size <= SEEN_MAX) return;
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** Before the first line with a higher number: what we said is known before what came with it. */
function insert(lines: ChatLine[], item: ChatItem): void {
  let at = lines.length;
  while (at > 0) {
    const line = lines[at - 1];
    if (!line || line.kind === "gap" || line.item.mid < item.mid) break;
    at -= 1;
  }
  // On the wire the text of who came in is absent, not empty.
  const kind = item.text === undefined ? "entered" : "text";
  lines.splice(at, 0, { kind, key: `line-${item.mid}`, item });
}
