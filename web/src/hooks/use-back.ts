import { FALLBACK_START } from "../live/fallback";
import type { Player } from "../live/player";
import { REWIND_START, type Rewind, type RewindSnapshot } from "../live/rewind";
import { STAGE_START } from "../live/stage-watch";
import type { Viewer } from "../live/viewer";
import { useStoreOr } from "./use-store";

/** Going back in the broadcast, as the player's controls need it. */
export interface Back {
  /** Null where there is nothing to go back to, and for who is on stage: what the person does there is live. */
  rewind: Rewind | null;
  step: RewindSnapshot["step"];
  fast: boolean;
  /** It comes with a delay, since there is no path for what is live. */
  isDelayed: boolean;
  /** Whether the picture stands still by the person's wish. */
  paused: boolean;
  play: () => void;
  pause: () => void;
  togglePlay: () => void;
  jump: (byMs: number) => void;
  goLive: () => void;
}

/** Pauses at the server where it keeps the broadcast, so that it goes on where it was; else here, and goes on live. */
export function useBack(viewer: Viewer | null, player: Player | null, isPaused: boolean): Back {
  const { step, fast, pastMs } = useStoreOr(viewer?.rewind ?? null, REWIND_START);
  const stage = useStoreOr(viewer?.stage ?? null, STAGE_START);
  const fallback = useStoreOr(viewer?.fallback ?? null, FALLBACK_START);
  const isDelayed = fallback.step === "shown";
  const canRewind = pastMs > 0 && stage.step !== "accepted" && !isDelayed;
  const rewind = viewer && canRewind ? viewer.rewind : null;
  const paused = isDelayed ? fallback.paused : isPaused || step === "paused";
  const play = () => {
    viewer?.fallback.setPaused(false);
    rewind?.play();
    void player?.play();
  };
  const pause = () => {
    if (isDelayed) viewer?.fallback.setPaused(true);
    else if (rewind) rewind.pause();
    else player?.video.pause();
  };
  return {
    rewind,
    step,
    fast,
    isDelayed,
    paused,
    play,
    pause,
    togglePlay: () => (paused ? play() : pause()),
    jump: (byMs) => rewind?.jump(byMs),
    goLive: () => {
      viewer?.fallback.setPaused(false);
      viewer?.rewind.goLive();
      void player?.play();
    },
  };
}
