import { withBase } from "../base-path";
import type { Still } from "../protocol";
import { clipPath, type PastName } from "../room-name";
import type { Clip } from "./types";

/** Where not everybody may watch, the pass of the room: a media element sends no headers. */
export type Pass = string | null;

interface Query {
  pass?: Pass;
  /** The browser saves the file in place of showing it. */
  save?: boolean;
  v?: number;
  before?: string;
}

function address(parts: readonly string[], query: Query = {}): string {
  const words = new URLSearchParams();
  if (query.v !== undefined) words.set("v", String(query.v));
  if (query.before !== undefined) words.set("before", query.before);
  if (query.save) words.set("save", "");
  if (query.pass) words.set("pass", query.pass);
  const text = words.size > 0 ? `?${words}` : "";
  return withBase(`/api/${parts.map(encodeURIComponent).join("/")}${text}`);
}

export const pastsUrl = (room: string, query?: Query) =>
  address(["rooms", room, "recordings"], query);

export const pastUrl = ({ room, id }: PastName, query?: Query) =>
  address(["rooms", room, "recordings", id], query);

export const pastFileUrl = ({ room, id }: PastName, name: string, query?: Query) =>
  address(["rooms", room, "recordings", id, "files", name], query);

export const pastChatUrl = ({ room, id }: PastName, query?: Query) =>
  address(["rooms", room, "recordings", id, "chat"], query);

export const clipsUrl = (room: string, query?: Query) => address(["rooms", room, "clips"], query);

export const clipUrl = (id: string, query?: Query) => address(["clips", id], query);

export const clipFileUrl = (id: string, query?: Query) => address(["clips", id, "file"], query);

/** The newest picture of a broadcast. */
export const stillUrl = (room: string, { v }: Still, pass: Pass = null) =>
  address(["rooms", room, "still"], { v, pass });

/** The picture of a clip, where it is one that an `<img>` shows; else null. */
export function clipImageUrl({ id, still }: Clip, pass: Pass): string | null {
  return still?.[1].startsWith("image/") ? address(["clips", id, "still"], { pass }) : null;
}

/** The address of a clip's page, to be opened elsewhere. */
export function clipPageUrl({ id, room }: Clip, pass: Pass, origin = location.origin): string {
  return origin + withBase(clipPath(id, pass === null ? null : room));
}
