import type { ChatRules, Desk, ErrorCode, ServerMessage, StageAction } from "./protocol";
import type { Publisher } from "./publisher";
import type { Request } from "./signaling";
import { Store } from "./store";

export interface DeskSnapshot {
  /** What only hosts and moderators see; null until the server has told it. */
  desk: Desk | null;
  /** Why the last change was refused. */
  problem: ErrorCode | null;
}

export const DESK_START: DeskSnapshot = { desk: null, problem: null };

/** Changes whose refusal is still told to the person. */
const ASKED_MAX = 32;

/** What a host is told of a room besides what all are; asked for while somebody looks at it. */
export class DeskWatch extends Store<DeskSnapshot> {
  readonly #publisher: Publisher;
  readonly #stop: () => void;
  #isLookedAt = false;
  #ids = 0;
  readonly #asked = new Set<string>();

  constructor(publisher: Publisher) {
    super(DESK_START);
    this.#publisher = publisher;
    this.#stop = publisher.listen((message) => this.#hear(message));
  }

  /** Whether the list of people and all the rest is wanted. */
  look(isLookedAt: boolean): void {
    if (isLookedAt === this.#isLookedAt) return;
    this.#isLookedAt = isLookedAt;
    this.#publisher.say({ type: "desk", on: isLookedAt });
  }

  setRules(rules: ChatRules): void {
    this.#ask({ type: "room_set", title: null, notice: null, chat: rules });
  }

  setNotice(notice: string): void {
    this.#ask({ type: "room_set", title: null, notice });
  }

  setWords(words: string[]): void {
    this.#ask({ type: "room_set", title: null, notice: null, words });
  }

  stage(action: StageAction): void {
    this.#ask({ type: "stage", ...action });
  }

  close(): void {
    this.look(false);
    this.#stop();
  }

  #ask(message: Request): void {
    this.#ids += 1;
    const id = `d${this.#ids}`;
    this.#asked.add(id);
    // Most are never refused, and nothing else ends them.
    for (const old of this.#asked) if (this.#asked.size > ASKED_MAX) this.#asked.delete(old);
    this.update({ problem: null });
    this.#publisher.say({ ...message, id });
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.update(DESK_START);
        // A new session of the server's knows nothing of it.
        if (this.#isLookedAt) this.#publisher.say({ type: "desk", on: true });
        break;
      case "desk": {
        const { type: _, ...desk } = message;
        this.update({ desk });
        break;
      }
      case "error":
        if (this.#asked.delete(String(message.re))) this.update({ problem: message.code });
        break;
    }
  }
}
