import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { autoDialect, createSession } from "@ai-progress-stream/element/client";
import { describe, expect, test } from "vitest";

/** As in recordings.test.ts: recorded bytes of real providers, skipped where they are missing. */
const root = path.resolve(import.meta.dirname, "../../..");
const fixtures = process.env["FIXTURES_DIR"] ?? path.resolve(root, "../shared/fixtures");

interface Expected {
  text: string;
  reasoning?: string;
  error?: unknown;
  complete?: boolean;
  ifFlushedAtEof?: Partial<Expected>;
}

const folders = existsSync(fixtures) ? readdirSync(fixtures, { withFileTypes: true }) : [];
const recordings = folders
  .filter((folder) => folder.isDirectory() && folder.name !== "errors")
  .flatMap(({ name }) =>
    readdirSync(path.join(fixtures, name))
      .filter((file) => file.endsWith(".expected.json"))
      .map((file) => `${name}/${file.slice(0, -".expected.json".length)}`),
  );

if (recordings.length === 0) {
  test.skip(`recorded streams are not at ${fixtures}: set FIXTURES_DIR to read them elsewhere`, () => {});
}

describe.each(recordings)("the recording %s", (name) => {
  const file = path.join(fixtures, name);
  const isSse = existsSync(`${file}.sse`);
  const bytes = readFileSync(`${file}${isSse ? ".sse" : ".ndjson"}`);
  const written: Expected = JSON.parse(readFileSync(`${file}.expected.json`, "utf8"));
  const expected = { ...written, ...written.ifFlushedAtEof };
  const isComplete = expected.error === undefined && expected.complete !== false;

  test("comes to its text and its end, though nobody says in which language it is", async () => {
    const session = createSession({ action: "https://example.org/", dialect: autoDialect });
    const headers = { "content-type": isSse ? "text/event-stream" : "application/x-ndjson" };
    const { state, error } = await session.consume(new Response(bytes, { headers }));
    expect(state.text).toBe(expected.text);
    // As in recordings.test.ts: the parts of OpenAI's thoughts stand a blank line apart.
    const titles = /^(openai-responses|ai-sdk-ui)\//.test(name) ? /(?<=[.!?])\*\*(?=[A-Z])/g : /(?!)/g;
    expect(state.reasoning).toBe((expected.reasoning ?? "").replaceAll(titles, "\n\n**"));
    expect(error).toBe(null);
    // Cut for its length or by a filter, a whole stream is no success either.
    const isCut = ["output_limit", "content_filtered"].includes(state.error?.code ?? "");
    expect(state.status === "succeeded" || isCut).toBe(isComplete);
  });
});
