import { useEffect, useState } from "react";

/** A value once it has stood still for a while, as what somebody types. */
export function useStable<T>(value: T, afterMs: number): T {
  const [stable, setStable] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStable(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return stable;
}
