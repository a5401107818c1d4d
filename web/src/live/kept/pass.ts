import { fanWithPassword } from "../fan-credentials";
import type { ErrorCode } from "../protocol";
import { Signaling, type SignalingOptions } from "../signaling";
import { sessionOnly } from "../storage";
import type { Pass } from "./addresses";

const KEY = "room-pass.";
const PATIENCE_MS = 10_000;

/** Keeps the pass of a room that the page is in, for the pages of what is kept of it. */
export function keepPass(room: string, pass: Pass): void {
  if (pass === null) sessionOnly.forget(KEY + room);
  else sessionOnly.remember(KEY + room, pass);
}

/** The pass of a room that this tab was in; it may be good no more. */
export function keptPass(room: string): Pass {
  return sessionOnly.recallString(KEY + room);
}

/** What came of knocking at a room. */
export type Knocked =
  | { pass: Pass }
  | {
      problem: ErrorCode | "offline";
      /** What the room asks for: `password`, `invite`, `token`. */
      detail: string | null;
    };

/** Joins a room as its page does, only to be told its pass, and leaves. */
export function knock(
  room: string,
  lang: string,
  options: Partial<SignalingOptions> = {},
): Promise<Knocked> {
  return new Promise((resolve) => {
    const done = (knocked: Knocked) => {
      clearTimeout(timer);
      signaling.close();
      if ("pass" in knocked) keepPass(room, knocked.pass);
      resolve(knocked);
    };
    const timer = setTimeout(() => done({ problem: "offline", detail: null }), PATIENCE_MS);
    const signaling = new Signaling({
      hello: () => ({ role: "fan", room, lang, caps: { video: [] }, ...fanWithPassword(room) }),
      onMessage: (message) => {
        if (message.type === "welcome") done({ pass: message.room.kept.pass });
        if (message.type === "error") {
          done({ problem: message.code, detail: message.detail ?? null });
        }
      },
      ...options,
    });
  });
}
