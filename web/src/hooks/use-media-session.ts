import { useEffect, useRef } from "react";
import { artworkOf } from "../live/artwork";
import { showMediaSession } from "../live/media-session";
import type { RoomState } from "../live/protocol";
import type { Back } from "./use-back";
import { JUMP_MS } from "./use-player-keys";

/** Lock screens, headsets and media keys show the broadcast and pause it. */
export function useMediaSession(room: RoomState | null, back: Back): void {
  const title = room?.title ?? room?.room ?? "";
  const artist = room?.host?.name ?? "";
  const artwork = artworkOf(room);
  const latest = useRef(back);
  useEffect(() => {
    latest.current = back;
  });
  const canRewind = back.rewind !== null;
  useEffect(() => {
    const jump = (byMs: number) => (canRewind ? () => latest.current.jump(byMs) : null);
    const actions = {
      play: () => latest.current.play(),
      pause: () => latest.current.pause(),
      seekbackward: jump(-JUMP_MS),
      seekforward: jump(JUMP_MS),
    };
    return showMediaSession({ title, artist, artwork }, actions);
  }, [title, artist, artwork, canRewind]);
}
