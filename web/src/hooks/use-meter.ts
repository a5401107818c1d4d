import { useEffect, useState } from "react";
import { Meter, type MeterSnapshot } from "../live/meter";
import { useStoreOr } from "./use-store";

const SILENCE: MeterSnapshot = { level: 0, silent: false };

/** One meter for each track, however many show it. */
const inUse = new Map<MediaStreamTrack, { meter: Meter; users: number }>();

function take(track: MediaStreamTrack): Meter {
  const shared = inUse.get(track) ?? { meter: new Meter(track), users: 0 };
  shared.users += 1;
  inUse.set(track, shared);
  return shared.meter;
}

function giveBack(track: MediaStreamTrack): void {
  const shared = inUse.get(track);
  if (!shared) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  inUse.delete(track);
  shared.meter.close();
}

/** How loud a track is. */
export function useMeter(track: MediaStreamTrack | null): MeterSnapshot {
  const [meter, setMeter] = useState<Meter | null>(null);
  useEffect(() => {
    if (!track || typeof AudioContext === "undefined") return;
    setMeter(take(track));
    return () => giveBack(track);
  }, [track]);
  return useStoreOr(track ? meter : null, SILENCE);
}
