import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: path("."),
  // The element from its sources, so that a change to it shows at once; Lit without its warnings for developers of it.
  resolve: { conditions: ["ai-progress-stream-source", "module", "browser"] },
  build: {
    target: "es2022",
    outDir: path("../dist/page"),
    emptyOutDir: true,
    rollupOptions: { input: [path("index.html"), path("de/index.html")] },
  },
});
