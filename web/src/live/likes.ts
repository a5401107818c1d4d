import type { ClientMessage, ReactionCount, ReactionKind } from "./protocol";

/** Two messages a second at most, whatever the person's finger does. */
const SEND_EVERY_MS = 500;
/** The most likes of one message. */
const MESSAGE_MAX = 30;
/** The most that wait to be sent: two seconds' worth. */
const WAITING_MAX = 4 * MESSAGE_MAX;

/** Gestures to show. `own`: the person's, shown at once; the server's count of them is not shown again. */
export interface Burst {
  likes: number;
  reactions: readonly ReactionCount[];
  own: boolean;
  /** Where on the picture the person's finger was, in pixels. */
  at?: { x: number; y: number } | undefined;
}

interface LikesDeps {
  send: (message: ClientMessage) => void;
  changed: () => void;
  burst: (burst: Burst) => void;
}

/** Counts likes and gestures: the person's own, gathered before they are sent, and everybody's. */
export class Likes {
  readonly #deps: LikesDeps;
  #total = 0;
  #waiting = 0;
  /** Sent, and not yet in a total of the server's. */
  #unseen = 0;
  readonly #unseenGestures = new Map<ReactionKind, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #gesturedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: LikesDeps) {
    this.#deps = deps;
  }

  /** All likes, with those of the person that the server has not counted yet. */
  get total(): number {
    return this.#total + this.#unseen + this.#waiting;
  }

  add(at?: { x: number; y: number }): void {
    if (this.#waiting >= WAITING_MAX) return;
    this.#waiting += 1;
    this.#deps.burst({ likes: 1, reactions: [], own: true, at });
    if (this.#timer === undefined) this.#send();
    this.#deps.changed();
  }

  /** False: too soon after the one before. */
  gesture(kind: ReactionKind, nowMs = performance.now()): boolean {
    if (nowMs - this.#gesturedAt < SEND_EVERY_MS) return false;
    this.#gesturedAt = nowMs;
    this.#deps.send({ type: "react", kind });
    this.#unseenGestures.set(kind, (this.#unseenGestures.get(kind) ?? 0) + 1);
    this.#deps.burst({ likes: 0, reactions: [{ kind, n: 1 }], own: true });
    return true;
  }

  /** The server counted. */
  counted(total: number, delta: number, reactions: readonly ReactionCount[]): void {
    this.#total = total;
    const own = Math.min(this.#unseen, delta);
    this.#unseen -= own;
    const others = reactions
      .map(({ kind, n }) => ({ kind, n: n - this.#ownGestures(kind, n) }))
      .filter(({ n }) => n > 0);
    if (delta > own || others.length > 0) {
      this.#deps.burst({ likes: delta - own, reactions: others, own: false });
    }
    this.#deps.changed();
  }

  /** Another session: what it did not count is in no total any more. */
  forget(): void {
    this.#unseen = 0;
    this.#unseenGestures.clear();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = 0;
  }

  #send(): void {
    const n = Math.min(this.#waiting, MESSAGE_MAX);
    this.#timer = undefined;
    if (n === 0) return;
    this.#waiting -= n;
    this.#unseen += n;
    this.#deps.send({ type: "like", n });
    this.#timer = setTimeout(() => this.#send(), SEND_EVERY_MS);
  }

  #ownGestures(kind: ReactionKind, n: number): number {
    const unseen = this.#unseenGestures.get(kind) ?? 0;
    const own = Math.min(unseen, n);
    this.#unseenGestures.set(kind, unseen - own);
    return own;
  }
}
