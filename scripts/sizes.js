/* The one file that a page loads, measured as it is sent: Brotli, and its integrity hash. Fails past its limit. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const LIMIT_BYTES = 48_000;
const file = fileURLToPath(new URL("../packages/element/dist/ai-progress-stream.js", import.meta.url));
const bytes = readFileSync(file);
const brotli = brotliCompressSync(bytes).length;
const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
console.log(`ai-progress-stream.js: ${bytes.length} bytes, ${gzipSync(bytes).length} gzip, ${brotli} Brotli`);
console.log(`integrity="${integrity}"`);
if (brotli > LIMIT_BYTES) {
  console.error(`That is ${brotli - LIMIT_BYTES} bytes over the limit of ${LIMIT_BYTES}.`);
  process.exitCode = 1;
}
