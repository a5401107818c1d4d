import { ownSecret } from "./identity";
import { recallString, remember } from "./storage";

const TYPED = "publish-key";

/**
 * What names this host to the server: the publishing key, if the person typed one, and a secret of
 * this browser's own. The same one may return to its broadcast; another is refused.
 */
export function hostIdentity(): { key?: string; secret: string } {
  const key = recallString(TYPED);
  const secret = ownSecret();
  return key ? { key, secret } : { secret };
}

export function saveHostKey(key: string): void {
  remember(TYPED, key.trim());
}
