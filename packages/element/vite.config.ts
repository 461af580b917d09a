import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const source = (file: string): string => resolve(import.meta.dirname, "src", file);

/** Named after what they are for: `.`, `./element`, `./client` of `exports`. */
const entries = Object.fromEntries(
  ["index", "element", "client"]
    .filter((name) => existsSync(source(`${name}.ts`)))
    .map((name) => [name, source(`${name}.ts`)]),
);

/**
 * `vite build`: the entries, with what they stand on left to the application's bundler.
 * `vite build --mode standalone`: one minified file with everything in it, for a script tag.
 * The declarations of `tsc -b` lie in the same `dist`, so neither empties it.
 */
export default defineConfig(({ mode }) => ({
  // Packages of this repository are taken from their sources: nothing has to be built before.
  resolve: { conditions: ["ai-progress-stream-source"] },
  publicDir: false,
  build: {
    emptyOutDir: false,
    target: "es2022",
    sourcemap: true,
    ...(mode === "standalone"
      ? {
          lib: { entry: source("index.ts"), formats: ["es"], fileName: () => "ai-progress-stream.js" },
          // Vite leaves the white space in ES libraries unless it is told so here; licences must stay.
          rollupOptions: { output: { minify: true, comments: { legal: true } } },
        }
      : {
          lib: { entry: entries, formats: ["es"] },
          minify: false,
          rollupOptions: {
            external: [
              /^lit(\/|$)/,
              /^@ai-progress-stream\/protocol/,
              /^@microsoft\//,
              /^eventsource-parser/,
            ],
          },
        }),
  },
}));
