import { useEffect, useState } from "react";
import { LiveRooms, type LiveRoomsSnapshot } from "../live/rooms";
import { useStoreOr } from "./use-store";

const BEFORE: LiveRoomsSnapshot = { rooms: null, failed: false };

export function useLiveRooms(): LiveRoomsSnapshot {
  const [rooms, setRooms] = useState<LiveRooms | null>(null);
  useEffect(() => {
    const made = new LiveRooms();
    setRooms(made);
    return () => made.close();
  }, []);
  return useStoreOr(rooms, BEFORE);
}
