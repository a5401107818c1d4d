import { ownSecret, tokenOf } from "./identity";
import { forget, recallString, remember, sessionOnly } from "./storage";

const TYPED = "publish-key";

/**
 * What names this host to the server: its token, or the publishing key that the person typed, and a secret of
 * this browser's own. The same one may return to its broadcast; another is refused.
 */
export function hostIdentity(): { key?: string; secret: string } {
  const key = tokenOf(location.hash) ?? typedKey();
  const secret = ownSecret();
  return key ? { key, secret } : { secret };
}

export function typedKey(): string | null {
  return sessionOnly.recallString(TYPED) ?? recallString(TYPED);
}

/** Whether the key is kept on this device when the tab is closed. */
export function isKeyKept(): boolean {
  return recallString(TYPED) !== null;
}

/** For this tab; on this device for good only if the person says so. */
export function saveHostKey(key: string, keep = false): void {
  forgetHostKey();
  if (keep) remember(TYPED, key.trim());
  else sessionOnly.remember(TYPED, key.trim());
}

export function forgetHostKey(): void {
  forget(TYPED);
  sessionOnly.forget(TYPED);
}
