import type { ErrorCode, ServerMessage } from "./protocol";
import type { Publisher } from "./publisher";
import { Store } from "./store";

export interface RecordSwitchSnapshot {
  /** What was asked for and has not come yet; null: nothing. */
  wanted: boolean | null;
  /** Why it did not come; `no_answer`: the server says nothing. */
  problem: ErrorCode | "no_answer" | null;
}

/** A recording begins with the next keyframe, and ends when its last file is whole. */
const PATIENCE_MS = 15_000;

/** The host begins and ends the recording of its broadcast. */
export class RecordSwitch extends Store<RecordSwitchSnapshot> {
  readonly #publisher: Publisher;
  readonly #stop: () => void;
  #ids = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(publisher: Publisher) {
    super({ wanted: null, problem: null });
    this.#publisher = publisher;
    this.#stop = publisher.listen((message) => this.#hear(message));
  }

  set(on: boolean): void {
    if (this.getSnapshot().wanted !== null) return;
    this.#ids += 1;
    this.update({ wanted: on, problem: null });
    const id = this.#id();
    this.#publisher.say({ type: "room_set", title: null, notice: null, recording: on, id });
    this.#timer = setTimeout(() => this.#refused("no_answer"), PATIENCE_MS);
  }

  /** The person has read why it did not come. */
  dismiss(): void {
    this.update({ problem: null });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
  }

  #id(): string {
    return `r${this.#ids}`;
  }

  #refused(problem: ErrorCode | "no_answer"): void {
    clearTimeout(this.#timer);
    this.update({ wanted: null, problem });
  }

  #hear(message: ServerMessage): void {
    const { wanted, problem } = this.getSnapshot();
    if (message.type === "error") {
      // That it could not begin is told later, and names no message.
      const isLate = message.code === "server_full" && message.re === undefined && !message.fatal;
      if (message.re === this.#id() || isLate) {
        if (wanted !== null || problem === "no_answer") this.#refused(message.code);
      }
      return;
    }
    if (message.type !== "welcome" && message.type !== "state") return;
    const { kept, live } = message.type === "welcome" ? message.room : message;
    if (kept.recording === wanted || live === "offline" || live === "ended") {
      clearTimeout(this.#timer);
      this.update({ wanted: null, problem: null });
    } else if (kept.recording && problem !== null) this.update({ problem: null });
  }
}
