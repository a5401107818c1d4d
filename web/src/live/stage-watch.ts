import type { ErrorCode, PersonId, ServerMessage, StageAction, StageStep } from "./protocol";
import type { Request } from "./signaling";
import { Store } from "./store";

export interface StageSnapshot {
  /** Where the person stands on its way to the stage. */
  step: StageStep;
  /** Which guest speaks. */
  speaker: PersonId | null;
  /** Why what the person wanted was refused. */
  problem: ErrorCode | null;
}

export const STAGE_START: StageSnapshot = { step: "off", speaker: null, problem: null };

/** What a page is told of the stage, and what its person does about it (连麦). */
export class StageWatch extends Store<StageSnapshot> {
  readonly #send: (message: Request) => void;
  #ids = 0;
  #asked: string | null = null;

  constructor(send: (message: Request) => void) {
    super(STAGE_START);
    this.#send = send;
  }

  ask(): void {
    this.#act({ action: "ask" });
  }

  /** Asks no more, or leaves the stage. */
  leave(): void {
    this.#act({ action: "leave" });
    this.update({ step: "off" });
  }

  /** The person has read why it is not on stage. */
  close(): void {
    this.update({ step: "off", problem: null });
  }

  /** Takes what concerns the stage. True: it concerns nothing else. */
  receive(message: ServerMessage): boolean {
    switch (message.type) {
      case "welcome":
        // A session that is new has asked for nothing; who was on stage is told so.
        if (!message.resumed) this.update(STAGE_START);
        return false;
      case "stage":
        this.update({ step: message.step, problem: null });
        return true;
      case "speaker":
        this.update({ speaker: message.uid ?? null });
        return true;
      case "error":
        if (message.re === undefined || message.re !== this.#asked) return false;
        this.update({ problem: message.code, step: "off" });
        return !message.fatal;
      default:
        return false;
    }
  }

  #act(action: StageAction): void {
    this.#ids += 1;
    this.#asked = `g${this.#ids}`;
    this.update({ problem: null });
    this.#send({ type: "stage", ...action, id: this.#asked });
  }
}
