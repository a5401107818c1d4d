import { type ChatLine, LINES_MAX } from "../chat-lines";
import type { DanmakuNews } from "../danmaku/over-picture";
import { Listeners } from "../listeners";
import { Store } from "../store";
import type { PastLine } from "./types";

export interface PastChatSnapshot {
  /** Whether anything was said; false until the lines are there. */
  isThere: boolean;
  /** What was said up to the moment that is shown; the newest lines of it. */
  lines: readonly ChatLine[];
  /** How often the person went to another moment. */
  jumps: number;
}

/** A larger step of the time is a jump, in seconds: a video tells its time four times a second. */
const STEP_MAX_S = 5;

/** The chat of a past broadcast, as it plays: each line comes when it was said. */
export class PastChat extends Store<PastChatSnapshot> {
  #times: readonly number[] = [];
  #lines: readonly ChatLine[] = [];
  #at = 0;
  /** How many lines were said by then. */
  #n = 0;
  /** Lines that come as it plays, and jumps. */
  readonly news = new Listeners<DanmakuNews>();
  /** Over once the lines are there, or do not come. */
  readonly loaded: Promise<void>;

  constructor(loading: Promise<readonly PastLine[]>) {
    super({ isThere: false, lines: [], jumps: 0 });
    this.loaded = this.#load(loading);
  }

  /** In a recording nobody knows which lines were the person's own. */
  readonly isOwn = (): boolean => false;

  /** The recording plays, and shows what was at `at`, in seconds since it began. */
  moveTo(at: number): void {
    const stepS = at - this.#at;
    if (stepS < 0 || stepS > STEP_MAX_S) {
      this.jumpTo(at);
      return;
    }
    const before = this.#n;
    this.#count(at, before);
    if (this.#n === before) return;
    this.#show();
    for (const line of this.#lines.slice(before, this.#n)) {
      if (line.kind === "text") this.news.tell({ added: line.item });
    }
  }

  /** The person went to another moment: what was said before it is in the list, and does not fly. */
  jumpTo(at: number): void {
    this.#count(at, 0);
    this.news.tell({ cleared: true });
    this.#show();
    this.update({ jumps: this.getSnapshot().jumps + 1 });
  }

  #count(at: number, from: number): void {
    this.#at = at;
    this.#n = from;
    while ((this.#times[this.#n] ?? Number.POSITIVE_INFINITY) <= at) this.#n += 1;
  }

  #show(): void {
    this.update({ lines: this.#lines.slice(Math.max(0, this.#n - LINES_MAX), this.#n) });
  }

  async #load(loading: Promise<readonly PastLine[]>): Promise<void> {
    const lines = await loading.catch(() => []);
    this.#times = lines.map(({ at }) => at);
    this.#lines = lines.map(lineOf);
    this.#count(this.#at, 0);
    this.#show();
    this.update({ isThere: lines.length > 0 });
  }
}

/** As the chat of a room has it. Its `at` is that of another clock. */
function lineOf({ at: _, ...item }: PastLine): ChatLine {
  const kind = item.text === undefined ? "entered" : "text";
  return { kind, key: `line-${item.mid}`, item };
}
