import { writeFileSync } from "node:fs";

/**
 * Tells of each engine how many tests of @web/test-runner passed and failed, and names those that were left out: to
 * a person, and as JSON to the file that SUMMARY_FILE names.
 *
 * @param {readonly { name: string, why: string }[]} missing engines that are not here
 */
export function summaryReporter(missing) {
  return {
    onTestRunFinished({ sessions }) {
      const engines = new Map();
      for (const { browser, testResults, passed, errors } of sessions) {
        const counts = engines.get(browser.name) ?? { passed: 0, failed: 0, skipped: 0, left: [] };
        engines.set(browser.name, counts);
        count(testResults, counts);
        if (!passed && errors.length > 0) counts.failed++;
      }
      for (const [name, { passed, failed, left }] of engines) {
        console.log(`${name}: ${passed} passed, ${failed} failed, ${left.length} left out`);
        for (const title of left) console.log(`  left out: ${title}`);
      }
      for (const { name, why } of missing) console.log(`Not tested in ${name}: ${why}`);
      const file = process.env.SUMMARY_FILE;
      if (file) writeFileSync(file, JSON.stringify({ engines: Object.fromEntries(engines), missing }));
    },
  };
}

function count(suite, counts, path = []) {
  for (const test of suite?.tests ?? []) {
    if (test.skipped) counts.left.push([...path, test.name].join(" > "));
    counts[test.skipped ? "skipped" : test.passed ? "passed" : "failed"]++;
  }
  for (const inner of suite?.suites ?? []) count(inner, counts, [...path, inner.name].filter(Boolean));
}
