import { useEffect, useState } from "react";
import type { Finding } from "../live/protocol";
import { RoomFindings, type RoomFindingsSnapshot } from "../live/room-findings";
import { useStoreOr } from "./use-store";

const BEFORE: RoomFindingsSnapshot = { findings: [] };

export function useRoomFindings(room: string): readonly Finding[] {
  const [store, setStore] = useState<RoomFindings | null>(null);
  useEffect(() => {
    const made = new RoomFindings(room);
    setStore(made);
    return () => made.close();
  }, [room]);
  return useStoreOr(store, BEFORE).findings;
}
