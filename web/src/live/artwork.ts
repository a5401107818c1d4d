import { withBase } from "./base-path";

/** A picture for a room, where something has to be shown: its cover, or else our own mark. */
export function artworkOf(room: { room: string; cover: number | null } | null): string {
  // An older server tells of none.
  if (room === null || (room.cover ?? null) === null) return withBase("/icon-512.png");
  return withBase(`/api/rooms/${encodeURIComponent(room.room)}/cover?v=${room.cover}`);
}
