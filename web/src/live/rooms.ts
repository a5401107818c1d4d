import { withBase } from "./base-path";
import type { RoomSummary } from "./protocol";
import { recall, remember } from "./storage";
import { Store } from "./store";

export interface LiveRoomsSnapshot {
  /** Null until the server has answered once. */
  rooms: RoomSummary[] | null;
  failed: boolean;
}

/** Where the picture of a room is; null when it has none. */
export function coverUrl({ room, cover }: { room: string; cover: number | null }): string | null {
  return cover === null
    ? null
    : withBase(`/api/rooms/${encodeURIComponent(room)}/cover?v=${cover}`);
}

const POLL_MS = 5_000;
const RECENT_MAX = 5;

/** The rooms that are live, asked for every few seconds while the page is looked at. */
export class LiveRooms extends Store<LiveRoomsSnapshot> {
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    super({ rooms: null, failed: false });
    this.#timer = setInterval(() => void this.#poll(), POLL_MS);
    document.addEventListener("visibilitychange", () => void this.#poll(), {
      signal: this.#abort.signal,
    });
    void this.#poll();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
  }

  async #poll(): Promise<void> {
    if (document.visibilityState === "hidden") return;
    try {
      const response = await fetch(withBase("/api/rooms"), { signal: this.#abort.signal });
      if (!response.ok) throw new Error(response.statusText);
      this.update({ rooms: (await response.json()) as RoomSummary[], failed: false });
    } catch {
      if (!this.#abort.signal.aborted) this.update({ failed: true });
    }
  }
}

export function recentRooms(): string[] {
  const rooms = recall("recent-rooms");
  return Array.isArray(rooms) ? rooms.filter((room) => typeof room === "string") : [];
}

export function rememberRoom(room: string): void {
  const others = recentRooms().filter((other) => other !== room);
  remember("recent-rooms", [room, ...others].slice(0, RECENT_MAX));
}
