import { useEffect, useState } from "react";
import { lanOrigins } from "../live/lan";

/** Where others in the network find a page that is open on the server's own computer; the likeliest first. */
export function useLanOrigins(): string[] {
  const [origins, setOrigins] = useState<string[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    void lanOrigins(abort.signal).then((found) => {
      if (!abort.signal.aborted) setOrigins(found);
    });
    return () => abort.abort();
  }, []);
  return origins;
}
