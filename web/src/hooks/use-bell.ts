import { useEffect, useState } from "react";
import { Bell } from "../live/bell";
import { useStore } from "./use-store";

/** A bell that rings when the room goes live. */
export function useBell(isLive: boolean, title: string) {
  const [bell] = useState(() => new Bell());
  const snapshot = useStore(bell);
  useEffect(() => {
    if (isLive) bell.ring(title);
  }, [bell, isLive, title]);
  useEffect(() => () => bell.close(), [bell]);
  return { ...snapshot, toggle: () => void bell.toggle() };
}
