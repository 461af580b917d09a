/*
 * Every test, one summary at the end: what runs in Node, the element in each engine, the demo end to end. What failed
 * is told again there, where it is found also in the last lines of a long output.
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
  read({ numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults }) {
    for (const { name: file, message, assertionResults } of testResults) {
      const tests = assertionResults.filter(({ status }) => status === "failed");
      for (const { fullName, failureMessages } of tests) failures.push([file, fullName, ...failureMessages]);
      if (tests.length === 0 && message) failures.push([file, message]);
    }
    return {
      [name]: {
        passed: numPassedTests,
        failed: numFailedTests + (numFailedTests === 0 ? numFailedTestSuites : 0),
        skipped: numPendingTests,
      },
    };
  },
});

/** Of each test that failed: where it is, its name, what was wrong. */
const failures = [];

/** A sentence for each engine that is not here. */
const notTested = [];
const suites = [
  vitest("vitest.config.ts", "node"),
  {
    name: "browser",
    command: "wtr",
    args: ["--config", "test/web-test-runner.config.js"],
    read({ engines, missing, failed }) {
      failures.push(...failed);
      for (const { name, why } of missing) notTested.push(`${name} is not tested: ${why}`);
      return engines;
    },
  },
  vitest("vitest.e2e.config.ts", "e2e"),
];

const total = { passed: 0, failed: 0, skipped: 0 };
for (const { name, command, args, folder, read } of suites) {
  console.log(`\n> ${command} (${name})`);
  const summaryFile = `${results}/${name}.json`;
  const status = runTool(command, args, { folder, env: { SUMMARY_FILE: summaryFile } });
  const parts = existsSync(summaryFile) ? read(JSON.parse(readFileSync(summaryFile, "utf8"))) : {};
  // A runner that broke without a failed test has failed all the same.
  if (status !== 0 && Object.values(parts).every(({ failed }) => failed === 0)) {
    parts[`${name}, the runner`] = { passed: 0, failed: 1, skipped: 0 };
  }
  for (const [part, counts] of Object.entries(parts)) {
    console.log(`${part}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} left out`);
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
}

for (const [place, ...told] of failures) {
  console.log(
    `\nFailed: ${place.replace(root, "")}\n  ${told.join("\n").slice(0, 1_500).replaceAll("\n", "\n  ")}`,
  );
}
for (const sentence of notTested) console.log(`\n${sentence}`);
if (total.skipped > 0) console.log(`\n${total.skipped} left out, for the reasons above`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
