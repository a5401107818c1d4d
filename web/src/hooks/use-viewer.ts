import { useEffect, useState } from "react";
import { languageStore } from "../i18n/language";
import { exposeHandle } from "../live/debug-handle";
import { takeViewer } from "../live/early-viewer";
import type { Viewer } from "../live/viewer";
import { useBfcache } from "./use-bfcache";

/** A viewer of the room for as long as the page shows it. */
export function useViewer(room: string): Viewer | null {
  const [viewer, setViewer] = useState<Viewer | null>(null);
  const restores = useBfcache();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a revived page needs a new viewer
  useEffect(() => {
    const made = takeViewer({ room, lang: languageStore.getSnapshot().language });
    const hide = exposeHandle({ viewer: made });
    const leave = () => made.close();
    window.addEventListener("pagehide", leave);
    setViewer(made);
    return () => {
      window.removeEventListener("pagehide", leave);
      hide();
      made.close();
    };
  }, [room, restores]);
  return viewer;
}
