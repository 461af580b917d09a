import { detectDialect, textDialect } from "@ai-progress-stream/protocol/dialects";
import { expect, test } from "vitest";
import { decodeMessages, outcomeOf } from "../../support/decode-stream.js";

const raw = (...pieces: string[]) => decodeMessages(textDialect, pieces);

test("each piece is text as it is, whatever it looks like", () => {
  const pieces = ["Hel", "lo", " ", "42", '{"a":1}', "null", "\n", "done"];
  expect(outcomeOf(raw(...pieces))).toMatchObject({ text: pieces.join(""), isDone: true });
});

test.each(["done", "end", "complete", "finish", "close"])(
  "is whole at the event %s, whose data is no text",
  (event) => {
    const decoder = textDialect.createDecoder();
    expect(decoder.decode({ event: "token", data: "a" })).toEqual([{ type: "text", delta: "a" }]);
    expect(decoder.decode({ event, data: "bye" })).toEqual([{ type: "done" }]);
    expect(decoder.end()).toEqual([]);
  },
);

test("is whole at [DONE], and at an end in order", () => {
  expect(outcomeOf(raw("a", "[DONE]", "b"))).toMatchObject({ text: "a", isDone: true });
  expect(outcomeOf(raw("a"))).toMatchObject({ text: "a", isDone: true });
});

test("an event of another name is no text", () => {
  const decoder = textDialect.createDecoder();
  expect(decoder.decode({ event: "ping", data: "2026-01-01" })).toEqual([]);
  expect(decoder.decode({ event: "status", data: "thinking" })).toEqual([]);
});

test("an answer without a text has failed, whatever it calls its end", () => {
  const failed = [expect.objectContaining({ type: "error" })];
  expect(textDialect.createDecoder().end()).toEqual(failed);
  expect(raw("[DONE]")).toEqual(failed);
  expect(textDialect.createDecoder().decode({ event: "done", data: "" })).toEqual(failed);
});

test.each(["failed", "failure", "run_error", "exception", "timeout", "cancelled", "aborted"])(
  "an event %s is no success",
  (event) => {
    const decoder = textDialect.createDecoder();
    decoder.decode({ data: "a" });
    expect([...decoder.decode({ event, data: "no more" }), ...decoder.end()]).toContainEqual(
      expect.objectContaining({ type: "error" }),
    );
  },
);

test("an error event is the end", () => {
  const decoder = textDialect.createDecoder();
  decoder.decode({ data: "a" });
  expect(decoder.decode({ event: "error", data: "no more" })).toMatchObject([{ type: "error" }]);
});

test("a whole answer is one where it is a string of JSON", () => {
  expect(textDialect.decodeJson?.("hello")).toEqual([{ type: "text", delta: "hello" }, { type: "done" }]);
  expect(textDialect.decodeJson?.({ error: "no" })).toBe(null);
});

test("is never told from a stream: a word may be a ping", () => {
  for (const data of ["hello", "ping", "42"]) {
    expect(detectDialect({ contentType: "text/event-stream", firstMessage: { data } })).toBe(null);
  }
});
