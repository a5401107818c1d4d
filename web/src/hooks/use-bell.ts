import { useEffect, useState } from "react";
import type { Bell, BellSnapshot } from "../live/bell";
import { useStoreOr } from "./use-store";

const OFF: BellSnapshot = { on: false, notifies: false };

/** A bell that rings when the room goes live. Most never touch it, so its code comes with the first touch. */
export function useBell(isLive: boolean, title: string) {
  const [bell, setBell] = useState<Bell | null>(null);
  const snapshot = useStoreOr(bell, OFF);
  useEffect(() => {
    if (isLive) bell?.ring(title);
  }, [bell, isLive, title]);
  useEffect(() => () => bell?.close(), [bell]);
  const toggle = async () => {
    const touched = bell ?? new (await import("../live/bell")).Bell();
    setBell(touched);
    await touched.toggle();
  };
  return { ...snapshot, toggle: () => void toggle().catch(() => undefined) };
}
