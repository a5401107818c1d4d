import { type RefObject, useEffect, useState } from "react";
import { PLAYER_START, Player, type PlayerSnapshot } from "../live/player";
import type { Viewer } from "../live/viewer";
import { useStoreOr } from "./use-store";

/** Plays what the viewer receives in the given elements. */
export function usePlayer(
  viewer: Viewer | null,
  video: RefObject<HTMLVideoElement | null>,
  cover: RefObject<HTMLCanvasElement | null>,
): { player: Player | null; state: PlayerSnapshot } {
  const [player, setPlayer] = useState<Player | null>(null);
  useEffect(() => {
    if (!viewer || !video.current || !cover.current) return;
    const made = new Player(
      video.current,
      cover.current,
      () => viewer.frameShown(),
      (frame) => viewer.frameOnScreen(frame),
    );
    const follow = () => made.setStream(viewer.getSnapshot().stream);
    const unsubscribe = viewer.subscribe(follow);
    follow();
    setPlayer(made);
    return () => {
      unsubscribe();
      made.close();
    };
  }, [viewer, video, cover]);
  return { player, state: useStoreOr(player, PLAYER_START) };
}
