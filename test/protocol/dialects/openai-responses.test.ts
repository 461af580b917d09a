import { openaiResponsesDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(openaiResponsesDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const text = (delta: string) => ({
  type: "response.output_text.delta",
  output_index: 0,
  delta,
  obfuscation: "xx",
});
const completed = { type: "response.completed", response: { status: "completed" } };

test("reads the type from the data: OpenRouter sends no event names, and [DONE]", () => {
  expect(outcome(text("a"), ["response.output_text.delta", text("b")], completed, "[DONE]")).toMatchObject({
    text: "ab",
    isDone: true,
    finish: "completed",
  });
});

test.each(["response.reasoning_text.delta", "response.reasoning_summary_text.delta"])(
  "reads reasoning from %s",
  (type) => {
    expect(outcome({ type, delta: "hm" }, completed).reasoning).toBe("hm");
  },
);

test("does not read the text again from the events that repeat it", () => {
  const done = { type: "response.output_text.done", output_index: 0, text: "a" };
  const output = [{ type: "message", content: [{ type: "output_text", text: "a" }] }];
  expect(outcome(text("a"), done, { type: "response.completed", response: { output } }).text).toBe("a");
});

test("takes the text of the last event where no delta was sent", () => {
  const output = [
    { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
    { type: "message", content: [{ type: "output_text", text: "a" }] },
  ];
  expect(outcome({ type: "response.completed", response: { output } })).toMatchObject({
    text: "a",
    reasoning: "hm",
  });
});

describe("the whole answer at the end", () => {
  const thought = { type: "reasoning", id: "r1", summary: [{ type: "summary_text", text: "Think hard." }] };
  const thinking = { type: "response.reasoning_summary_text.delta", delta: "Think hard." };
  test("does not double the reasoning of one that was cut before its text", () => {
    const response = {
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [thought],
    };
    expect(outcome(thinking, { type: "response.incomplete", response })).toMatchObject({
      reasoning: "Think hard.",
      finish: "max_output_tokens",
    });
  });
  test("gives the text where reasoning alone was streamed, all of its messages", () => {
    const message = (text: string) => ({ type: "message", content: [{ type: "output_text", text }] });
    const output = [thought, message("a"), message("b")];
    const { text, reasoning } = outcome(thinking, { type: "response.completed", response: { output } });
    expect([text.replaceAll("\n", ""), reasoning]).toEqual(["ab", "Think hard."]);
  });
  test("is made of its items where they alone hold the text", () => {
    const done = (output_index: number, text: string) => ({
      type: "response.output_item.done",
      output_index,
      item: { type: "message", content: [{ type: "output_text", text }] },
    });
    expect(outcome(done(0, "Let me look."), done(1, "It is 7."), completed)).toMatchObject({
      text: "Let me look.\n\nIt is 7.",
      isDone: true,
    });
    expect(outcome(text("a"), done(0, "a"), completed).text).toBe("a");
  });
  test("tells of no item twice, whatever its id is by then", () => {
    const item = { type: "mcp_call", id: "m1", name: "search", arguments: "{}" };
    for (const later of [item, { ...item, id: "m2" }]) {
      const parts = decode(
        { type: "response.output_item.added", output_index: 0, item },
        { type: "response.output_item.done", output_index: 0, item },
        { type: "response.completed", response: { output: [later] } },
      );
      expect(parts.filter((part) => part.type === "custom")).toHaveLength(1);
    }
  });
  test("gives the calls that were not streamed beside the text, and what was missing of those that were", () => {
    const call = { type: "function_call", id: "f1", call_id: "c1", name: "sum", arguments: '{"a":1}' };
    const expected = { text: "a", tools: [{ id: "c1", name: "sum", arguments: '{"a":1}' }] };
    const last = {
      type: "response.completed",
      response: { output: [{ type: "message", content: [{ type: "output_text", text: "a" }] }, call] },
    };
    const added = {
      type: "response.output_item.added",
      output_index: 1,
      item: { ...call, arguments: "" },
    };
    expect(outcome(text("a"), last)).toMatchObject(expected);
    expect(outcome(text("a"), added, last)).toMatchObject(expected);
  });
});

test("two messages of one answer stand a blank line apart, streamed or not", () => {
  const message = (text: string) => ({ type: "message", content: [{ type: "output_text", text }] });
  const output = [message("Let me look."), { type: "web_search_call", id: "w" }, message("It is 7.")];
  const last = { type: "response.completed", response: { output } };
  const added = (output_index: number) => ({
    type: "response.output_item.added",
    output_index,
    item: { type: "message", content: [] },
  });
  const expected = "Let me look.\n\nIt is 7.";
  expect(outcome(last).text).toBe(expected);
  expect(outcome(added(0), text("Let me"), text(" look."), added(2), text("It is 7."), last).text).toBe(
    expected,
  );
});

test("the parts of an answer and of a thought stand a blank line apart, streamed or not", () => {
  const part = (type: string) => ({ type: "response.content_part.added", part: { type } });
  const summary = { type: "response.reasoning_summary_part.added", part: { type: "summary_text" } };
  const delta = (name: string, delta: string) => ({ type: `response.${name}.delta`, delta });
  const streamed = [
    ...[summary, delta("reasoning_summary_text", "One."), summary, delta("reasoning_summary_text", "Two.")],
    ...[part("reasoning_text"), delta("reasoning_text", "Three.")],
    ...[part("output_text"), text("Fo"), text("ur."), part("refusal"), delta("refusal", "I cannot.")],
  ];
  const expected = { text: "Four.\n\nI cannot.", reasoning: "One.\n\nTwo.\n\nThree." };
  expect(outcome(...streamed, completed)).toMatchObject(expected);
  const thought = {
    type: "reasoning",
    summary: [{ text: "One." }, { text: "Two." }],
    content: [{ text: "Three." }],
  };
  const answer = { type: "message", content: [{ text: "Four." }, { refusal: "I cannot." }] };
  const response = { output: [thought, answer] };
  expect(outcome({ type: "response.completed", response })).toMatchObject(expected);
});

describe("tool calls", () => {
  const item = { type: "function_call", id: "f1", call_id: "c1", name: "sum", arguments: "" };
  const added = { type: "response.output_item.added", output_index: 1, item };
  const fragment = { type: "response.function_call_arguments.delta", output_index: 1, delta: '{"a":1}' };
  test("are whole with their item, and with the answer at the latest", () => {
    const expected = { tools: [{ id: "c1", name: "sum", arguments: '{"a":1}' }], isDone: true };
    const done = { ...added, type: "response.output_item.done", item: { ...item, arguments: '{"a":1}' } };
    expect(outcome(added, fragment, done, completed)).toMatchObject(expected);
    expect(outcome(added, fragment, completed)).toMatchObject(expected);
    expect(decode(added, fragment, completed)).toContainEqual({
      type: "finish",
      reason: "tool_calls",
      raw: "completed",
    });
  });
  test("of the provider's own are stages with its own words", () => {
    const search = (word: string) => ({
      type: `response.web_search_call.${word}`,
      output_index: 0,
      item_id: "w1",
    });
    const parts = decode(
      { type: "response.output_item.added", output_index: 0, item: { type: "web_search_call", id: "w1" } },
      search("in_progress"),
      search("searching"),
      search("completed"),
      { type: "response.output_item.done", output_index: 0, item: { type: "web_search_call", id: "w1" } },
    );
    expect(parts.slice(0, -1)).toEqual([
      { type: "stage", stage: "web_search:w1", status: "running", label: "web_search", weight: 0 },
      { type: "stage", stage: "web_search:w1", status: "running", message: "searching" },
      { type: "stage", stage: "web_search:w1", status: "done" },
    ]);
  });
  test("that failed at the provider are failed stages", () => {
    const parts = decode({ type: "response.mcp_list_tools.failed", item_id: "m1" });
    expect(parts[0]).toMatchObject({ stage: "mcp_list_tools:m1", status: "failed" });
  });
});

test("a queued answer is a stage until it begins", () => {
  const parts = decode({ type: "response.queued" }, { type: "response.in_progress" }, completed);
  expect(parts.slice(0, 2)).toMatchObject([
    { stage: "queued", status: "running" },
    { stage: "queued", status: "done" },
  ]);
});

test("counts come with the last event", () => {
  const usage = { input_tokens: 3, output_tokens: 5, output_tokens_details: { reasoning_tokens: 4 } };
  const last = { type: "response.completed", response: { usage } };
  expect(outcome(text("a"), last).usage).toEqual({ inputTokens: 3, outputTokens: 5, reasoningTokens: 4 });
});

describe("the end", () => {
  test.each([
    ["max_output_tokens", "length"],
    ["content_filter", "content_filter"],
  ])("incomplete by %s is a finish by %s", (reason, expected) => {
    const response = { incomplete_details: { reason } };
    const parts = decode(text("a"), { type: "response.incomplete", response });
    expect(parts.slice(1)).toEqual([{ type: "finish", reason: expected, raw: reason }, { type: "done" }]);
  });
  test("incomplete for no reason that is known is no success", () => {
    expect(outcome(text("a"), { type: "response.incomplete", response: {} })).toMatchObject({
      text: "a",
      error: "upstream_truncated",
    });
  });
  test("is none in a body that is yet to be written", () => {
    const body = { object: "response", status: "queued", output: [] };
    expect(outcomeOf(openaiResponsesDialect.decodeJson?.(body) ?? []).error).toBe("upstream_truncated");
  });
  test("is a truncation without its event", () => {
    expect(outcome(text("a")).error).toBe("upstream_truncated");
  });
});

describe("errors", () => {
  const failed = {
    type: "response.failed",
    response: { error: { code: "insufficient_quota", message: "spent" } },
  };
  test.each([
    ["nested", { type: "error", error: { code: "insufficient_quota", message: "spent" } }],
    ["flat", { type: "error", code: "insufficient_quota", message: "spent" }],
  ])("are given once where a %s one is followed by response.failed", (_shape, event) => {
    const parts = decode(["error", event], failed);
    expect(parts).toEqual([
      { type: "error", code: "quota_exceeded", retryable: false, detail: "insufficient_quota spent" },
    ]);
  });
  test("are given where response.failed stands alone", () => {
    expect(outcome(failed).error).toBe("quota_exceeded");
  });
});

test("an answer that was not streamed is read whole", () => {
  const body = {
    object: "response",
    status: "completed",
    output: [{ type: "message", content: [{ type: "output_text", text: "Hi" }] }],
    usage: { input_tokens: 1, output_tokens: 2 },
  };
  expect(outcomeOf(openaiResponsesDialect.decodeJson?.(body) ?? [])).toMatchObject({
    text: "Hi",
    usage: { inputTokens: 1, outputTokens: 2 },
    isDone: true,
  });
});
