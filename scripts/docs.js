/*
 * What is told of the element anywhere is written from its sources: custom-elements.json, the tables of the READMEs,
 * the data of editors, the types of frameworks. The sizes and hashes in the READMEs are those of the last build.
 *
 *   node scripts/docs.js          writes them
 *   node scripts/docs.js --check  fails where any is out of date
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { cssData, htmlData } from "./docs/editors.js";
import { readManifest } from "./docs/manifest.js";
import { withSizes, withTables } from "./docs/readme.js";
import { propsTypes, reactTypes, svelteTypes, vueTypes } from "./docs/types.js";
import { measure } from "./measure.js";
import { root } from "./tools.js";

const isCheck = process.argv.includes("--check");
const manifest = await readManifest();
const sizes = measure();
const read = (path) => (existsSync(root + path) ? readFileSync(root + path, "utf8") : "");
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

const element = "packages/element/";
const files = {
  [`${element}custom-elements.json`]: json(manifest),
  [`${element}vscode/html-data.json`]: json(htmlData(manifest)),
  [`${element}vscode/css-data.json`]: json(cssData(manifest)),
  [`${element}types/props.d.ts`]: propsTypes(manifest),
  [`${element}types/react.d.ts`]: reactTypes(manifest),
  [`${element}types/vue.d.ts`]: vueTypes(manifest),
  [`${element}types/svelte.d.ts`]: svelteTypes(manifest),
  [`${element}README.md`]: withSizes(withTables(read(`${element}README.md`), manifest), sizes),
  "README.md": withSizes(withTables(read("README.md"), manifest), sizes),
};

const stale = Object.keys(files).filter((path) => read(path) !== files[path]);
if (isCheck && stale.length > 0) {
  console.error(`Out of date, run "npm run docs": ${stale.join(", ")}`);
  process.exitCode = 1;
}
if (!isCheck) {
  for (const path of stale) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, files[path]);
  }
}
console.log(
  stale.length === 0 ? "All that is told of the element is up to date." : `${stale.length} files differ.`,
);
