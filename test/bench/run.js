/*
 * Measures what the server, the element and the relays of others cost, prints it, and writes it down.
 *
 *   npm run bench                        everything, in twenty to forty minutes; writes docs/benchmarks too
 *   npm run bench -- --quick             less of it, in less than ten minutes; writes only test/bench/results
 *   npm run bench -- relay render …      some parts of it: relay, join, growth, bounds, viewers, render
 *
 * What is compared is installed by the bench into folders of its own; Redis is started where redis-server is installed.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { writeReport } from "./report.js";
import { startRedis } from "./support/redis.js";

const PARTS = ["relay", "join", "growth", "bounds", "viewers", "render"];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const kept = here("../../docs/benchmarks/results.json");

const args = process.argv.slice(2);
const isQuick = args.includes("--quick");
const asked = args.filter((arg) => arg !== "--quick");
const unknown = asked.filter((arg) => !PARTS.includes(arg));
if (unknown.length > 0) {
  console.error(
    `There is no part "${unknown[0]}". The parts are ${PARTS.join(", ")}; --quick measures less.`,
  );
  process.exit(2);
}

const machine = {
  cpu:
    cpus()[0]
      ?.model.replace(/\((R|TM)\)/g, "")
      .trim() || process.arch,
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
  platform: process.platform,
};
const measuredOn = new Date().toISOString().slice(0, 10);
// Whatever ends the bench, `exit` is what stops Redis; the other processes end with their channel.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
const redis = await startRedis();
if (!redis) console.log("redis-server is not on the PATH: what needs Redis is left out");
const results = {};
for (const part of PARTS.filter((name) => asked.length === 0 || asked.includes(name))) {
  const startedAt = performance.now();
  console.log(`\n— ${part} —`);
  try {
    const { measure } = await import(`./${part}.js`);
    const result = await measure({ isQuick, redisUrl: redis?.url ?? null });
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    results[part] = { machine, measuredOn, isQuick, seconds, ...result };
    for (const { name, scenario, why } of result.leftOut) {
      console.log(`  left out: ${name}${scenario ? ` (${scenario})` : ""}: ${why}`);
    }
    console.log(`  (${seconds} s)`);
  } catch (error) {
    console.error(`${part} could not be measured:`, error);
    process.exitCode = 1;
  }
}

mkdirSync(here("results"), { recursive: true });
for (const [part, result] of Object.entries(results)) {
  writeFileSync(here(`results/${part}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
if (isQuick) console.log("\nwritten to test/bench/results; the documents are left as they are");
else {
  writeFileSync(kept, `${JSON.stringify({ ...readJson(kept), ...results }, rounded, 2)}\n`);
  await writeReport();
  console.log("\nwritten to test/bench/results and docs/benchmarks");
}
process.exit();

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {};
  }
}

/** Four digits are more than any of it is exact to. */
function rounded(_key, value) {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
