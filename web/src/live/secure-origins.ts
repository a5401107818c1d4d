import { ownOrigins } from "./lan";

/** Where this page may use the camera; null where there is no such address that is known to lead there. */
export interface SecureOrigins {
  https: string | null;
  /** On the server's own computer alone. */
  local: string | null;
}

/** Asks the server, which tells its own computer how it is reached. */
export async function secureOrigins(signal: AbortSignal): Promise<SecureOrigins> {
  const { host, port } = location;
  const own = await ownOrigins(signal);
  // A name without a port is that of a proxy, which has HTTPS beside it. A server of ours with HTTPS
  // leads there by itself.
  const https = port === "" ? `https://${host}` : own.find((it) => it.startsWith("https:"));
  return {
    https: https ?? null,
    local: own.length > 0 ? `http://localhost${port && `:${port}`}` : null,
  };
}
