import { test } from "node:test";

/**
 * Tests that go on where the one before left off, as chapters of one story. After the first that
 * fails the others are skipped: they would wait for what cannot come.
 */
export function story() {
  let broken = null;
  return (name, run) =>
    test(name, async (t) => {
      if (broken !== null) {
        t.skip(`"${broken}" failed`);
        return;
      }
      try {
        await run(t);
      } catch (error) {
        broken = name;
        throw error;
      }
    });
}
