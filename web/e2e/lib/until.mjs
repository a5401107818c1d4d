import { setTimeout as delay } from "node:timers/promises";

const EVERY_MS = 50;

/** How long anything may take; a machine that is busy with other things is no failure. */
export const PATIENCE_MS = 60_000;

/** Asks again and again until the answer is neither false nor empty, and gives it back. */
export async function until(check, { what, withinMs = PATIENCE_MS }) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) {
      const wanted = typeof what === "function" ? await what() : what;
      throw new Error(`waited ${withinMs} ms for ${wanted}`);
    }
    await delay(EVERY_MS);
  }
}
