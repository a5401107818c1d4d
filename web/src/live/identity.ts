import { randomHex } from "./random";
import { recallString, remember } from "./storage";

const SECRET = "host-secret";
const NAME = "name";

/** The most characters of a name. */
export const NAME_MAX = 24;

/** What a fan's `hello` says of the person. */
export interface Identity {
  secret: string;
  name?: string;
  invite?: string;
}

/** A secret of this browser's own, by which the server knows the person again. */
export function ownSecret(): string {
  const kept = recallString(SECRET);
  if (kept !== null) return kept;
  const secret = randomHex(16);
  remember(SECRET, secret);
  return secret;
}

/** The name that the person chose in this browser; null before. */
export function ownName(): string | null {
  const name = recallString(NAME);
  return name !== null && isName(name) ? name : null;
}

export function keepName(name: string): void {
  remember(NAME, name);
}

/** Whether a name has 1 to 24 characters; the server judges the rest. */
export function isName(name: string): boolean {
  const { length } = [...name.normalize("NFKC").trim()];
  return length > 0 && length <= NAME_MAX;
}

/** The code of the invitation link, `/r/{room}#invite={code}`; null when the page was opened by another. */
export function inviteOf(hash: string): string | null {
  return fragment(hash, "invite");
}

/** The token of a link that another site made, `#token={jwt}`; null when the page was opened by another. */
export function tokenOf(hash: string): string | null {
  return fragment(hash, "token");
}

/** The room of a clip that not everybody may watch, `#room={room}`; null when the link does not say it. */
export function roomOf(hash: string): string | null {
  return fragment(hash, "room");
}

/** What follows the `#` goes to no server and into no log. */
function fragment(hash: string, name: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get(name) || null;
}

export function fanIdentity(hash: string = location.hash): Identity {
  const name = ownName();
  const invite = inviteOf(hash);
  return { secret: ownSecret(), ...(name ? { name } : {}), ...(invite ? { invite } : {}) };
}
