import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { transform } from "lightningcss";
import MagicString from "magic-string";
import { type BuildOptions, build, defineConfig, type Plugin, type UserConfig } from "vite";

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

/** What the Markdown parser calls its own fields: nobody outside of it sees them. */
const parserFields =
  /^(?:is(?:Blank|Long|FirstLine|Row|Image|Link)|can(?:Open|Close)|open(?:Quote|List|Item|Paragraph|Heading|Code|Formula|Table)|closeContainer|(?:close|drop)Leaf|takeBack|promote|matched|alignments|resolver|enclose|safeNodes|safeText|imageLabel|moveTo)$/;

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
    // By name: a namespace would have to be made an object, with all that the module exports.
    const imports = code.matchAll(/\bimport\(("[^"]+")\)(?=\.then\(\s*\(\{ (\w+) \}\))/g);
    for (const [whole, file, name] of imports) {
      inlined.replace(whole, `Promise.resolve({ ${name} })`).prepend(`import { ${name} } from ${file};`);
    }
    return { code: inlined.toString(), map: inlined.generateMap({ source: id, hires: true }) };
  },
};

/**
 * The browser's build of Lit stands on these two from the start, and a server that renders the page has neither. What
 * it is given is the file's own: nobody else is to take the server for a browser.
 */
const withoutDom: Plugin = {
  name: "without-dom",
  intro: () =>
    "const HTMLElement = globalThis.HTMLElement ?? class {}, document = globalThis.document ?? { createTreeWalker() {} };",
};

const LICENSES = "THIRD-PARTY-LICENSES.txt";
const bundled = new Set<string>();

/** The licences of all that was bundled, beside it. */
const licenses: Plugin = {
  name: "licenses",
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) {
      for (const id of chunk.type === "chunk" ? chunk.moduleIds : []) {
        const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
        if (folder) bundled.add(folder);
      }
    }
    const texts = [...bundled].map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file) throw new Error(`${name} brings no text of its licence.`);
      const text = readFileSync(`${folder}/${file}`, "utf8").replaceAll("\r", "").trim();
      return `${name} ${version}\n\n${text}\n`;
    });
    const source = texts.sort().join(`\n${"-".repeat(72)}\n\n`);
    this.emitFile({ type: "asset", fileName: LICENSES, source });
  },
};

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "package.json"), "utf8"));
const banner = `/*! ai-progress-stream ${version}, MIT. The licences of what it contains: ${LICENSES} */`;

/** One minified file of an entry and all that it stands on. */
const oneFile = (entry: string, plugins: Plugin[], options: BuildOptions): UserConfig => ({
  // Packages of this repository are taken from their sources: nothing has to be built before.
  resolve: { conditions: ["ai-progress-stream-source"] },
  publicDir: false,
  plugins: [squeezeTemplates, ...plugins, licenses],
  build: {
    ...options,
    emptyOutDir: false,
    target: "es2022",
    // The squeezed templates would leave a map wrong, and a wrong map is worse than none.
    sourcemap: false,
    lib: { entry, formats: ["es"], fileName: () => "ai-progress-stream.js" },
    rollupOptions: {
      treeshake: { manualPureFunctions: ["console.assert"] },
      output: {
        // Vite leaves the white space in ES libraries unless it is told so here.
        minify: { compress: true, mangle: true, codegen: true, mangleProps: { include: parserFields } },
        comments: { legal: false, annotation: false, jsdoc: false },
        postBanner: banner,
      },
    },
  },
});

/**
 * What is imported when it is needed, as a file of its own with all that it stands on. What it has in common with
 * the first file it has twice, for its address is all that they may share: a chunk that imports the first file
 * would load it once more where a page has named it otherwise, as `…js?v=2`.
 */
const apart: Plugin = {
  name: "apart",
  async resolveDynamicImport(specifier, importer) {
    if (typeof specifier !== "string" || !importer) return null;
    const entry = resolve(dirname(importer), specifier.replace(/\.js$/, ".ts"));
    const config = oneFile(entry, [], { write: false });
    const built = await build({ configFile: false, logLevel: "warn", ...config });
    const [chunk] = [built].flat().flatMap((result) => ("output" in result ? result.output : []));
    if (chunk?.type !== "chunk") throw new Error(`There is nothing in ${entry}.`);
    const hash = createHash("sha256").update(chunk.code).digest("hex").slice(0, 8);
    const fileName = `${basename(entry, ".ts")}-${hash}.js`;
    this.emitFile({ type: "asset", fileName, source: chunk.code });
    return { id: `./${fileName}`, external: true };
  },
};

/**
 * `vite build`: the entries, with what they stand on left to the application's bundler.
 * `vite build --mode split`: for a script tag, minified; what not every page needs lies beside it and is loaded
 * when it is.
 * `vite build --mode standalone`: the same as one file with everything in it.
 * The declarations of `tsc -b` lie in the same `dist`, so none of them empties it.
 */
export default defineConfig(({ mode }) => {
  if (mode === "standalone")
    return oneFile(source("index.ts"), [inlineImports, withoutDom], { outDir: "dist" });
  if (mode === "split") return oneFile(source("index.ts"), [apart, withoutDom], { outDir: "dist/split" });
  return {
    publicDir: false,
    build: {
      emptyOutDir: false,
      target: "es2022",
      sourcemap: true,
      lib: { entry: entries, formats: ["es"] },
      minify: false,
      rollupOptions: {
        output: { chunkFileNames: "shared/[name].js" },
        external: [/^(react|vue)$/, /^lit(\/|$)/, /^@ai-progress-stream\/protocol/, /^@microsoft\//],
      },
    },
  };
});
