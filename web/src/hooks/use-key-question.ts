import { useState } from "react";
import type { PublisherSnapshot } from "../live/publisher";

export interface KeyQuestion {
  /** Why the server wants a publishing key; null when it wants none. */
  wanted: "missing" | "wrong" | null;
  /** The dialog asks for it now, so no other part of the page does. */
  isOpen: boolean;
  ask: () => void;
  close: () => void;
}

/** The publishing key is asked for on the way to going live, or where that has failed for the lack of it. */
export function useKeyQuestion({ phase, problem }: PublisherSnapshot): KeyQuestion {
  const [isAsked, setAsked] = useState(false);
  const wanted = problem === "auth_required" ? "missing" : problem === "auth_bad" ? "wrong" : null;
  return {
    wanted,
    isOpen: wanted !== null && (isAsked || phase === "failed"),
    ask: () => setAsked(true),
    close: () => setAsked(false),
  };
}
