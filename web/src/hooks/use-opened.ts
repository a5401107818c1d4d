import { useEffect, useState } from "react";
import { languageStore } from "../i18n/language";
import type { Pass } from "../live/kept/addresses";
import { Opened, type OpenedSnapshot } from "../live/kept/open";
import { useStoreOr } from "./use-store";

const BEFORE: OpenedSnapshot<never> = { value: null, pass: null, problem: null, asks: null };

/** Something that is kept of a room, for as long as the page shows it. `load`: the same function each time. */
export function useOpened<T>(
  id: string,
  room: string | null,
  load: (id: string, room: string | null, pass: Pass, signal: AbortSignal) => Promise<T>,
): OpenedSnapshot<T> {
  const [opened, setOpened] = useState<Opened<T> | null>(null);
  useEffect(() => {
    const made = new Opened<T>({
      room,
      lang: languageStore.getSnapshot().language,
      load: (pass, signal) => load(id, room, pass, signal),
    });
    setOpened(made);
    return () => made.close();
  }, [id, room, load]);
  return useStoreOr<OpenedSnapshot<T>>(opened, BEFORE);
}
