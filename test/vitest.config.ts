import { defineConfig } from "vitest/config";

/** Tests run on the sources: packages resolve to `src` by the condition that their `exports` declare. */
export default defineConfig({
  resolve: { conditions: ["ai-progress-stream-source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["ai-progress-stream-source", "node", "import", "default"] } },
  test: {
    include: ["protocol/**/*.test.ts", "server/**/*.test.ts", "house/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
