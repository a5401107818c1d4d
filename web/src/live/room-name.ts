import { withBase } from "./base-path";

const MAX_CHARS = 64;
/** The server's rule: letters and digits of any script, `_` and `-`. */
const ALLOWED = /^[\p{Alphabetic}\p{N}_-]+$/u;

/** A room's name as typed or pasted, in the server's spelling; null when the server would refuse. */
export function parseRoomName(text: string): string | null {
  const name = fromLink(text.trim()).normalize("NFKC");
  return ALLOWED.test(name) && [...name].length <= MAX_CHARS ? name : null;
}

/** People paste the whole link of a room. */
function fromLink(text: string): string {
  const match = /\/r\/([^/?#]+)/.exec(text);
  if (!match?.[1]) return text;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return text;
  }
}

/** The room that a path of ours shows; null of other pages. */
export function roomOfPath(path: string): string | null {
  return path.startsWith("/r/") && pastOfPath(path) === null ? parseRoomName(path) : null;
}

/** A past broadcast of a room. */
export interface PastName {
  room: string;
  id: string;
}

/** The past broadcast that a path of ours shows; null of other pages. */
export function pastOfPath(path: string): PastName | null {
  const [, of, id] = /^(\/r\/[^/]+)\/past\/(\w+)\/?$/.exec(path) ?? [];
  const room = of === undefined ? null : parseRoomName(of);
  return room === null || id === undefined ? null : { room, id };
}

export function pastPath({ room, id }: PastName): string {
  return `${roomPath(room)}/past/${id}`;
}

/** The clip that a path of ours shows; null of other pages. */
export function clipOfPath(path: string): string | null {
  return /^\/c\/(\w+)\/?$/.exec(path)?.[1] ?? null;
}

/** A clip of a room that not everybody may watch says which one it is, for the page to ask for the way in. */
export function clipPath(id: string, privateRoom: string | null = null): string {
  return `/c/${id}${privateRoom === null ? "" : `#room=${encodeURIComponent(privateRoom)}`}`;
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}

/** The address of a room, to be opened elsewhere. */
export function roomUrl(room: string, origin = location.origin): string {
  return origin + withBase(roomPath(room));
}

/** What of a room's name as it is typed the server would refuse. */
export type NameProblem = "empty" | "long" | "characters";

export function nameProblem(text: string): NameProblem | null {
  if (parseRoomName(text) !== null) return null;
  const name = fromLink(text.trim()).normalize("NFKC");
  if (name === "") return "empty";
  return ALLOWED.test(name) ? "long" : "characters";
}

/** An address for a room with this title: letters and digits stay, all else becomes a hyphen. */
export function roomNameFrom(title: string): string {
  const words =
    title
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{Alphabetic}\p{N}]+/gu) ?? [];
  return [...words.join("-")].slice(0, PROPOSED_CHARS).join("").replace(/-$/, "");
}

/** Short enough to be read out. */
const PROPOSED_CHARS = 32;

/** What puts a room into another page. */
export function embedCode(room: string, origin = location.origin): string {
  const url = origin + withBase(`/embed/${encodeURIComponent(room)}`);
  const allow = "autoplay; fullscreen; picture-in-picture";
  return `<iframe src="${url}" width="640" height="360" allow="${allow}" allowfullscreen></iframe>`;
}
