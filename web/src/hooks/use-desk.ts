import { useEffect, useState } from "react";
import { DESK_START, DeskWatch } from "../live/desk";
import type { Publisher } from "../live/publisher";
import { useStoreOr } from "./use-store";

/** What a host is told of the room besides what all are. */
export function useDesk(publisher: Publisher) {
  const [watch, setWatch] = useState<DeskWatch | null>(null);
  useEffect(() => {
    const made = new DeskWatch(publisher);
    setWatch(made);
    return () => made.close();
  }, [publisher]);
  return { watch, snapshot: useStoreOr(watch, DESK_START) };
}
