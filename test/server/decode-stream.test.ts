import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type DialectMessage, type DialectPart, dialects } from "@ai-progress-stream/protocol/dialects";
import type { StreamDialect } from "@ai-progress-stream/server";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { StreamDecoder } from "../../packages/server/src/upstream/decode-stream.js";
import { cutAnywhere, text } from "../support/arbitraries.js";
import { decodeStream, joinText } from "../support/decode-stream.js";

afterEach(() => void vi.restoreAllMocks());

/** Counts the characters in which something is looked for, from here on. */
function countSearched(): () => number {
  let searched = 0;
  for (const name of ["split", "indexOf"] as const) {
    const search: (...args: unknown[]) => unknown = String.prototype[name] as never;
    vi.spyOn(String.prototype, name).mockImplementation(function (this: string, ...args: unknown[]) {
      searched += this.length;
      return search.apply(this, args) as never;
    });
  }
  return () => searched;
}

const content = "x".repeat(20_000);

test.each([
  ["NDJSON", dialects.ollama, `${JSON.stringify({ message: { content } })}\n{"done":true}\n`],
  [
    "SSE",
    dialects["openai-chat"],
    `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\ndata: [DONE]\n\n`,
  ],
])(
  "a long line of %s that comes byte by byte is whole, at a cost that grows with its length",
  (_, dialect, stream) => {
    let text = "";
    const decoder = new StreamDecoder(dialect, 1_000_000, (parts) => {
      for (const part of parts) if (part.type === "text") text += part.delta;
    });
    const bytes = Buffer.from(stream);
    const searched = countSearched();
    for (let at = 0; at < bytes.length; at++) decoder.feed(bytes.subarray(at, at + 1));
    decoder.end();
    const characters = searched();
    vi.restoreAllMocks();
    expect(text).toBe(content);
    // The line itself is looked at again as JSON and as text; by its pieces it would be looked at 10,000 times.
    expect(characters).toBeLessThan(10 * stream.length);
  },
);

/** Bytes of heap that are held, after a collection. */
function heapHeld(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

describe("frames that repeat but for their text", () => {
  const dialect = dialects["openai-chat"];

  test("are not kept by who keeps their texts", () => {
    const texts: string[] = [];
    const decoder = new StreamDecoder(dialect, 1_000_000, (parts) => {
      for (const part of parts) if (part.type === "text") texts.push(part.delta);
    });
    const padding = "x".repeat(2_000);
    const before = heapHeld();
    for (let n = 0; n < 10_000; n++) {
      const choices = [{ delta: { content: `a piece of text, number ${n}` } }];
      decoder.feed(Buffer.from(`data: ${JSON.stringify({ padding, choices })}\n\n`));
    }
    expect(texts).toHaveLength(10_000);
    expect(heapHeld() - before).toBeLessThan(4_000_000);
  });

  function decode(chunks: readonly Uint8Array[], spoken: StreamDialect = dialect) {
    const parse = vi.spyOn(JSON, "parse");
    const parts: DialectPart[] = [];
    const decoder = new StreamDecoder(spoken, 1_000_000, (news) => parts.push(...news));
    for (const chunk of chunks) decoder.feed(Buffer.from(chunk));
    decoder.end();
    const calls = parse.mock.calls.length;
    parse.mockRestore();
    return { parts: joinText(parts), calls };
  }

  const frame = (content: string, model: string) =>
    `data: ${JSON.stringify({ model, choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

  test("are decoded once, and their text is all there", () => {
    const words = Array.from({ length: 1_000 }, (_, index) => `w\u00f6rd${index} `);
    const stream = Buffer.from(`${words.map((word) => frame(word, "m")).join("")}data: [DONE]\n\n`);
    const { parts, calls } = decode([stream]);
    expect(parts[0]).toEqual({ type: "text", delta: words.join("") });
    expect(calls).toBe(1);
  });

  const escaped = (k: string) => `data: {"k":"${k}","choices":[{"delta":{"content":"\\u0041"}}]}\n\n`;
  const reasoned = `data: ${JSON.stringify({ choices: [{ delta: { reasoning: "r" } }] })}\n\n`;
  const inOne = (first: string, second: string) =>
    frame(first, "m").replace("\n\n", "\r\r") + frame(second, "m");

  test.each([
    ["has its text elsewhere as well", frame("m", "m") + frame("m", "n"), "mm"],
    ["has its text elsewhere, unescaped", escaped("A") + escaped("B"), "AA"],
    ["has none", frame("a", "m") + frame("", "m") + reasoned + frame("b", "m"), "a"],
    ["holds two messages", inOne("a", "b") + inOne("a", "c"), "abac"],
  ])("are none where one %s", (_, stream, expected) => {
    const { parts } = decode([Buffer.from(stream)]);
    expect(parts[0]).toEqual({ type: "text", delta: expected });
    expect(parts).toEqual(joinText(decodeStream(dialect, [Buffer.from(stream)])));
  });

  const cumulative = (content: string) =>
    `data: ${JSON.stringify({ choices: [{ message: { content } }] })}\n\n`;
  const withTool = (content: string) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content, tool_calls: [{ index: 0, function: { arguments: "1" } }] } }] })}\n\n`;

  test.each([
    ["is a whole answer so far", cumulative("Hel") + cumulative("Hello") + cumulative("Hello world")],
    ["holds a piece of a tool call", withTool("a") + withTool("b") + withTool("c")],
  ])("are none where each %s", (_, stream) => {
    const bytes = Buffer.from(`${stream}data: [DONE]\n\n`);
    expect(decode([bytes]).parts).toEqual(joinText(decodeStream(dialect, [bytes])));
  });

  test("are each shown to a decoder that is not ours as it is", () => {
    let seen = 0;
    const wrapped: StreamDialect = {
      ...dialect,
      createDecoder() {
        const decoder = dialect.createDecoder();
        const decode = (message: DialectMessage) => {
          seen++;
          return decoder.decode(message);
        };
        return { ...decoder, decode };
      },
    };
    decode([Buffer.from(frame("a", "m").repeat(10))], wrapped);
    expect(seen).toBe(10);
  });

  const oddFrame = fc.oneof(
    // The text stands elsewhere too, or only its escaped form does.
    fc.constantFrom("m", "ab", '"', "\\").map((content) => frame(content, content)),
    text.map((content) => frame(content, "m").replaceAll("\n", "\r\n")),
    text.map((content) => frame(content, "m").replace("\n\n", "\r\r") + frame("b", "m")),
    fc.constant('data: {"k":"A","choices":[{"delta":{"content":"\\u0041"}}]}\n\n'),
    fc.constant('data: {"k":"B","choices":[{"delta":{"content":"\\u0041"}}]}\n\n'),
    fc.constantFrom(
      ": hello\n\n",
      "\n",
      "nonsense\n\n",
      'data: {"choices":[{"delta":{"content":"a\nb"}}]}\n\n',
    ),
    text.map((reasoning) => `data: ${JSON.stringify({ choices: [{ delta: { reasoning } }] })}\n\n`),
  );
  const frames = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: text.map((content) => frame(content, "m")) },
      { weight: 1, arbitrary: oddFrame },
    ),
    { maxLength: 30 },
  );

  test("and others among them, cut anywhere, come out as if each were decoded", () => {
    const stream = frames.map((all) => [...Buffer.from(`${all.join("")}data: [DONE]\n\n`)]);
    fc.assert(
      fc.property(
        stream.chain((bytes) => cutAnywhere(bytes)),
        (chunks) => {
          const pieces = chunks.map((chunk) => Uint8Array.from(chunk));
          expect(decode(pieces).parts).toEqual(joinText(decodeStream(dialect, pieces)));
        },
      ),
      { numRuns: 300 },
    );
  });
});
