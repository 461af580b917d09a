import { readFileSync } from "node:fs";
import { errorDescriptions } from "@ai-progress-stream/protocol";
import { expect, test } from "vitest";

const specification = readFileSync(new URL("../../packages/protocol/PROTOCOL.md", import.meta.url), "utf8");

test("PROTOCOL.md tells each code with its sentence, and whether trying again makes sense", () => {
  const rows = Object.entries(errorDescriptions).map(
    ([code, { message, retryable }]) => `| \`${code}\` | ${message} | ${retryable ? "yes" : "no"} |`,
  );
  const [, section = ""] = /## 5\. Error codes\n([\s\S]*?)\n## /.exec(specification) ?? [];
  expect(section.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
});
