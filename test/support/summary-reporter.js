import { writeFileSync } from "node:fs";

/**
 * Names the tests of @web/test-runner that were left out, and the engines that are not here; to the file that
 * SUMMARY_FILE names it writes, as JSON, how many tests passed and failed in each engine, and what failed.
 *
 * @param {readonly { name: string, why: string }[]} missing
 */
export function summaryReporter(missing) {
  return {
    stop({ sessions }) {
      const engines = {};
      const failed = [];
      for (const { browser, testFile, testResults, passed, errors } of sessions) {
        engines[browser.name] ??= { passed: 0, failed: 0, skipped: 0 };
        const counts = engines[browser.name];
        for (const { path, test } of testsOf(testResults)) {
          counts[test.skipped ? "skipped" : test.passed ? "passed" : "failed"]++;
          if (test.skipped) console.log(`${browser.name} left out: ${path.join(" > ")}`);
          else if (!test.passed) failed.push([testFile, browser.name, path.join(" > "), told(test.error)]);
        }
        if (!passed && errors.length > 0) {
          counts.failed++;
          failed.push([testFile, browser.name, ...errors.map(told)]);
        }
      }
      for (const { name, why } of missing) console.log(`${name} is not tested: ${why}`);
      const file = process.env.SUMMARY_FILE;
      if (file) writeFileSync(file, JSON.stringify({ engines, missing, failed }));
    },
  };
}

const told = (error) => [error?.message, error?.stack].filter(Boolean).join("\n");

function* testsOf(suite, path = []) {
  for (const test of suite?.tests ?? []) yield { test, path: [...path, test.name] };
  for (const inner of suite?.suites ?? []) yield* testsOf(inner, inner.name ? [...path, inner.name] : path);
}
