import { useEffect, useState } from "react";

/** Counts returns from the back-forward cache, where connections do not survive. */
export function useBfcache(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const shown = (event: PageTransitionEvent) => {
      if (event.persisted) setCount((n) => n + 1);
    };
    window.addEventListener("pageshow", shown);
    return () => window.removeEventListener("pageshow", shown);
  }, []);
  return count;
}
