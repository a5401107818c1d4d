import { useMemo, useState } from "react";

/**
 * Whether a media element still waits for its first frame, told by the element's own events.
 * `onProgress` is left out: Firefox never fires it for a stream.
 */
export function useMediaLoading() {
  const [loading, setLoading] = useState(true);
  const handlers = useMemo(
    () => ({
      onEmptied: () => setLoading(true),
      onLoadStart: () => setLoading(true),
      onLoadedData: () => setLoading(false),
      onCanPlay: () => setLoading(false),
      onPlaying: () => setLoading(false),
    }),
    [],
  );
  return { loading, handlers };
}
