import { writeFileSync } from "node:fs";

/**
 * Names the tests of @web/test-runner that were left out, and the engines that are not here; to the file that
 * SUMMARY_FILE names it writes, as JSON, how many tests passed and failed in each engine.
 *
 * @param {readonly { name: string, why: string }[]} missing
 */
export function summaryReporter(missing) {
  return {
    stop({ sessions }) {
      const engines = {};
      for (const { browser, testResults, passed, errors } of sessions) {
        engines[browser.name] ??= { passed: 0, failed: 0, skipped: 0 };
        const counts = engines[browser.name];
        for (const { path, test } of testsOf(testResults)) {
          counts[test.skipped ? "skipped" : test.passed ? "passed" : "failed"]++;
          if (test.skipped) console.log(`${browser.name} left out: ${path.join(" > ")}`);
        }
        if (!passed && errors.length > 0) counts.failed++;
      }
      for (const { name, why } of missing) console.log(`${name} is not tested: ${why}`);
      const file = process.env.SUMMARY_FILE;
      if (file) writeFileSync(file, JSON.stringify({ engines, missing }));
    },
  };
}

function* testsOf(suite, path = []) {
  for (const test of suite?.tests ?? []) yield { test, path: [...path, test.name] };
  for (const inner of suite?.suites ?? []) yield* testsOf(inner, inner.name ? [...path, inner.name] : path);
}
