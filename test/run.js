/*
 * Every test, one summary at the end: what runs in Node, the element in a browser, the demo end to end.
 * Exits with 1 if any failed, or if a runner broke.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { root, runTool } from "../scripts/tools.js";

const results = `${root}.cache/test-results`;
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const vitest = (config, name) => ({
  name,
  command: "vitest",
  folder: "test",
  args: [
    "run",
    `--config=${config}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${results}/${name}.json`,
  ],
  read: ({ numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites }) => ({
    passed: numPassedTests,
    failed: numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0),
    skipped: numPendingTests,
  }),
});

const suites = [
  vitest("vitest.config.ts", "node"),
  {
    name: "browser",
    command: "wtr",
    args: ["--config", "test/web-test-runner.config.js"],
    read: (counts) => counts,
  },
  vitest("vitest.e2e.config.ts", "e2e"),
];

const total = { passed: 0, failed: 0, skipped: 0 };
for (const { name, command, args, folder, read } of suites) {
  console.log(`\n> ${command} (${name})`);
  const summaryFile = `${results}/${name}.json`;
  const status = runTool(command, args, { folder, env: { SUMMARY_FILE: summaryFile } });
  const counts = existsSync(summaryFile)
    ? read(JSON.parse(readFileSync(summaryFile, "utf8")))
    : { passed: 0, failed: 0, skipped: 0 };
  // A runner that broke without a failed test has failed all the same.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} left out`);
  for (const key of Object.keys(total)) total[key] += counts[key];
}

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;
