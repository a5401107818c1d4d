import { useEffect, useState } from "react";
import { Checkup } from "../live/doctor/checkup";
import { useBfcache } from "./use-bfcache";

/** A checkup for as long as the page is there; the ticket stands behind the `#` of the address. */
export function useCheckup(): Checkup | null {
  const [checkup, setCheckup] = useState<Checkup | null>(null);
  const restores = useBfcache();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a revived page needs a new one
  useEffect(() => {
    const made = new Checkup({ ticket: ticketOf(location.hash) });
    const leave = () => made.close();
    window.addEventListener("pagehide", leave);
    setCheckup(made);
    return () => {
      window.removeEventListener("pagehide", leave);
      made.close();
    };
  }, [restores]);
  return checkup;
}

/** Links to parts of the page are no tickets. */
function ticketOf(hash: string): string | null {
  const text = hash.slice(1);
  return text === "" || document.getElementById(text) ? null : text;
}
