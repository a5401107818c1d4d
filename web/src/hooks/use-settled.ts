import { useEffect, useState } from "react";

const SETTLED_MS = 1_000;

/** True a second after `begun`. */
export function useSettled(begun: boolean): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    if (!begun) return;
    const timer = setTimeout(() => setSettled(true), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [begun]);
  return settled;
}
