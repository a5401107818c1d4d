import { useEffect, useState } from "react";
import { exposeHandle } from "../live/debug-handle";
import { LocalMedia } from "../live/local-media";
import { Publisher } from "../live/publisher";
import { useBfcache } from "./use-bfcache";

export interface Host {
  media: LocalMedia;
  publisher: Publisher;
}

/** The host's media and publisher for as long as the page is there. */
export function useHost(): Host | null {
  const [host, setHost] = useState<Host | null>(null);
  const restores = useBfcache();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a revived page needs new ones
  useEffect(() => {
    const media = new LocalMedia();
    const publisher = new Publisher(media);
    const hide = exposeHandle({ publisher });
    const leave = () => publisher.suspend();
    window.addEventListener("pagehide", leave);
    setHost({ media, publisher });
    return () => {
      window.removeEventListener("pagehide", leave);
      hide();
      publisher.close();
      media.close();
    };
  }, [restores]);
  return host;
}
