import type { Back } from "../../hooks/use-back";
import { useMediaSession } from "../../hooks/use-media-session";
import type { RoomState } from "../../live/protocol";

/** What lock screens and media keys have of the picture, while there is one. */
export function LockScreen({ room, back }: { room: RoomState | null; back: Back }) {
  useMediaSession(room, back);
  return null;
}
