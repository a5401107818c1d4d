/** A place on the stage, in shares of its width and height. */
export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** A place as the styles of an element. */
export function placeStyle({ x, y, w, h }: Place) {
  const percent = (share: number) => `${share * 100}%`;
  return { left: percent(x), top: percent(y), width: percent(w), height: percent(h) };
}
