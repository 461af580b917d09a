import { cohereDialect, detectDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(cohereDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const content = (fields: object) => ({
  type: "content-delta",
  index: 0,
  delta: { message: { content: fields } },
});
const end = (finish_reason: string, more: object = {}) => ({
  type: "message-end",
  delta: { finish_reason, ...more },
});

test("reads text and thinking to message-end, with the counts of all tokens and not of the billed", () => {
  const usage = { tokens: { input_tokens: 3, output_tokens: 5 }, billed_units: { input_tokens: 1 } };
  const parts = [content({ thinking: "hm" }), content({ text: "a" }), end("COMPLETE", { usage }), "[DONE]"];
  expect(outcome(...parts)).toMatchObject({
    text: "a",
    reasoning: "hm",
    finish: "COMPLETE",
    usage: { inputTokens: 3, outputTokens: 5 },
    isDone: true,
  });
});

test("reads tool calls out of what is an object despite its name, and the plan apart from the text", () => {
  const call = (type: string, tool_calls: object) => ({ type, index: 0, delta: { message: { tool_calls } } });
  const parts = decode(
    { type: "tool-plan-delta", delta: { message: { tool_plan: "I will add." } } },
    call("tool-call-start", { id: "c1", function: { name: "sum", arguments: "" } }),
    call("tool-call-delta", { function: { arguments: '{"a":1}' } }),
    { type: "tool-call-end", index: 0 },
    end("TOOL_CALL"),
  );
  expect(outcomeOf(parts)).toMatchObject({
    text: "",
    tools: [{ id: "c1", name: "sum", arguments: '{"a":1}' }],
  });
  expect(parts).toContainEqual({ type: "custom", name: "tool-plan", value: "I will add." });
});

describe("the end", () => {
  test.each([
    ["STOP_SEQUENCE", "stop"],
    ["MAX_TOKENS", "length"],
    ["ERROR_TOXIC", "content_filter"],
  ])("by %s is a finish by %s", (raw, reason) => {
    expect(decode(end(raw))).toContainEqual({ type: "finish", reason, raw });
  });
  test("by ERROR or TIMEOUT is a failure", () => {
    expect(outcome(end("ERROR"))).toMatchObject({ error: "upstream_rejected", isDone: false });
    expect(outcome(end("TIMEOUT"))).toMatchObject({ error: "upstream_timeout", isDone: false });
  });
  test("is a truncation without message-end", () => {
    expect(outcome(content({ text: "a" })).error).toBe("upstream_truncated");
  });
  test("is a failure where the body was an error", () => {
    expect(outcome({ id: "x", message: "too many tokens" }).error).toBe("upstream_rejected");
  });
});

test("an answer that was not streamed is read whole", () => {
  const call = { id: "c1", type: "function", function: { name: "sum", arguments: "{}" } };
  const answer = (message: object, finish_reason: string) => ({
    id: "a",
    finish_reason,
    message: { role: "assistant", ...message },
    usage: { tokens: { input_tokens: 3, output_tokens: 5 } },
  });
  const content = [
    { type: "thinking", thinking: "hm" },
    { type: "text", text: "Hi" },
  ];
  expect(outcome(answer({ content }, "COMPLETE"))).toMatchObject({
    text: "Hi",
    reasoning: "hm",
    usage: { inputTokens: 3, outputTokens: 5 },
    isDone: true,
  });
  expect(outcome(answer({ tool_calls: [call] }, "TOOL_CALL")).tools).toEqual([
    { id: "c1", name: "sum", arguments: "{}" },
  ]);
  const firstMessage = { data: JSON.stringify(answer({ content }, "COMPLETE")) };
  expect(detectDialect({ firstMessage })).toBe("cohere");
});
