import { dialects } from "@ai-progress-stream/protocol/dialects";
import fc from "fast-check";
import { expect, test } from "vitest";

/** What could be mistaken for structure, or needs escapes, or is the name of a key. */
const tricky = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "delta",
    "content",
    "index",
    '"',
    "\\",
    '","',
    "\n",
    "\u2028",
    "}",
    '"}}]}',
    "role",
    "a",
    "",
  ),
);

const chunk = (content: string, index: number): string =>
  index % 5 === 4
    ? JSON.stringify({ choices: [{ index: 0, delta: { content } }], created: index })
    : JSON.stringify({ id: "x", choices: [{ index: 0, delta: { content }, finish_reason: null }] });

test("whatever the texts are, those that are cut out are those that the parser would have given", () => {
  fc.assert(
    fc.property(fc.array(tricky, { maxLength: 30 }), (contents) => {
      const decoder = dialects["openai-chat"].createDecoder();
      const parts = contents.flatMap((content, index) => decoder.decode({ data: chunk(content, index) }));
      expect(parts).toEqual(contents.filter(Boolean).map((delta) => ({ type: "text", delta })));
    }),
  );
});

test("a chunk that differs in more than its text is parsed", () => {
  const decoder = dialects["openai-chat"].createDecoder();
  const decode = (fields: object) =>
    decoder.decode({
      data: JSON.stringify({ choices: [{ index: 0, delta: { content: "ab" }, ...fields }] }),
    });
  expect(decode({})).toEqual([{ type: "text", delta: "ab" }]);
  expect(decode({ finish_reason: "stop" })).toContainEqual({ type: "finish", reason: "stop", raw: "stop" });
  expect(decode({ index: 1 })).toEqual([]);
  expect(decoder.decode({ data: '{"choices":[{"index":0,"delta":{"content":null}}]}' })).toEqual([]);
});

test("a key that looks like the text is not taken for it", () => {
  const decoder = dialects["openai-chat"].createDecoder();
  const data = (key: string) => `{"${key}":1,"choices":[{"index":0,"delta":{"content":"\\u0078yz"}}]}`;
  expect(decoder.decode({ data: data("xyz") })).toEqual([{ type: "text", delta: "xyz" }]);
  expect(decoder.decode({ data: data("abc") })).toEqual([{ type: "text", delta: "xyz" }]);
});
