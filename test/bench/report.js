/*
 * Writes what docs/benchmarks/results.json holds into the documents, between marks such as `<!-- bench:relay -->`, and
 * draws the charts. The bench runs it at its end.
 *
 *   node test/bench/report.js
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { growthChart, relayChart } from "./report/charts.js";
import { tables } from "./report/tables.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENTS = ["README.md", "docs/benchmarks.md", "docs/scaling.md"];
const read = (path) => readFileSync(root + path, "utf8");

export function writeReport() {
  const results = JSON.parse(read("docs/benchmarks/results.json"));
  for (const path of DOCUMENTS) {
    const text = read(path);
    const filled = fill(text, results);
    if (filled !== text) writeFileSync(root + path, filled);
  }
  if (results.growth) writeFileSync(`${root}docs/benchmarks/growth.svg`, growthChart(results.growth));
  if (results.relay) writeFileSync(`${root}docs/benchmarks/relay.svg`, relayChart(results.relay));
}

/** What was never measured stays as it is. */
function fill(text, results) {
  return text.replace(
    /(<!-- bench:([\w-]+) -->\n)[\s\S]*?(<!-- \/bench:\2 -->)/g,
    (whole, from, name, to) => {
      const table = tables[name];
      if (!table) throw new Error(`no table "${name}"`);
      const content = table(results);
      return content === null ? whole : `${from}${content}\n${to}`;
    },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeReport();
