import { useEffect, useState } from "react";
import { Meter, type MeterSnapshot } from "../live/meter";
import { useStoreOr } from "./use-store";

const SILENCE: MeterSnapshot = { level: 0, silent: false };

export function useMeter(track: MediaStreamTrack | null): MeterSnapshot {
  const [meter, setMeter] = useState<Meter | null>(null);
  useEffect(() => {
    if (!track || typeof AudioContext === "undefined") return;
    const made = new Meter(track);
    setMeter(made);
    return () => made.close();
  }, [track]);
  return useStoreOr(track ? meter : null, SILENCE);
}
