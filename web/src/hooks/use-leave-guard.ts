import { useEffect, useState } from "react";
import { guardLeaving } from "../navigation";

interface Leaving {
  /** Goes where the person wanted to; null while they want to go nowhere. */
  go: (() => void) | null;
  stay: () => void;
}

/** Holds back every way to another page of ours until the person has been asked. */
export function useLeaveGuard(active: boolean): Leaving {
  const [go, setGo] = useState<(() => void) | null>(null);
  useEffect(() => {
    if (!active) return;
    const release = guardLeaving((leave) => setGo(() => leave));
    return () => {
      release();
      setGo(null);
    };
  }, [active]);
  return { go, stay: () => setGo(null) };
}
