import { defineConfig } from "vitest/config";

/** The built demo in a real browser, one test after the other. */
export default defineConfig({
  test: {
    include: ["e2e/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
