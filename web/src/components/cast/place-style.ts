import type { CSSProperties } from "react";
import type { Place } from "../../live/stage-layout";

/** A place as the styles of an element. */
export function placeStyle({ x, y, w, h }: Place): CSSProperties {
  const percent = (share: number) => `${share * 100}%`;
  return { left: percent(x), top: percent(y), width: percent(w), height: percent(h) };
}
