import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: path("."),
  // The element from its sources, so that a change to it shows at once.
  resolve: { conditions: ["ai-progress-stream-source", ...defaultClientConditions] },
  build: {
    target: "es2022",
    outDir: path("../dist/page"),
    emptyOutDir: true,
    rollupOptions: { input: [path("index.html"), path("de/index.html")] },
  },
});
