import type { Place } from "./place";
import type { Stage, StageLayout } from "./protocol";

export const WHOLE: Place = { x: 0, y: 0, w: 1, h: 1 };
/** How large small pictures are, of the stage. */
const SMALL = 0.24;
const GAP = 0.012;
/** Small pictures above each other. */
const COLUMN = 4;

/**
 * Where host and guests are: the host first, then the guests in their order. `speaker`: which of them speaks, 0 for the
 * host.
 */
export function stagePlaces(layout: StageLayout, guests: number, speaker: number): Place[] {
  if (guests === 0) return [WHOLE];
  switch (layout === "auto" ? chosen(guests) : layout) {
    case "corner":
      return [WHOLE, ...small(guests)];
    case "speaker":
      return largeOne(guests + 1, speaker);
    default:
      return grid(guests + 1);
  }
}

/** The layout of a stage. A second picture of the host alone is small: it is its camera beside a screen. */
export function layoutOf(stage: Stage | undefined): StageLayout {
  return stage && stage.guests.length > 0 ? stage.layout : "corner";
}

/** One guest stands beside the host, three below each other at its side, more are all alike. */
function chosen(guests: number): StageLayout {
  if (guests === 1) return "grid";
  return guests <= 3 ? "speaker" : "grid";
}

function grid(n: number): Place[] {
  const columns = Math.ceil(Math.sqrt(n));
  const rows = Math.ceil(n / columns);
  return Array.from({ length: n }, (_, at) => {
    const row = Math.floor(at / columns);
    // The last row may be shorter: it stands in the middle.
    const inRow = row === rows - 1 ? n - row * columns : columns;
    const x = ((at % columns) + (columns - inRow) / 2) / columns;
    return { x, y: row / rows, w: 1 / columns, h: 1 / rows };
  });
}

function largeOne(n: number, large: number): Place[] {
  const share = 1 / Math.max(n - 1, 3);
  let others = 0;
  return Array.from({ length: n }, (_, at) => {
    if (at === large) return { x: 0, y: 0, w: 0.75, h: 1 };
    const y = (1 - share * (n - 1)) / 2 + share * others;
    others += 1;
    return { x: 0.75, y, w: 0.25, h: share };
  });
}

/** In the corner at the bottom right, upwards. */
function small(n: number): Place[] {
  return Array.from({ length: n }, (_, at) => {
    const [column, row] = [Math.floor(at / COLUMN), at % COLUMN];
    const right = (SMALL + GAP) * (column + 1);
    const bottom = 0.1 + (SMALL * 0.86 + GAP) * (row + 1);
    return { x: 1 - right, y: 1 - bottom, w: SMALL, h: SMALL * 0.86 };
  });
}
