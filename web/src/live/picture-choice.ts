import type { LayerSize, RoomState } from "./protocol";
import { recall, remember } from "./storage";

/** What the person wants of the picture: the best, so many lines at most, or none. */
export type PictureChoice = "auto" | "off" | number;

/** What `layer` says to the server. */
export interface PictureWish {
  video: string;
  visible: boolean;
}

const KEY = "picture";

/** The choice of the last visit. Lines mean the same in every room, names of layers do not. */
export function recallChoice(): PictureChoice {
  return readChoice(recall(KEY)) ?? "auto";
}

export function rememberChoice(choice: PictureChoice): void {
  remember(KEY, choice);
}

export function readChoice(value: unknown): PictureChoice | null {
  if (value === "auto" || value === "off") return value;
  const lines = typeof value === "number" || typeof value === "string" ? Number(value) : 0;
  return Number.isInteger(lines) && lines > 0 ? lines : null;
}

/** "720p" is as many lines in a picture that stands upright. */
export function linesOf({ w, h }: { w: number; h: number }): number {
  return Math.min(w, h);
}

/** The lines that can be chosen, best first. */
export function choices(room: RoomState | null): number[] {
  const lines = sizesOf(room).map(linesOf);
  return [...new Set(lines)];
}

/** The layer that a number of lines means here: the best that has no more, or else the lowest. */
export function layerFor(lines: number, room: RoomState | null): LayerSize | undefined {
  const sizes = sizesOf(room);
  return sizes.find((size) => linesOf(size) <= lines) ?? sizes.at(-1);
}

interface WishInputs {
  choice: PictureChoice;
  room: RoomState | null;
  /** Whether anybody sees the page. */
  seen: boolean;
  /** Whether the stream that plays now has shown a frame. */
  framed: boolean;
}

/**
 * What to tell the server. A player is silent until it has a first frame, so even who only wants to
 * listen is sent the smallest picture for that long.
 */
export function wishOf({ choice, room, seen, framed }: WishInputs): PictureWish {
  const visible = seen || !framed;
  if (choice === "auto") return { video: "auto", visible };
  if (choice === "off" && framed) return { video: "off", visible };
  const lines = choice === "off" ? 0 : choice;
  return { video: layerFor(lines, room)?.rid ?? "auto", visible };
}

function sizesOf(room: RoomState | null): LayerSize[] {
  const sizes = (room?.sizes ?? []).filter((size) => linesOf(size) > 0);
  return sizes.sort((a, b) => linesOf(b) - linesOf(a));
}
