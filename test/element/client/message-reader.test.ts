import type { SseMessage } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { createMessageReader, type Framing } from "../../../packages/element/src/client/message-stream.js";

/** What a reader makes of a text that comes in these pieces, as far as it gets. */
function readEach(framing: Framing, pieces: readonly string[], maxEventLength = 1_000_000) {
  const messages: SseMessage[] = [];
  const reader = createMessageReader(framing, maxEventLength, (message) => messages.push(message));
  for (const piece of pieces) reader.feed(piece);
  const { rest, unclosed } = reader.end();
  return { messages, rest: [...rest], unclosed: [...unclosed] };
}

/** The same by the parser that everybody uses, which knows a byte order mark only as bytes. */
function readByPeer(text: string) {
  const messages: SseMessage[] = [];
  const unclosed: SseMessage[] = [];
  const rest: string[] = [];
  let take = messages;
  const parser = createParser({
    onEvent: (message) => take.push(message),
    onError: ({ type, line = "" }) => {
      if (type === "unknown-field") rest.push(line);
    },
  });
  parser.feed(text.replace(/^\ufeff/, ""));
  take = unclosed;
  parser.feed("\n\n");
  return { messages, rest, unclosed };
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const word = fc.oneof(
  fc.constantFrom("", " ", "x", " y", ": z", "a:b", "\u2028", "\ud83d", "é", "{}", "\ufeff", "12", "\0"),
  fc.string({ maxLength: 6 }).map((text) => text.replace(/[\r\n]/g, "")),
);
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("data", "event", "id", "retry", "", "error", "__proto__"),
      fc.constantFrom("", ":", ": "),
      word,
    )
    .map(([name, colon, value]) => name + (colon && colon + value)),
  word,
  fc.constant(""),
);
const stream = fc
  .array(fc.tuple(line, lineEnd), { maxLength: 14 })
  .chain((lines) =>
    fc.tuple(fc.constant(lines.map((pair) => pair.join("")).join("")), fc.constantFrom("", "\ufeff"), line),
  )
  // At a CR in the end the peer still waits for what may follow it.
  .map(([lines, mark, last]) => (mark + lines + last).replace(/\r$/, "\r\n"));

function cut(text: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => text.slice(from, at[index]));
}

describe("the reader of messages", () => {
  it("reads every stream, however it is cut, as eventsource-parser does", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 8 }), (text, places) => {
        expect(readEach("sse", cut(text, places))).to.deep.equal(readByPeer(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("ends a line by a CR at once, and takes the LF behind it in the next piece for its other half", () => {
    const { messages } = readEach("sse", ["data: a\r", "\ndata: b\r\n\r", "\n", "data: c\r", "\r"]);
    expect(messages.map(({ data }) => data)).to.deep.equal(["a\nb", "c"]);
  });

  it("reads lines of JSON, and JSON as a whole, in any pieces", () => {
    const { messages } = readEach("ndjson", ['{"a":', '1}\r\n\n{"b"', ":2}\n{}"]);
    expect(messages).to.deep.equal([{ data: '{"a":1}\r' }, { data: '{"b":2}' }]);
    expect(readEach("json", ['{\n"a":', "\n1}\n"]).unclosed).to.deep.equal([{ data: '{\n"a":\n1}\n' }]);
  });

  it("refuses an event that is too long: in one line, in many, in one piece, in many", () => {
    const message = "an event that is too long";
    const long = `data: ${"x".repeat(60)}\n`;
    for (const [framing, pieces] of [
      ["sse", [long.repeat(3)]],
      ["sse", [long, long, long]],
      ["sse", ["data\n".repeat(101)]],
      ["sse", ["data: ", ...Array.from({ length: 20 }, () => "y".repeat(10))]],
      ["ndjson", ["z".repeat(101)]],
      ["json", ["z".repeat(60), "z".repeat(60)]],
    ] as const) {
      expect(() => readEach(framing, pieces, 100)).to.throw(message);
    }
    expect(readEach("sse", [`${long}\n`.repeat(3)], 100).messages).to.have.length(3);
  });
});
