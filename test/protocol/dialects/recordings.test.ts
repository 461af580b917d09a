import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  classifyUpstreamError,
  type Dialect,
  type DialectPart,
  dialects,
} from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { StreamDecoder } from "../../../packages/server/src/upstream/decode-stream.js";
import { decodeStream, joinText, outcomeOf } from "../../support/decode-stream.js";

/** Recorded bytes of real providers. They are no part of this repository: where they are missing, this is skipped. */
const root = path.resolve(import.meta.dirname, "../../..");
const fixtures = process.env["FIXTURES_DIR"] ?? path.resolve(root, "../shared/fixtures");

/** What a recording amounts to, as read by hand: only the fields that are compared. */
interface Expected {
  text: string;
  reasoning?: string;
  finishReason?: string;
  usage?: { inputTokens?: number; outputTokens?: number };
  error?: unknown;
  complete?: boolean;
  aborted?: boolean;
  ifFlushedAtEof?: Partial<Expected>;
  toolCalls?: { id?: string; name?: string; arguments?: unknown }[];
}

const folders: Readonly<Record<string, Dialect>> = {
  "openai-chat": dialects["openai-chat"],
  "openai-responses": dialects["openai-responses"],
  anthropic: dialects.anthropic,
  gemini: dialects.gemini,
  ollama: dialects.ollama,
  "ai-sdk-ui": dialects["ai-sdk"],
  "ag-ui": dialects["ag-ui"],
  cohere: dialects.cohere,
  langgraph: dialects.langgraph,
};

const recordings = Object.keys(folders)
  .filter((folder) => existsSync(path.join(fixtures, folder)))
  .flatMap((folder) =>
    readdirSync(path.join(fixtures, folder))
      .filter((file) => file.endsWith(".expected.json"))
      .map((file) => `${folder}/${file.slice(0, -".expected.json".length)}`),
  );

if (recordings.length === 0) {
  console.warn("Left out: the recorded streams of providers. They are no part of this repository.");
  test.skip(`recorded streams are not at ${fixtures}: set FIXTURES_DIR to read them elsewhere`, () => {});
}

describe.each(recordings)("the recording %s", (name) => {
  const file = path.join(fixtures, name);
  const dialect = folders[path.dirname(name)] as Dialect;
  const bytes = readFileSync(`${file}${dialect.framing === "sse" ? ".sse" : ".ndjson"}`);
  const written: Expected = JSON.parse(readFileSync(`${file}.expected.json`, "utf8"));
  const expected = { ...written, ...written.ifFlushedAtEof };
  const whole = decodeStream(dialect, [bytes]);

  test("gives the text, the reasoning, the usage and the end that were recorded", () => {
    const outcome = outcomeOf(whole);
    expect(outcome.text).toBe(expected.text);
    const reasoning = expected.reasoning ?? "";
    expect(outcome.reasoning).toBe(
      /^(openai-responses|ai-sdk-ui)\//.test(name) ? apart(reasoning) : reasoning,
    );
    const { inputTokens, outputTokens } = outcome.usage ?? {};
    if (expected.usage) expect({ inputTokens, outputTokens }).toEqual(expected.usage);
    const isComplete = expected.error === undefined && expected.complete !== false;
    expect({ isDone: outcome.isDone, hasError: outcome.error !== null }).toEqual({
      isDone: isComplete,
      hasError: !isComplete,
    });
    if (expected.finishReason && isComplete) expect(outcome.finish).toBe(expected.finishReason);
    const named = expected.toolCalls?.filter((call) => call.name !== undefined);
    if (named && named.length > 0) {
      expect(outcome.tools).toEqual(
        named.map(({ id, name, arguments: written }) => ({ id, name, arguments: written })),
      );
    }
  });

  test("gives the same parts however its bytes are cut", () => {
    const read = receive(dialect, [bytes]);
    const asDecoded = joinText(whole);
    expect(read).toEqual(asDecoded.slice(0, read.length));
    expect(receive(dialect, each(bytes))).toEqual(read);
    for (let seed = 1; seed <= 5; seed++) expect(receive(dialect, cut(bytes, seed))).toEqual(read);
  });
});

const refusals = existsSync(path.join(fixtures, "errors")) ? readdirSync(path.join(fixtures, "errors")) : [];

describe.each(refusals)("the recorded refusal %s", (name) => {
  const { status, body, headers } = JSON.parse(readFileSync(path.join(fixtures, "errors", name), "utf8")) as {
    status: number;
    body: string;
    headers: Record<string, string>;
  };

  test("is retried only where waiting helps, and keeps the words for the log", () => {
    const answer = { status, body, headers: (header: string) => headers[header] ?? null };
    const classified = classifyUpstreamError(answer);
    expect(classified).toMatchObject(
      status === 429
        ? { code: "rate_limited", retryable: true }
        : { code: "upstream_rejected", retryable: false },
    );
    expect(classified.detail).toMatch(new RegExp(`^${status} .{5}`));
  });
});

/** The parts of OpenAI's thoughts begin with a title. What was read by hand joins them; here they stand apart. */
const apart = (reasoning: string): string => reasoning.replaceAll(/(?<=[.!?])\*\*(?=[A-Z])/g, "\n\n**");

/** As the server reads it: to its terminal marker. */
function receive(dialect: Dialect, chunks: Iterable<Uint8Array>): DialectPart[] {
  const parts: DialectPart[] = [];
  const decoder = new StreamDecoder(dialect, 1_000_000, (news) => parts.push(...news));
  for (const chunk of chunks) decoder.feed(Buffer.from(chunk));
  decoder.end();
  return joinText(parts);
}

function* each(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

/** Pieces of 1 to 400 bytes, the same for the same seed. */
function* cut(bytes: Uint8Array, seed: number): Generator<Uint8Array> {
  let state = seed;
  for (let at = 0; at < bytes.length; ) {
    state = (state * 48_271) % 2_147_483_647;
    const end = at + 1 + (state % 400);
    yield bytes.subarray(at, end);
    at = end;
  }
}
