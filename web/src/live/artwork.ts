import { withBase } from "./base-path";

interface WithCover {
  room: string;
  cover: number | null;
  /** With a pass the room is private: nobody is sent its cover but the operator. */
  kept?: { pass: string | null };
}

/** A picture for a room, where something has to be shown: its cover, or else our own mark. */
export function artworkOf(room: WithCover | null): string {
  // An older server tells of none.
  const cover = room?.cover ?? null;
  const isPrivate = (room?.kept?.pass ?? null) !== null;
  if (room === null || cover === null || isPrivate) return withBase("/icon-512.png");
  return withBase(`/api/rooms/${encodeURIComponent(room.room)}/cover?v=${cover}`);
}
