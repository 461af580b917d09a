import { anthropicDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, decodeText, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(anthropicDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const delta = (fields: object, index = 0) => ({ type: "content_block_delta", index, delta: fields });
const text = (value: string) => delta({ type: "text_delta", text: value });
const stop = { type: "message_stop" };

test("reads text and thinking from the blocks, whatever the event is called", () => {
  const thinking = delta({ type: "thinking_delta", thinking: "hm" });
  const signature = delta({ type: "signature_delta", signature: "Eq" });
  expect(outcome({ type: "ping" }, thinking, signature, ["completion", text("a")], stop)).toMatchObject({
    text: "a",
    reasoning: "hm",
    isDone: true,
  });
});

test("texts stand a blank line apart where a tool was used between them, and share a sentence where none was", () => {
  const block = (index: number, content_block: object) => ({
    type: "content_block_start",
    index,
    content_block,
  });
  const written = (index: number, value: string) => [
    block(index, { type: "text", text: "" }),
    delta({ type: "text_delta", text: value }, index),
  ];
  const search = [
    block(1, { type: "server_tool_use", id: "s", name: "web_search" }),
    block(2, { type: "web_search_tool_result", tool_use_id: "s", content: [] }),
  ];
  expect(
    outcome(...written(0, "Let me look."), ...search, ...written(3, "It is "), ...written(4, "7."), stop)
      .text,
  ).toBe("Let me look.\n\nIt is 7.");
  expect(outcome(...search, ...written(3, "It is 7."), stop).text).toBe("It is 7.");
  for (const [first, second] of [
    ["Let me look.\n\n", "It is 7."],
    ["Let me look.", "\n\nIt is 7."],
    ["Let me look.\n", "\nIt is 7."],
  ] as const) {
    const messages = [...written(0, first), ...search, ...written(3, second)];
    expect(outcome(...messages, stop).text).toBe("Let me look.\n\nIt is 7.");
  }
  const both = [...written(0, "Look.\n\n"), ...search, ...written(3, "\n\nIt is"), text("\n\n7.")];
  expect(outcome(...both, stop).text).toBe("Look.\n\n\n\nIt is\n\n7.");
});

test("thoughts stand a blank line apart", () => {
  const thought = (index: number, thinking: string) => [
    { type: "content_block_start", index, content_block: { type: "thinking", thinking: "" } },
    delta({ type: "thinking_delta", thinking }, index),
  ];
  const thoughts = [...thought(0, "I should search."), ...thought(2, "The results show.")];
  expect(outcome(...thoughts, stop).reasoning).toBe("I should search.\n\nThe results show.");
});

test("counts the whole prompt, what a cache took included, and the output as it grows", () => {
  const start = {
    type: "message_start",
    message: {
      usage: {
        input_tokens: 3,
        cache_read_input_tokens: 10,
        cache_creation_input_tokens: 5,
        output_tokens: 1,
      },
    },
  };
  const end = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 40 } };
  expect(outcome(start, text("a"), end, stop)).toMatchObject({
    usage: { inputTokens: 18, cachedInputTokens: 10, outputTokens: 40 },
    finish: "end_turn",
  });
});

test.each([
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
  ["pause_turn", "other"],
])("stop reason %s is %s", (raw, reason) => {
  const parts = decode({ type: "message_delta", delta: { stop_reason: raw } }, stop);
  expect(parts).toEqual([{ type: "finish", reason, raw }, { type: "done" }]);
});

describe("tool calls", () => {
  const begin = (index: number, block: object) => ({
    type: "content_block_start",
    index,
    content_block: block,
  });
  const end = (index: number) => ({ type: "content_block_stop", index });
  test("are whole with their block", () => {
    const parts = decode(
      begin(0, { type: "tool_use", id: "t1", name: "sum", input: {} }),
      delta({ type: "input_json_delta", partial_json: '{"a"' }),
      delta({ type: "input_json_delta", partial_json: ":1}" }),
      end(0),
      stop,
    );
    expect(parts).toEqual([
      { type: "stage", stage: "tool:t1", status: "running", label: "sum", weight: 0 },
      { type: "custom", name: "tool-call", value: { id: "t1", name: "sum", arguments: '{"a":1}' } },
      { type: "stage", stage: "tool:t1", status: "done" },
      { type: "done" },
    ]);
  });
  test("that Anthropic runs last until their result", () => {
    const call = begin(0, { type: "server_tool_use", id: "s1", name: "web_search", input: {} });
    const result = begin(1, { type: "web_search_tool_result", tool_use_id: "s1", content: [] });
    expect(decode(call, end(0)).filter((part) => part.type === "stage")).toHaveLength(1);
    expect(decode(call, end(0), result)).toContainEqual({ type: "stage", stage: "tool:s1", status: "done" });
  });
});

describe("the end", () => {
  test("is message_stop: a stop reason alone is a truncation", () => {
    const parts = decode(text("a"), { type: "message_delta", delta: { stop_reason: "end_turn" } });
    expect(outcomeOf(parts).error).toBe("upstream_truncated");
  });
  test("counts also without the blank line that closes it", () => {
    const bytes = `data: ${JSON.stringify(text("a"))}\n\nevent: message_stop\ndata: {"type":"message_stop"}`;
    expect(outcomeOf(decodeText(anthropicDialect, bytes))).toMatchObject({ text: "a", isDone: true });
  });
});

test.each([
  ["overloaded_error", "overloaded"],
  ["rate_limit_error", "rate_limited"],
  ["api_error", "upstream_unavailable"],
  ["authentication_error", "upstream_rejected"],
  ["billing_error", "quota_exceeded"],
])("an error of type %s, even as the first event, is %s", (type, code) => {
  const event = { type: "error", error: { type, message: "…" } };
  expect(outcome(["error", event]).error).toBe(code);
  expect(outcome(event).error).toBe(code);
});

test("an answer that was not streamed is read whole", () => {
  const body = {
    type: "message",
    content: [
      { type: "thinking", thinking: "hm", signature: "x" },
      { type: "text", text: "Hi" },
      { type: "tool_use", id: "t1", name: "sum", input: { a: 1 } },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 1, output_tokens: 2 },
  };
  expect(outcomeOf(anthropicDialect.decodeJson?.(body) ?? [])).toMatchObject({
    text: "Hi",
    reasoning: "hm",
    finish: "tool_use",
    usage: { inputTokens: 1, outputTokens: 2 },
    tools: [{ id: "t1", name: "sum", arguments: { a: 1 } }],
    isDone: true,
  });
});
