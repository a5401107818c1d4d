import { withBase } from "./base-path";
import type { Addresses } from "./protocol";

const ONLY_HERE = ["localhost", "127.0.0.1", "[::1]"];

/** Whether the address of this page means something on this computer only. */
export function isOnlyHere(): boolean {
  return ONLY_HERE.includes(location.hostname);
}

/** Where others in the network find the pages; none when the server does not tell. */
export async function lanOrigins(signal: AbortSignal): Promise<string[]> {
  if (!isOnlyHere()) return [];
  try {
    const response = await fetch(withBase("/api/addresses"), { signal });
    return response.ok ? ((await response.json()) as Addresses).origins : [];
  } catch {
    return [];
  }
}
