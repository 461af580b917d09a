import { ollamaDialect } from "@ai-progress-stream/protocol/dialects";
import { expect, test } from "vitest";
import { decodeMessages, decodeText, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const outcome = (...messages: TestMessage[]) => outcomeOf(decodeMessages(ollamaDialect, messages));
const done = { done: true, done_reason: "stop", prompt_eval_count: 3, eval_count: 5 };

test("reads the lines of a chat, thoughts apart, to the line that is done", () => {
  const lines = [
    { message: { thinking: "hm", content: "" } },
    { message: { content: "a" }, done: false },
    done,
  ];
  const bytes = lines.map((line) => JSON.stringify(line)).join("\n");
  expect(outcomeOf(decodeText(ollamaDialect, bytes))).toMatchObject({
    text: "a",
    reasoning: "hm",
    finish: "stop",
    usage: { inputTokens: 3, outputTokens: 5 },
    isDone: true,
  });
});

test("reads the lines of a generation", () => {
  expect(outcome({ response: "a" }, { response: "b", done: false }, { ...done, response: "" }).text).toBe(
    "ab",
  );
});

test("reads tool calls, which come whole", () => {
  const call = { function: { name: "sum", arguments: { a: 1 } } };
  const parts = decodeMessages(ollamaDialect, [{ message: { content: "", tool_calls: [call, call] } }, done]);
  expect(outcomeOf(parts).tools).toEqual([
    { id: "0", name: "sum", arguments: { a: 1 } },
    { id: "1", name: "sum", arguments: { a: 1 } },
  ]);
  expect(parts).toContainEqual({ type: "finish", reason: "tool_calls", raw: "stop" });
});

test("an error in the middle, at status 200, is an error", () => {
  expect(
    outcome({ response: "a" }, { error: "an error was encountered while running the model" }),
  ).toMatchObject({
    text: "a",
    error: "upstream_rejected",
    isDone: false,
  });
});

test("is truncated without the line that is done", () => {
  expect(outcome({ response: "a", done: false }).error).toBe("upstream_truncated");
});

test("takes no message that is a sentence for one of its own", () => {
  expect(outcome({ message: "Analyzing", progress: 10 }, { message: "Ready" }).error).toBe(
    "upstream_malformed",
  );
});

test("tells how far a model has been pulled", () => {
  const parts = decodeMessages(ollamaDialect, [
    { status: "pulling manifest" },
    { status: "pulling aa", digest: "aa", total: 100, completed: 50 },
    { status: "success" },
  ]);
  expect(parts).toEqual([
    { type: "progress", message: "pulling manifest" },
    { type: "progress", message: "pulling aa", completed: 50, total: 100, unit: "bytes" },
    { type: "progress", message: "success" },
    { type: "done" },
  ]);
});

test("an answer that was not streamed is read whole", () => {
  const parts = ollamaDialect.decodeJson?.({ message: { content: "Hi" }, ...done }) ?? [];
  expect(outcomeOf(parts)).toMatchObject({ text: "Hi", isDone: true });
});
