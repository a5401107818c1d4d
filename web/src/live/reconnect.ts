/** Quick at first, since most losses are short; then patient, so that a restarting server can rise. */
const DELAYS_MS = [0, 300, 1200, 2700, 4800, 7000, 7000, 7000, 7000, 7000];

/** How many tries the person is told about; we go on after them at the last pace. */
export const SHOWN_TRIES = DELAYS_MS.length;

/** How long to wait before try number `attempt` (from 0). */
export function reconnectDelayMs(attempt: number, random: () => number = Math.random): number {
  const base = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
  // The first try is at once; later ones are spread, so that a thousand fans do not come together.
  return attempt === 0 ? base : base + random() * 1000;
}

const PLACE_MS = 10_000;
const PLACE_MAX_MS = 60_000;

/** How long to wait for a place after refusal number `refusal` (from 1): longer each time, and spread. */
export function placeDelayMs(
  refusal: number,
  retryMs = PLACE_MS,
  random: () => number = Math.random,
): number {
  const base = Math.min(retryMs * 2 ** (refusal - 1), Math.max(PLACE_MAX_MS, retryMs));
  return base + random() * (base / 2);
}
