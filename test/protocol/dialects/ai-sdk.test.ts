import { aiSdkDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(aiSdkDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const text = (delta: string) => ({ type: "text-delta", id: "0", delta });
const finish = { type: "finish", finishReason: "stop" };

test("reads text and reasoning to [DONE]", () => {
  const reasoning = { type: "reasoning-delta", id: "r", delta: "hm" };
  expect(outcome({ type: "start" }, reasoning, text("a"), text("b"), finish, "[DONE]")).toMatchObject({
    text: "ab",
    reasoning: "hm",
    finish: "stop",
    isDone: true,
  });
});

test("a step that is started anew takes back what it had written", () => {
  const step = { type: "start-step" };
  expect(outcome(step, text("a"), step, text("draft"), { type: "reset-step" }, text("b"), finish).text).toBe(
    "ab",
  );
});

test("each part of the reasoning is a paragraph of its own", () => {
  const part = (id: string, delta: string) => [
    { type: "reasoning-start", id },
    { type: "reasoning-delta", id, delta },
    { type: "reasoning-end", id },
  ];
  const parts = [...part("rs:0", "**Looking**\n\nIt is there."), ...part("rs:1", "**Counting**\n\nOne.")];
  expect(outcome({ type: "start-step" }, ...parts, text("1"), finish).reasoning).toBe(
    "**Looking**\n\nIt is there.\n\n**Counting**\n\nOne.",
  );
});

describe("two parts of the text", () => {
  const part = (id: string, delta: string) => [
    { type: "text-start", id },
    { type: "text-delta", id, delta },
    { type: "text-end", id },
  ];
  const step = { type: "start-step" };
  const tool = { type: "tool-input-available", toolCallId: "t", toolName: "x", input: {} };
  const output = { type: "tool-output-available", toolCallId: "t", output: 1 };
  test.each([
    ["steps", [step, ...part("1", "Let me look."), { type: "finish-step" }, step, ...part("2", "It is 7.")]],
    ["steps of one name", [step, ...part("1", "Let me look."), step, ...part("1", "It is 7.")]],
    ["a tool", [step, ...part("1", "Let me look."), tool, output, ...part("2", "It is 7.")]],
  ])("stand a blank line apart where %s lie between them", (_name, messages) => {
    expect(outcome(...messages, finish).text).toBe("Let me look.\n\nIt is 7.");
  });
  test("are one sentence where nothing lies between them", () => {
    expect(outcome(step, ...part("1", "It is "), ...part("2", "7."), finish).text).toBe("It is 7.");
  });
  test("stand apart by their own line breaks", () => {
    const messages = [step, ...part("1", "a\n"), step, ...part("2", "\nb")];
    expect(outcome(...messages, finish).text).toBe("a\n\nb");
  });
  test("stand apart in a step that is started anew", () => {
    const messages = [step, ...part("1", "a"), step, ...part("2", "draft"), { type: "reset-step" }];
    expect(outcome(...messages, ...part("3", "b"), finish).text).toBe("a\n\nb");
    expect(outcome(step, ...part("1", "draft"), { type: "reset-step" }, ...part("2", "b"), finish).text).toBe(
      "b",
    );
  });
});

test("counts are read from the message's metadata", () => {
  const totalUsage = { inputTokens: 3, outputTokens: 5, outputTokenDetails: { reasoningTokens: 2 } };
  expect(outcome({ ...finish, messageMetadata: { totalUsage } }).usage).toEqual({
    inputTokens: 3,
    outputTokens: 5,
    reasoningTokens: 2,
  });
});

describe("tools", () => {
  const start = { type: "tool-input-start", toolCallId: "c1", toolName: "sum" };
  const available = { type: "tool-input-available", toolCallId: "c1", toolName: "sum", input: { a: 1 } };
  const output = { type: "tool-output-available", toolCallId: "c1", output: 2 };
  test("are a stage until their output is there, and a part when their input is whole", () => {
    const fragment = { type: "tool-input-delta", toolCallId: "c1", inputTextDelta: "{" };
    expect(decode(start, fragment, available, output, finish).slice(0, 3)).toEqual([
      { type: "stage", stage: "tool:c1", status: "running", label: "sum", weight: 0 },
      { type: "custom", name: "tool-call", value: { id: "c1", name: "sum", arguments: { a: 1 } } },
      { type: "stage", stage: "tool:c1", status: "done" },
    ]);
  });
  test("that give a first output are not over", () => {
    const stages = decode(start, available, { ...output, preliminary: true }).filter(
      (part) => part.type === "stage",
    );
    expect(stages).toHaveLength(1);
  });
  test("fail as a stage, not as a run", () => {
    const failed = { type: "tool-output-error", toolCallId: "c1", errorText: "no" };
    expect(decode(start, available, failed, finish)).toContainEqual({
      type: "stage",
      stage: "tool:c1",
      status: "failed",
    });
    expect(outcome(start, available, failed, finish).isDone).toBe(true);
  });
});

test("the application's own parts pass as they are, and progress that counts is progress", () => {
  const data = { done: 1, total: 3, label: "Reading" };
  expect(
    decode({ type: "data-progress", id: "p", data }, { type: "data-", data: 1 }, finish).slice(0, 3),
  ).toEqual([
    { type: "progress", completed: 1, total: 3, message: "Reading" },
    { type: "custom", name: "progress", value: data },
    { type: "custom", name: "data", value: 1 },
  ]);
});

describe("the end", () => {
  test("is finish where [DONE] is missing, and a truncation without both", () => {
    expect(outcome(text("a"), finish).isDone).toBe(true);
    expect(outcome(text("a")).error).toBe("upstream_truncated");
  });
  test("by an error is one failure, with a finish after it or not", () => {
    const error = { type: "error", errorText: "An error occurred." };
    expect(decode(error, { type: "finish", finishReason: "error" }, "[DONE]")).toEqual([
      { type: "error", code: "upstream_rejected", retryable: true, detail: "An error occurred." },
    ]);
    expect(outcome(error, "[DONE]").error).toBe("upstream_rejected");
  });
  test("by a finish reason that is an error is one, though no error part was sent", () => {
    expect(outcome(text("a"), { type: "finish", finishReason: "error" }, "[DONE]")).toMatchObject({
      text: "a",
      error: "upstream_rejected",
      isDone: false,
    });
  });
  test("by an abort is a finish by cancellation, and no success", () => {
    const parts = decode(text("a"), { type: "abort", reason: "user stopped" }, "[DONE]");
    expect(parts[1]).toEqual({ type: "finish", reason: "cancelled", raw: "user stopped" });
    expect(outcomeOf(parts)).toMatchObject({ error: "upstream_truncated", isDone: false });
  });
});
