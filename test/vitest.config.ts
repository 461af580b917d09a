import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

/** Packages resolve to their sources, by the condition that their `exports` declare. */
const conditions = ["ai-progress-stream-source", ...defaultServerConditions];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["protocol/**/*.test.ts", "server/**/*.test.ts", "house/**/*.test.ts"],
    // For what hangs, not for what is slow: they pass on a machine that has much else to do, too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    // They wait for processes more than they reckon: one alone, as on two cores by default, leaves both idle.
    maxWorkers: 3,
  },
});
