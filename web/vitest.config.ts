import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "e2e/measure/*.test.mjs"],
    setupFiles: ["src/testing/words.ts", "src/testing/at-once.ts"],
    restoreMocks: true,
    // What waits for a page waits in the test. A busy machine is no fault.
    testTimeout: 30_000,
  },
});
