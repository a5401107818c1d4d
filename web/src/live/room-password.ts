import { sessionOnly } from "./storage";

const KEY = "room-password.";

/** What the person typed to watch a room; it is forgotten with the tab. */
export function roomPassword(room: string): string | null {
  return sessionOnly.recallString(KEY + room);
}

export function keepRoomPassword(room: string, password: string): void {
  sessionOnly.remember(KEY + room, password);
}

export function forgetRoomPassword(room: string): void {
  sessionOnly.forget(KEY + room);
}
