import { recallString, remember } from "./storage";

const TYPED = "publish-key";
const OWN = "host-secret";

/**
 * The key that names this host to the server: the publishing key the person typed, else a secret
 * of this browser's own. The same key may return to its broadcast; another is refused.
 */
export function hostKey(): string {
  return recallString(TYPED) ?? recallString(OWN) ?? makeSecret();
}

export function saveHostKey(key: string): void {
  remember(TYPED, key.trim());
}

function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  remember(OWN, secret);
  return secret;
}
