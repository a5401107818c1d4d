import { useMediaQuery } from "./use-media-query";

/**
 * How the room's page is laid out. `low`: a phone held sideways, the picture fills it. `tall`: a phone held
 * upright or a narrow window, the chat is below the picture. `wide`: the chat is beside it.
 */
export type RoomLayout = "wide" | "tall" | "low";

/** Wide enough that an open keyboard does not make a phone held upright look like one on its side. */
export const LOW = "(max-height: 480px) and (min-width: 560px)";
export const NARROW = "(max-width: 899px)";

export function useLayout(): RoomLayout {
  const low = useMediaQuery(LOW);
  const narrow = useMediaQuery(NARROW);
  if (low) return "low";
  return narrow ? "tall" : "wide";
}
