import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const source = (file: string): string => resolve(import.meta.dirname, "src", file);

/** What `exports` names: every file at the top, and every language. */
const entries = Object.fromEntries(
  ["", "labels/"].flatMap((folder) =>
    readdirSync(source(folder))
      .filter((file) => file.endsWith(".ts"))
      .map((file) => [folder + file.slice(0, -3), source(folder + file)]),
  ),
);

/** A minifier leaves the inside of templates alone; white space between rules and around tags is none of the look. */
const squeezeTemplates: Plugin = {
  name: "squeeze-templates",
  enforce: "pre",
  transform(code, id) {
    if (!/\/src\/element\/.*\.ts$/.test(id)) return null;
    return code
      .replace(/\bcss`[^`]*`/g, (sheet) =>
        sheet
          .replace(/\/\*[\s\S]*?\*\//g, "")
          .replace(/\s+/g, " ")
          .replace(/ ?([{};,]) ?/g, "$1")
          .replace(/([a-z-]): /g, "$1:")
          .replace(/;}/g, "}"),
      )
      .replace(/\n\s*(?=<[a-z/])/g, "")
      .replace(/(html`[^`]*>)\n\s*\$\{/g, "$1${");
  },
};

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
          rollupOptions: {
            output: { minify: true, comments: { legal: true, annotation: false, jsdoc: false } },
          },
        }
      : {
          lib: { entry: entries, formats: ["es"] },
          minify: false,
          rollupOptions: {
            output: { chunkFileNames: "shared/[name].js" },
            external: [
              /^(react|vue)$/,
              /^lit(\/|$)/,
              /^@ai-progress-stream\/protocol/,
              /^@microsoft\//,
              /^eventsource-parser/,
            ],
          },
        }),
  },
  ...(mode === "standalone" ? { plugins: [squeezeTemplates] } : {}),
}));
