import { withBase } from "./base-path";
import type { RoomInfo } from "./protocol";

/** A room as the server knows it; null where nobody is. Throws when the server does not answer. */
export async function lookUpRoom(room: string, signal?: AbortSignal): Promise<RoomInfo | null> {
  const url = withBase(`/api/rooms/${encodeURIComponent(room)}`);
  const response = await fetch(url, signal ? { signal } : {});
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(response.statusText);
  return (await response.json()) as RoomInfo;
}

/** Whether somebody is live there, or about to be. */
export function isTaken(room: RoomInfo | null): boolean {
  return room !== null && room.live !== "offline" && room.live !== "ended";
}

/** The most names that are looked at: whoever has more rooms thinks of a name. */
const TRIES = 8;
const MAX_CHARS = 64;

/** A name like this one in which nobody is live. */
export async function freeRoomLike(room: string, signal?: AbortSignal): Promise<string | null> {
  const base = room.replace(/-\d{1,3}$/, "");
  for (let n = 2; n < 2 + TRIES; n += 1) {
    const tail = `-${n}`;
    const name = [...base].slice(0, MAX_CHARS - tail.length).join("") + tail;
    if (name !== room && !isTaken(await lookUpRoom(name, signal))) return name;
  }
  return null;
}
