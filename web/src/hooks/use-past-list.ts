import { useEffect, useState } from "react";
import type { Pass } from "../live/kept/addresses";
import { PastList, type PastListSnapshot } from "../live/kept/past-list";
import { useStoreOr } from "./use-store";

const BEFORE: PastListSnapshot = {
  pasts: null,
  clips: [],
  next: null,
  isLoadingMore: false,
  problem: null,
};

/** What is kept of a room, asked for once, after a while if the page says so. */
export function usePastList(
  room: string,
  pass: Pass,
  afterMs = 0,
): PastListSnapshot & { more: () => void } {
  const [list, setList] = useState<PastList | null>(null);
  useEffect(() => {
    let made: PastList | null = null;
    const timer = setTimeout(() => {
      made = new PastList(room, pass);
      setList(made);
    }, afterMs);
    return () => {
      clearTimeout(timer);
      made?.close();
    };
  }, [room, pass, afterMs]);
  return { ...useStoreOr(list, BEFORE), more: () => void list?.more() };
}
