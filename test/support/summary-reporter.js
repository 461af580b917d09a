import { writeFileSync } from "node:fs";

/** Writes how many tests of @web/test-runner passed and failed to the file that SUMMARY_FILE names. */
export function summaryReporter() {
  return {
    onTestRunFinished({ sessions }) {
      const file = process.env.SUMMARY_FILE;
      if (!file) return;
      const counts = { passed: 0, failed: 0, skipped: 0 };
      for (const session of sessions) {
        count(session.testResults, counts);
        if (!session.passed && session.errors.length > 0) counts.failed++;
      }
      writeFileSync(file, JSON.stringify(counts));
    },
  };
}

function count(suite, counts) {
  for (const test of suite?.tests ?? [])
    counts[test.skipped ? "skipped" : test.passed ? "passed" : "failed"]++;
  for (const inner of suite?.suites ?? []) count(inner, counts);
}
