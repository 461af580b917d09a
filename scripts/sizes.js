/* What a page loads for a script tag: sizes and integrity hashes. Fails past a limit. */
import { limits, measure } from "./measure.js";

for (const { file, bytes, gzip, brotli, integrity } of measure()) {
  console.log(`${file}: ${bytes} bytes, ${gzip} gzip, ${brotli} Brotli\n  integrity="${integrity}"`);
  const limit = limits[file] ?? Infinity;
  if (brotli > limit) {
    console.error(`  That is ${brotli - limit} bytes over the limit of ${limit}.`);
    process.exitCode = 1;
  }
}
