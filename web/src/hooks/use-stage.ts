import { useRef, useState } from "react";
import type { Viewer } from "../live/viewer";
import { useFullscreen } from "./use-fullscreen";
import { usePip } from "./use-pip";
import { usePlayer } from "./use-player";

/** The stage of a room: its elements, what plays in them, and how large it is. */
export function useStage(viewer: Viewer | null) {
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const cover = useRef<HTMLCanvasElement>(null);
  const { player, state } = usePlayer(viewer, video, cover);
  const full = useFullscreen(stage, video);
  const pip = usePip(video);
  const [theatre, setTheatre] = useState(false);
  return {
    stage,
    video,
    cover,
    player,
    state,
    full,
    pip,
    theatre,
    toggleTheatre: () => setTheatre((on) => !on),
  };
}

export type Stage = ReturnType<typeof useStage>;
