import { geminiDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, decodeText, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(geminiDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const chunk = (parts: object[], more: object = {}) => ({ candidates: [{ content: { parts }, ...more }] });
const stop = { finishReason: "STOP" };

test("reads text, and thoughts apart", () => {
  expect(
    outcome(chunk([{ text: "hm", thought: true }, { text: "a" }]), chunk([{ text: "b" }], stop)),
  ).toMatchObject({
    text: "ab",
    reasoning: "hm",
    isDone: true,
  });
});

test("shows the first candidate alone", () => {
  const second = { candidates: [{ index: 1, content: { parts: [{ text: "no" }] } }] };
  expect(outcome(chunk([{ text: "a" }]), second, chunk([], stop)).text).toBe("a");
});

describe("the end", () => {
  test("is not a finish reason: some models send one with every chunk", () => {
    const parts = decode(chunk([{ text: "a" }], stop), chunk([{ text: "b" }], stop));
    expect(parts.map((part) => part.type)).toEqual(["text", "text", "finish", "done"]);
  });
  test("is a truncation where no finish reason was seen", () => {
    expect(outcome(chunk([{ text: "a" }])).error).toBe("upstream_truncated");
  });
  test.each([
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["RECITATION", "content_filter"],
    ["LANGUAGE", "content_filter"],
    ["IMAGE_PROHIBITED_CONTENT", "content_filter"],
    ["IMAGE_RECITATION", "content_filter"],
  ])("by %s is a finish by %s", (raw, reason) => {
    expect(decode(chunk([], { finishReason: raw }))).toEqual([
      { type: "finish", reason, raw },
      { type: "done" },
    ]);
  });
  test.each(["MALFORMED_FUNCTION_CALL", "OTHER"])("by %s with nothing said is a failure", (finishReason) => {
    const end = chunk([], { finishReason });
    expect(outcome(end)).toMatchObject({ error: "upstream_malformed", isDone: false });
    expect(outcomeOf(geminiDialect.decodeJson?.(end) ?? []).error).toBe("upstream_malformed");
    const call = { functionCall: { name: "sum", args: {} } };
    for (const part of [{ text: "a" }, call]) expect(outcome(chunk([part]), end).isDone).toBe(true);
  });
  test("of a blocked prompt is a finish by the content filter", () => {
    expect(decode({ promptFeedback: { blockReason: "OTHER" } })).toEqual([
      { type: "finish", reason: "content_filter", raw: "OTHER" },
      { type: "done" },
    ]);
  });
});

test("counts while the answer grows; thoughts are output", () => {
  const at = (candidates: number) => ({
    ...chunk([{ text: "a" }], stop),
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: candidates, thoughtsTokenCount: 10 },
  });
  const parts = decode(at(1), at(1), at(7));
  expect(parts.filter((part) => part.type === "usage")).toHaveLength(2);
  expect(outcomeOf(parts).usage).toEqual({ inputTokens: 3, outputTokens: 17, reasoningTokens: 10 });
});

describe("function calls", () => {
  test("come whole, with their arguments as an object", () => {
    const parts = decode(chunk([{ functionCall: { name: "sum", args: { a: 1 } } }], stop));
    expect(outcomeOf(parts).tools).toEqual([{ id: "1", name: "sum", arguments: { a: 1 } }]);
    expect(parts).toContainEqual({ type: "finish", reason: "tool_calls", raw: "STOP" });
  });
  test("may come in pieces", () => {
    const piece = (stringValue: string) => ({
      functionCall: { partialArgs: [{ jsonPath: "$.city", stringValue }], willContinue: true },
    });
    const begin = { functionCall: { name: "weather", willContinue: true } };
    const result = outcome(
      chunk([begin]),
      chunk([piece("Ber")]),
      chunk([piece("lin")]),
      chunk([{ functionCall: {} }], stop),
    );
    expect(result.tools).toEqual([{ id: "1", name: "weather", arguments: { city: "Berlin" } }]);
  });
});

describe("errors", () => {
  const error = { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" };
  test("are read from an event", () => {
    expect(outcome(chunk([{ text: "a" }]), { error })).toMatchObject({ text: "a", error: "overloaded" });
  });
  test("are found as bare JSON on several lines, even after a finish reason", () => {
    const bytes = `data: ${JSON.stringify(chunk([{ text: "a" }], stop))}\r\n\r\n${JSON.stringify({ error }, null, 2).replaceAll("\n", "\r\n")}\r\n`;
    expect(outcomeOf(decodeText(geminiDialect, bytes))).toMatchObject({
      text: "a",
      error: "overloaded",
      isDone: false,
    });
  });
  test("are found as a bare array", () => {
    expect(outcomeOf(decodeText(geminiDialect, JSON.stringify([{ error }]))).error).toBe("overloaded");
  });
});

test("an answer that was not streamed, and the array that comes without alt=sse, are read whole", () => {
  const first = chunk([{ text: "a" }]);
  const last = chunk([{ text: "b" }], stop);
  expect(outcomeOf(geminiDialect.decodeJson?.(last) ?? [])).toMatchObject({
    text: "b",
    isDone: true,
    finish: "STOP",
  });
  expect(outcomeOf(geminiDialect.decodeJson?.([first, last]) ?? [])).toMatchObject({
    text: "ab",
    isDone: true,
  });
  expect(geminiDialect.decodeJson?.([])).toBeNull();
});
