import { useEffect } from "react";
import { artworkOf } from "../live/artwork";
import { showMediaSession } from "../live/media-session";
import type { Player } from "../live/player";
import type { RoomState } from "../live/protocol";

/** Lock screens, headsets and media keys show the broadcast and pause it while there is a picture. */
export function useMediaSession(
  room: RoomState | null,
  player: Player | null,
  hasPicture: boolean,
): void {
  const title = room?.title ?? room?.room ?? "";
  const artist = room?.host?.name ?? "";
  const artwork = artworkOf(room);
  useEffect(() => {
    if (!player || !hasPicture) return;
    const actions = { play: () => void player.play(), pause: () => player.video.pause() };
    return showMediaSession({ title, artist, artwork }, actions);
  }, [title, artist, artwork, player, hasPicture]);
}
