import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { transform } from "lightningcss";
import MagicString from "magic-string";
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

/** The first that know `light-dark()`. */
const targets = { chrome: 123 << 16, firefox: 120 << 16, safari: (17 << 16) | (5 << 8) };

/** What the Markdown parser calls its own fields: nobody outside of the file sees them. */
const parserFields =
  /^(?:add_token|end_token|add_text|set_attr|fence_start|fence_end|blockquote_idx|hr_chars?|indent_len|table_state)$/;

/** A minifier leaves the inside of templates alone; white space between rules and around tags is none of the look. */
const squeezeTemplates: Plugin = {
  name: "squeeze-templates",
  enforce: "pre",
  transform(code, id) {
    if (!/\/src\/element\/.*\.ts$/.test(id)) return null;
    const squeezed = new MagicString(code);
    squeezed.replace(/(?<=\bcss`)[^`]*/g, (sheet) =>
      transform({ filename: id, code: Buffer.from(sheet), minify: true, targets }).code.toString(),
    );
    squeezed.replace(/(?<=[>}])\n\s*(?=<[a-z/]|\$\{|>)/g, "");
    squeezed.replace(/(?<=<\w+|["}])\n\s+(?=[a-z-]+=[$"])/g, " ");
    return { code: squeezed.toString(), map: squeezed.generateMap({ source: id, hires: true }) };
  },
};

/** In one file there is nothing to wait for: what is imported when it is needed is there from the start. */
const inlineImports: Plugin = {
  name: "inline-imports",
  transform(code, id) {
    if (!/\/src\/.*\.ts$/.test(id)) return null;
    const inlined = new MagicString(code);
    for (const [whole, file] of code.matchAll(/\bimport\(("[^"]+")\)/g)) {
      inlined.replace(whole, "Promise.resolve(inlined)").prepend(`import * as inlined from ${file};`);
    }
    return { code: inlined.toString(), map: inlined.generateMap({ source: id, hires: true }) };
  },
};

const LICENSES = "THIRD-PARTY-LICENSES.txt";

/** The licences of all that was bundled, beside it. */
const licenses: Plugin = {
  name: "licenses",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
    const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []);
    const texts = [...new Set(folders)].map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file) throw new Error(`${name} brings no text of its licence.`);
      const text = readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r", "").trim();
      return `${name} ${version}\n\n${text}\n`;
    });
    this.emitFile({
      type: "asset",
      fileName: LICENSES,
      source: texts.sort().join(`\n${"-".repeat(72)}\n\n`),
    });
  },
};

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "package.json"), "utf8"));

/** For a script tag. Vite leaves the white space in ES libraries unless it is told so here. */
const scriptOutput = {
  minify: { compress: true, mangle: true, codegen: true },
  comments: { legal: false, annotation: false, jsdoc: false },
  postBanner: `/*! ai-progress-stream ${version}, MIT. Contains lit (Copyright 2017 Google LLC, BSD-3-Clause) and others: ${LICENSES} */`,
};

const outputs = {
  standalone: { ...scriptOutput, minify: { ...scriptOutput.minify, mangleProps: { include: parserFields } } },
  split: { ...scriptOutput, chunkFileNames: "[name]-[hash].js" },
};

/**
 * `vite build`: the entries, with what they stand on left to the application's bundler.
 * `vite build --mode split`: for a script tag, minified; what not every page needs lies beside it and is loaded
 * when it is.
 * `vite build --mode standalone`: the same as one file with everything in it.
 * The declarations of `tsc -b` lie in the same `dist`, so none of them empties it.
 */
export default defineConfig(({ mode }) => ({
  // Packages of this repository are taken from their sources: nothing has to be built before.
  resolve: { conditions: ["ai-progress-stream-source"] },
  publicDir: false,
  build: {
    emptyOutDir: false,
    target: "es2022",
    // The squeezed templates would leave a map of the one file wrong, and a wrong map is worse than none.
    sourcemap: !(mode in outputs),
    ...(mode in outputs
      ? {
          outDir: mode === "split" ? "dist/split" : "dist",
          lib: { entry: source("index.ts"), formats: ["es"], fileName: () => "ai-progress-stream.js" },
          rollupOptions: {
            treeshake: { manualPureFunctions: ["console.assert"] },
            preserveEntrySignatures: "allow-extension",
            output: outputs[mode as keyof typeof outputs],
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
              /^streaming-markdown/,
            ],
          },
        }),
  },
  plugins: [
    ...(mode in outputs ? [squeezeTemplates, licenses] : []),
    ...(mode === "standalone" ? [inlineImports] : []),
  ],
}));
