import { useEffect, useRef, useState } from "react";
import type { Checkup } from "../live/doctor/checkup";
import { typedKey } from "../live/host-key";
import type { DoctorPath, PathResult } from "../live/protocol";

/** Which way media takes from here, as far as it was tried. */
export type PathVerdict = "udp" | "tcp" | "none" | "unknown";

export interface PathTest {
  verdict: PathVerdict | null;
  running: boolean;
  run: () => void;
}

/** Tries the ways of media to the server, when the person asks for it: as the page `/doctor` does. */
export function usePathTest(): PathTest {
  const [verdict, setVerdict] = useState<PathVerdict | null>(null);
  const [running, setRunning] = useState(false);
  const checkup = useRef<Checkup | null>(null);
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
      checkup.current?.close();
    };
  }, []);
  const run = async () => {
    setRunning(true);
    // Few hosts need it.
    const { Checkup } = await import("../live/doctor/checkup");
    if (gone.current) return;
    const made = new Checkup({ ticket: null });
    checkup.current = made;
    const key = typedKey();
    if (key) made.showKey(key);
    const look = () => {
      const { running, results } = made.getSnapshot();
      if (running) return;
      setVerdict(verdictOf(results));
      setRunning(false);
      made.close();
    };
    made.subscribe(look);
    look();
  };
  return { verdict, running, run: () => void run() };
}

function verdictOf(results: Partial<Record<DoctorPath, PathResult>>): PathVerdict {
  const works = (...paths: DoctorPath[]) => paths.some((path) => results[path]?.state === "works");
  if (works("udp4", "udp6")) return "udp";
  if (works("tcp4", "tcp6", "turn")) return "tcp";
  const tried = (["udp4", "udp6", "tcp4", "tcp6"] as const).map((path) => results[path]?.state);
  return tried.includes("closed") ? "none" : "unknown";
}
