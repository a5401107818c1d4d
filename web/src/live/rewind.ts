import type { RoomState, ServerMessage } from "./protocol";
import type { Request } from "./signaling";
import { Store } from "./store";

export interface RewindSnapshot {
  /** What the person sees: what is live, what was live before, or a picture that stands still by its wish. */
  step: "live" | "past" | "paused";
  /** What is seen at `since` was live at `at`; by the server's clock. */
  at: number;
  since: number;
  /** Goes a tenth faster, until it is live. */
  fast: boolean;
  /** How far back the server keeps the broadcast, in milliseconds; 0: not at all. */
  pastMs: number;
  /** When the broadcast began. */
  began: number | null;
}

export const REWIND_START: RewindSnapshot = {
  step: "live",
  at: 0,
  since: 0,
  fast: false,
  pastMs: 0,
  began: null,
};

export interface RewindOptions {
  send: (message: Request) => void;
  /** The server's clock. */
  now: () => number;
}

/** While a person drags, the server is asked no more often. */
const EVERY_MS = 300;
/** A place so close to what is live means what is live. */
const NEAR_MS = 2_000;
const FAST = 1.1;
/** A jump is over by then, with what it does to counters of freezes. */
const SETTLES_MS = 3_000;
/** An answer that has not come by now never will. */
const ANSWERS_MS = 3_000;
/** Names our messages in errors. */
const ID = "rewind";

/**
 * Goes back in the broadcast on the connection that there is: the server sends another time of it. What the person
 * wants shows at once, and the server's answer corrects it.
 */
export class Rewind extends Store<RewindSnapshot> {
  readonly #options: RewindOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Questions without an answer. */
  #asked = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #movedAt = Number.NEGATIVE_INFINITY;
  /** To be faster once the server has begun. */
  #wantsFast = false;

  constructor(options: RewindOptions) {
    super(REWIND_START);
    this.#options = options;
  }

  get isLive(): boolean {
    return this.getSnapshot().step === "live";
  }

  /** Whether the picture is neither paused nor just where it jumped to: only then its freezes are faults. */
  get isSettled(): boolean {
    const { step } = this.getSnapshot();
    return step !== "paused" && this.#options.now() - this.#movedAt > SETTLES_MS;
  }

  /** When what is seen now was live. */
  position(now = this.#options.now()): number {
    const { step, at, since, fast } = this.getSnapshot();
    if (step === "live") return now;
    if (step === "paused") return at;
    return Math.min(now, at + (now - since) * (fast ? FAST : 1));
  }

  /** How far what is seen is behind what is live, in milliseconds. */
  behindMs(): number {
    const now = this.#options.now();
    return Math.min(now - this.position(now), this.#windowMs(now));
  }

  /** How far back the person can go now, in milliseconds. */
  windowMs(): number {
    return this.#windowMs(this.#options.now());
  }

  /** The room changed. */
  room({ live, since, kept }: RoomState): void {
    const isOn = live === "live" || live === "interrupted";
    this.update({ pastMs: isOn ? kept.pastS * 1_000 : 0, began: since });
    if (!isOn) this.reset();
    else if (kept.pastS === 0) this.goLive();
  }

  /** The connection is gone, or the broadcast: the next begins live. */
  reset(): void {
    this.#forgetTimer();
    this.#asked = 0;
    this.#wantsFast = false;
    this.#live();
  }

  jump(byMs: number): void {
    this.seek(this.behindMs() - byMs);
  }

  /** Shows what was live so long ago. */
  seek(behindMs: number, nearMs = NEAR_MS): void {
    const now = this.#options.now();
    const behind = Math.min(behindMs, this.#windowMs(now));
    if (behind < nearMs) {
      this.goLive();
      return;
    }
    this.#wantsFast = false;
    this.update({ step: "past", at: now - behind, since: now, fast: false });
    this.#askSoon();
  }

  goLive(): void {
    if (this.isLive) return;
    this.#forgetTimer();
    this.#wantsFast = false;
    this.#live();
    this.#ask();
  }

  pause(): void {
    if (this.getSnapshot().step === "paused") return;
    this.#forgetTimer();
    this.#wantsFast = false;
    const now = this.#options.now();
    this.update({ step: "paused", at: this.position(now), since: now, fast: false });
    this.#say({ paused: true });
  }

  /** Goes on where it was paused, as far as that is kept. */
  play(): void {
    if (this.getSnapshot().step === "paused") this.seek(this.behindMs(), 1);
  }

  toggle(): void {
    if (this.getSnapshot().step === "paused") this.play();
    else this.pause();
  }

  /** A tenth faster, until it is live; or as before. */
  setFast(fast: boolean): void {
    this.play();
    this.#wantsFast = fast;
    if (this.#asked === 0 && this.#timer === undefined) this.#sayFast();
  }

  /** Takes what concerns the past. True: it concerns nothing else. */
  receive(message: ServerMessage): boolean {
    if (message.type === "rewound") {
      this.#rewound(message.at ?? null);
      return true;
    }
    if (message.type !== "error" || message.re !== ID || message.fatal) return false;
    // It shows what is live, unless it says otherwise.
    this.reset();
    return true;
  }

  #windowMs(now: number): number {
    const { pastMs, began } = this.getSnapshot();
    if (pastMs === 0) return 0;
    return Math.max(0, began === null ? pastMs : Math.min(pastMs, now - began));
  }

  #rewound(at: number | null): void {
    const now = this.#options.now();
    this.#movedAt = now;
    const isAnswer = this.#asked > 0;
    if (isAnswer) this.#asked -= 1;
    const isAwaited = this.#asked > 0 && now - this.#askedAt < ANSWERS_MS;
    // What the person wants by now is on its way.
    if (isAwaited || this.#timer !== undefined) return;
    this.#asked = 0;
    const { step } = this.getSnapshot();
    if (at === null) {
      this.#live();
    } else if (step === "live") {
      // The answer to an older question overtook: what is wanted is asked again.
      if (isAnswer) this.#ask();
    } else {
      this.update({ at, since: now });
      if (step === "paused") this.#say({ paused: true });
      else if (this.#wantsFast) this.#sayFast();
    }
  }

  #live(): void {
    this.update({ step: "live", fast: false });
  }

  #sayFast(): void {
    const { step, fast } = this.getSnapshot();
    if (step !== "past" || fast === this.#wantsFast) return;
    const now = this.#options.now();
    this.update({ at: this.position(now), since: now, fast: this.#wantsFast });
    this.#say({ fast: this.#wantsFast });
  }

  #askSoon(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#askedAt + EVERY_MS - this.#options.now();
    if (waitMs <= 0) {
      this.#ask();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#ask();
    }, waitMs);
  }

  #ask(): void {
    this.#askedAt = this.#options.now();
    this.#asked += 1;
    this.#say({ agoMs: Math.round(this.behindMs()) });
  }

  #say(words: { agoMs?: number; paused?: boolean; fast?: boolean }): void {
    this.#movedAt = this.#options.now();
    this.#options.send({ type: "rewind", ...words, id: ID });
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
