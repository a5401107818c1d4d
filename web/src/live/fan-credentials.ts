import { fanIdentity, type Identity, tokenOf } from "./identity";
import { roomPassword } from "./room-password";

/** Who the fan is, and its token, or what it typed where the room asks for a password. */
export function fanWithPassword(room: string): Identity & { key?: string } {
  const key = tokenOf(location.hash) ?? roomPassword(room);
  return { ...fanIdentity(), ...(key === null ? {} : { key }) };
}
