/** Points of a curve over time: when, and how much. */
export type Series = readonly (readonly [at: number, value: number])[];

/** Where a curve is drawn. */
export interface Frame {
  width: number;
  height: number;
  from: number;
  to: number;
  /** The value at the upper edge. */
  top: number;
}

const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** A round number that no value is above: a short one, at least `least`. */
export function niceTop(series: Series, least = 1): number {
  const most = Math.max(least, ...series.map(([, value]) => value));
  const power = 10 ** Math.floor(Math.log10(most));
  const step = STEPS.find((one) => one * power >= most) ?? 10;
  return step * power;
}

/** Longer than this many steps without a point, and the curve has a gap. */
const GAP_STEPS = 2.5;

/** The pieces of a curve, as paths of SVG; a piece ends where points are missing. */
export function curves(series: Series, frame: Frame, stepMs: number): string[] {
  return pieces(series, stepMs).map((piece) =>
    piece
      .map(([at, value], index) => `${index === 0 ? "M" : "L"}${place(frame, at, value)}`)
      .join(""),
  );
}

/** The same with what is below the curve. */
export function areas(series: Series, frame: Frame, stepMs: number): string[] {
  return pieces(series, stepMs).map((piece) => {
    const [first, last] = [piece[0], piece.at(-1)];
    if (!first || !last) return "";
    const line = piece.map(([at, value]) => `L${place(frame, at, value)}`).join("");
    return `M${place(frame, first[0], 0)}${line}L${place(frame, last[0], 0)}Z`;
  });
}

function place({ width, height, from, to, top }: Frame, at: number, value: number): string {
  const x = to === from ? width : (width * (at - from)) / (to - from);
  const y = height * (1 - Math.min(1, Math.max(0, value / top)));
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function pieces(series: Series, stepMs: number): Series[] {
  const found: [number, number][][] = [];
  for (const [at, value] of series) {
    const last = found.at(-1);
    const before = last?.at(-1);
    if (last && before && at - before[0] <= stepMs * GAP_STEPS) last.push([at, value]);
    else found.push([[at, value]]);
  }
  return found;
}

/** At most `most` rows, evenly over the whole: for tables beside a curve. */
export function thinned<T>(rows: readonly T[], most: number): T[] {
  if (rows.length <= most) return [...rows];
  return Array.from({ length: most }, (_, n) => {
    const index = Math.round((n * (rows.length - 1)) / (most - 1));
    return rows[index] as T;
  });
}

const MINUTE_MS = 60_000;

/** How far apart the points of a curve are: a long broadcast has fewer than one a minute. */
export function stepOf(series: Series): number {
  const steps = series.slice(1).map(([at], index) => at - (series[index]?.[0] ?? at));
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? MINUTE_MS;
}
