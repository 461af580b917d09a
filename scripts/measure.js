/* What a page loads for a script tag, measured as it is sent. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { root } from "./tools.js";

const dist = `${root}packages/element/dist/`;

/**
 * Most bytes in Brotli: of the file with everything in it, and of what a page loads at first of the split one. Another
 * hash in the name of a chunk moves that by up to 60.
 */
export const limits = { "ai-progress-stream.js": 57_900, "split/ai-progress-stream.js": 35_600 };

/** The files of a build, the entries first. */
export function measure() {
  if (!existsSync(`${dist}split`)) throw new Error('There is nothing to measure yet: run "npm run build".');
  const chunks = readdirSync(`${dist}split`).filter((name) => name.endsWith(".js"));
  const files = new Set([...Object.keys(limits), ...chunks.sort().map((name) => `split/${name}`)]);
  return [...files].map((file) => {
    const bytes = readFileSync(dist + file);
    return {
      file,
      bytes: bytes.length,
      gzip: gzipSync(bytes).length,
      brotli: brotliCompressSync(bytes).length,
      integrity: `sha384-${createHash("sha384").update(bytes).digest("base64")}`,
    };
  });
}
