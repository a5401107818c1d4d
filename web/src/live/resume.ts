import type { VideoSource } from "./local-media";
import { recall, remember } from "./storage";

/** A broadcast of this browser, as it was noted last: for a page that is opened again. */
export interface LiveNote {
  room: string;
  name: string;
  source: VideoSource;
  /** When it went live, by this browser's clock. */
  since: number;
  /** When the page was still there. */
  at: number;
}

const KEY = "live-now";
/** Older ones are of broadcasts that the server has ended, whatever its grace. */
const WORTH_MS = 3_600_000;

export function noteLive(note: LiveNote): void {
  remember(KEY, note);
}

export function forgetLive(): void {
  remember(KEY, null);
}

export function recallLive(now = Date.now()): LiveNote | null {
  const note = recall(KEY) as Partial<LiveNote> | null | undefined;
  if (typeof note?.room !== "string" || typeof note.at !== "number") return null;
  if (now - note.at > WORTH_MS) return null;
  const { room, name, source, since, at } = note;
  return {
    room,
    name: typeof name === "string" ? name : "",
    source: source === "screen" ? "screen" : "camera",
    since: typeof since === "number" ? since : at,
    at,
  };
}
