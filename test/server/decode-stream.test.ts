import { dialects } from "@ai-progress-stream/protocol/dialects";
import { afterEach, expect, test, vi } from "vitest";
import { createStreamDecoder } from "../../packages/server/src/upstream/decode-stream.js";

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
    const decoder = createStreamDecoder(dialect, 1_000_000, (parts) => {
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
