import { openaiChatDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, decodeText, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(openaiChatDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const delta = (fields: object, more: object = {}) => ({ choices: [{ index: 0, delta: fields, ...more }] });
const stop = delta({}, { finish_reason: "stop" });

describe("text", () => {
  test("is every delta of the first choice, in order", () => {
    const second = { choices: [{ index: 1, delta: { content: "no" } }] };
    expect(outcome(delta({ content: "a" }), second, delta({ content: "b" }), stop, "[DONE]").text).toBe("ab");
  });
  test("keeps think tags where a server puts its reasoning there", () => {
    expect(outcome(delta({ content: "<think>\nhm</think>x" }), stop).text).toBe("<think>\nhm</think>x");
  });
  test("passes the halves of a surrogate pair on as they come", () => {
    expect(outcome(delta({ content: "\ud83d" }), delta({ content: "\ude0a" }), stop).text).toBe("\u{1F60A}");
  });
  test("holds a refusal, and ignores an empty one", () => {
    expect(outcome(delta({ content: "4", refusal: "" }), stop).text).toBe("4");
    expect(outcome(delta({ refusal: "I cannot." }), stop).text).toBe("I cannot.");
  });
  test("is taken out of lists of parts, thoughts apart (Mistral)", () => {
    const thinking = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
    const result = outcome(delta({ content: [thinking, { type: "text", text: "4" }] }), stop);
    expect(result).toMatchObject({ text: "4", reasoning: "hm" });
  });
  test("comes from a whole message where a server streams none of it", () => {
    const whole = { choices: [{ index: 0, message: { content: "all" }, finish_reason: "stop" }] };
    expect(outcome(whole)).toMatchObject({ text: "all", isDone: true });
  });
  test("is that of the older /completions, which knows no delta", () => {
    const piece = (text: string, finish_reason: string | null) => ({
      object: "text_completion",
      choices: [{ index: 0, text, finish_reason }],
    });
    expect(outcome(piece("a", null), piece("b", "stop"), "[DONE]")).toMatchObject({
      text: "ab",
      isDone: true,
    });
  });
  test("is not doubled by the whole message beside the delta (Perplexity)", () => {
    const message = { content: "ab" };
    expect(
      outcome(delta({ content: "ab" }, { message }), delta({ content: "" }, { message }), stop).text,
    ).toBe("ab");
  });
  test("costs nothing where a chunk holds none: the same empty list each time", () => {
    const decoder = openaiChatDialect.createDecoder();
    const empty = { data: JSON.stringify(delta({ role: "assistant", content: "" })) };
    expect(decoder.decode(empty)).toBe(decoder.decode(empty));
  });
});

describe("reasoning", () => {
  test.each(["reasoning_content", "reasoning"])("is read from %s", (key) => {
    expect(outcome(delta({ [key]: "hm", content: null }), stop)).toMatchObject({ text: "", reasoning: "hm" });
  });
  test("is taken once where both names hold it", () => {
    expect(outcome(delta({ reasoning_content: "hm", reasoning: "hm" }), stop).reasoning).toBe("hm");
  });
});

describe("the end", () => {
  test("is [DONE], also without a finish reason", () => {
    expect(decode(delta({ content: "a" }), "[DONE]").at(-1)).toEqual({ type: "done" });
  });
  test("is the end of the file after a finish reason", () => {
    expect(decode(stop)).toEqual([{ type: "finish", reason: "stop", raw: "stop" }, { type: "done" }]);
  });
  test("is a truncation without either", () => {
    expect(outcome(delta({ content: "a" }))).toMatchObject({
      text: "a",
      error: "upstream_truncated",
      isDone: false,
    });
  });
  test.each([
    ["length", "length"],
    ["content_filter", "content_filter"],
    ["tool_calls", "tool_calls"],
    ["function_call", "tool_calls"],
    ["eos", "other"],
    ["constructor", "other"],
  ])("finish reason %s is %s", (raw, reason) => {
    expect(decode(delta({}, { finish_reason: raw }))[0]).toEqual({ type: "finish", reason, raw });
  });
  test("lets nothing pass after it", () => {
    const parts = decode(delta({ content: "a" }), stop, "[DONE]", delta({ content: "b" }), "[DONE]");
    expect(parts.map((part) => part.type)).toEqual(["text", "finish", "done"]);
  });
});

describe("usage", () => {
  const usage = { prompt_tokens: 3, completion_tokens: 5 };
  const counts = { inputTokens: 3, outputTokens: 5 };
  test.each([
    ["a last chunk without choices", { choices: [], usage }],
    ["the chunk that finishes", { ...stop, usage }],
    ["x_groq", { ...stop, x_groq: { usage } }],
    ["the choice", delta({}, { usage })],
  ])("is read from %s", (_name, chunk) => {
    expect(outcome(delta({ content: "a" }), chunk, "[DONE]").usage).toEqual(counts);
  });
  test("is given once where every chunk repeats it", () => {
    const parts = decode({ ...delta({ content: "a" }), usage }, { ...delta({ content: "b" }), usage }, stop);
    expect(parts.filter((part) => part.type === "usage")).toHaveLength(1);
  });
  test("tells cached and reasoning tokens, and the cost where a currency is named", () => {
    const detailed = {
      ...usage,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 4 },
    };
    expect(outcome({ ...stop, usage: { ...detailed, cost: 0.5 } }).usage).toEqual({
      ...counts,
      cachedInputTokens: 2,
      reasoningTokens: 4,
      cost: { amount: 0.5, currency: "USD" },
    });
    expect(outcome({ ...stop, usage: { ...usage, cost: { total_cost: 1 } } }).usage).toEqual(counts);
    expect(outcome({ ...stop, usage: { ...usage, cost_in_usd_ticks: 5e9 } }).usage).toHaveProperty(
      "cost.amount",
      0.5,
    );
  });
});

describe("tool calls", () => {
  const call = (fields: object) => delta({ tool_calls: [fields] });
  const finish = delta({}, { finish_reason: "tool_calls" });
  test("and reasoning are not doubled by a whole message after them", () => {
    const calls = [{ index: 0, id: "c1", function: { name: "sum", arguments: "{}" } }];
    const message = { content: null, reasoning: "hm", tool_calls: calls };
    const whole = { choices: [{ index: 0, message, finish_reason: "tool_calls" }] };
    const parts = decode(delta({ reasoning: "hm" }), delta({ tool_calls: calls }), whole);
    expect(outcomeOf(parts)).toMatchObject({
      reasoning: "hm",
      tools: [{ id: "c1", name: "sum", arguments: "{}" }],
    });
    expect(parts.filter((part) => part.type === "stage")).toHaveLength(2);
    const answer = { choices: [{ index: 0, message: { content: "all", reasoning: "hm" } }] };
    expect(outcome(delta({ reasoning: "hm" }), answer, stop)).toMatchObject({ text: "all", reasoning: "hm" });
  });
  test("and reasoning leave the answer to a whole message after them, in parts as well", () => {
    const thought = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
    const content = [thought, { type: "text", text: "a" }, { type: "text", text: "ll" }];
    const whole = { choices: [{ index: 0, message: { content } }] };
    expect(outcome(delta({ reasoning: "hm" }), whole, stop)).toMatchObject({ text: "all", reasoning: "hm" });
  });
  test("that have one id are told apart by their indices", () => {
    const open = (index: number) => call({ index, id: "c", function: { name: "sum", arguments: "" } });
    const fragment = (index: number, id: string) =>
      call({ index, id, function: { arguments: `{${index}}` } });
    for (const id of ["", "c"]) {
      const messages = [open(0), open(1), fragment(1, id), fragment(0, id)];
      expect(outcome(...messages, finish).tools).toEqual([
        { id: "c", name: "sum", arguments: "{0}" },
        { id: "c", name: "sum", arguments: "{1}" },
      ]);
    }
  });
  test("that all have the index 0 are told apart by their ids, fragments and all", () => {
    const fragment = (text: string) => call({ index: 0, function: { arguments: text } });
    const open = (id: string) => call({ index: 0, id, function: { name: "sum", arguments: "" } });
    const messages = [open("c1"), fragment("{1"), fragment("}"), open("c2"), fragment("{2"), fragment("}")];
    expect(outcome(...messages, finish).tools).toEqual([
      { id: "c1", name: "sum", arguments: "{1}" },
      { id: "c2", name: "sum", arguments: "{2}" },
    ]);
  });
  test("are a stage while they last and a part when whole", () => {
    const parts = decode(
      call({ index: 0, id: "c1", function: { name: "sum", arguments: "" } }),
      call({ index: 0, function: { arguments: '{"a"' } }),
      call({ index: 0, function: { arguments: ":1}" } }),
      finish,
    );
    expect(parts).toEqual([
      { type: "stage", stage: "tool:c1", status: "running", label: "sum", weight: 0 },
      { type: "custom", name: "tool-call", value: { id: "c1", name: "sum", arguments: '{"a":1}' } },
      { type: "stage", stage: "tool:c1", status: "done" },
      { type: "finish", reason: "tool_calls", raw: "tool_calls" },
      { type: "done" },
    ]);
  });
  test("are told apart by index, by id where there is none, and by id where every index is 0", () => {
    const first = { id: "c1", function: { name: "a", arguments: "1" } };
    const second = { id: "c2", function: { name: "b", arguments: "2" } };
    const expected = [
      { id: "c1", name: "a", arguments: "1" },
      { id: "c2", name: "b", arguments: "2" },
    ];
    expect(outcome(call({ index: 0, ...first }), call({ index: 1, ...second }), finish).tools).toEqual(
      expected,
    );
    expect(outcome(call(first), call(second), finish).tools).toEqual(expected);
    expect(outcome(call({ index: 0, ...first }), call({ index: 0, ...second }), finish).tools).toEqual(
      expected,
    );
  });
  test("go on with the last call where a fragment has neither index nor id", () => {
    const tools = outcome(
      call({ id: "c1", function: { name: "a", arguments: "1" } }),
      call({ function: { arguments: "2" } }),
      finish,
    ).tools;
    expect(tools).toEqual([{ id: "c1", name: "a", arguments: "12" }]);
  });
  test("that were cut off are not given as whole", () => {
    const cut = outcome(call({ index: 0, id: "c1", function: { name: "a", arguments: "{" } }));
    expect(cut).toMatchObject({ tools: [], error: "upstream_truncated" });
  });
});

describe("errors", () => {
  const error = { message: "Overloaded", code: 529 };
  test("are read from a chunk of their own", () => {
    expect(outcome(delta({ content: "a" }), { error }, "[DONE]")).toMatchObject({
      text: "a",
      error: "overloaded",
    });
  });
  test("are read from an event of their own (Groq)", () => {
    const refused = { message: "bad tool", type: "invalid_request_error", status_code: 400 };
    expect(outcome(["error", { error: refused }])).toMatchObject({ error: "upstream_rejected" });
  });
  test("are read beside choices and usage, which count first (OpenRouter)", () => {
    const chunk = {
      ...delta({ content: "b" }),
      usage: { prompt_tokens: 1 },
      error: { code: 502, message: "x" },
    };
    const parts = decode(chunk, "[DONE]");
    expect(parts.map((part) => part.type)).toEqual(["text", "usage", "error"]);
    expect(outcomeOf(parts).error).toBe("upstream_unavailable");
  });
  test.each([
    ["error", "upstream_rejected"],
    ["network_error", "upstream_unavailable"],
    ["insufficient_system_resource", "overloaded"],
    ["abort", "upstream_truncated"],
  ])("are the finish reason %s alone", (finish_reason, error) => {
    expect(outcome(delta({ content: "a" }, { finish_reason }), "[DONE]")).toMatchObject({
      text: "a",
      error,
      isDone: false,
    });
  });
  test("are a cut after a finish reason that is the word null", () => {
    expect(outcome(delta({ content: "a" }, { finish_reason: "null" })).error).toBe("upstream_truncated");
  });
  test("are found in a field that the framing does not know (llama.cpp)", () => {
    const bytes = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\nerror: {"code":500,"message":"boom"}\n\n';
    expect(outcomeOf(decodeText(openaiChatDialect, bytes))).toMatchObject({
      text: "a",
      error: "upstream_unavailable",
    });
  });
});

test("tells how much of the prompt llama.cpp has read", () => {
  const at = (processed: number) => ({ choices: [], prompt_progress: { total: 10, cache: 0, processed } });
  expect(decode(at(5), at(10)).slice(0, -1)).toEqual([
    { type: "stage", stage: "prompt", status: "running", label: "Reading the prompt", weight: 0 },
    { type: "progress", stage: "prompt", completed: 5, total: 10, unit: "tokens" },
    { type: "progress", stage: "prompt", completed: 10, total: 10, unit: "tokens" },
    { type: "stage", stage: "prompt", status: "done" },
  ]);
});

test("ignores what Azure sends before the first choice", () => {
  const filter = { choices: [], model: "", prompt_filter_results: [{ prompt_index: 0 }] };
  expect(decode(filter, stop).map((part) => part.type)).toEqual(["finish", "done"]);
});

describe("an answer that was not streamed", () => {
  const { decodeJson } = openaiChatDialect;
  test("is its text, its usage and its end", () => {
    const body = {
      object: "chat.completion",
      choices: [{ index: 0, message: { content: "Hi", reasoning: "hm" }, finish_reason: "length" }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    };
    expect(decodeJson?.(body)).toEqual([
      { type: "text", delta: "hm", channel: "reasoning" },
      { type: "text", delta: "Hi" },
      { type: "finish", reason: "length", raw: "length" },
      { type: "usage", inputTokens: 1, outputTokens: 2 },
      { type: "done" },
    ]);
  });
  test("is an error where it is one, and null where it is none of this dialect's", () => {
    expect(decodeJson?.({ error: { message: "no", code: "insufficient_quota" } })).toEqual([
      expect.objectContaining({ type: "error", code: "quota_exceeded", retryable: false }),
    ]);
    expect(decodeJson?.({ hello: 1 })).toBeNull();
    expect(decodeJson?.("text")).toBeNull();
  });
});

describe("an error that is not called one", () => {
  test.each<[string, string, object]>([
    ["upstream_rejected", "NETWORK ERROR", { text: "NETWORK ERROR", error_code: 50001 }],
    [
      "upstream_rejected",
      "unknown error",
      { id: "c", choices: null, base_resp: { status_code: 1000, status_msg: "unknown error" } },
    ],
    [
      "quota_exceeded",
      "insufficient balance",
      { choices: null, base_resp: { status_code: 1008, status_msg: "insufficient balance" } },
    ],
    [
      "upstream_unavailable",
      "500 internalservererror boom",
      { object: "error", message: "boom", type: "InternalServerError", code: 500 },
    ],
    ["upstream_rejected", "boom", { object: "error", message: "boom" }],
    ["upstream_rejected", "Internal error", { error_code: 336000, error_msg: "Internal error" }],
    ["upstream_unavailable", "500 boom", { message: "boom", code: 500 }],
    ["rate_limited", "429 slow", { code: 429, msg: "slow" }],
    ["quota_exceeded", "Not enough credits", { detail: "Not enough credits" }],
  ])("is %s: %s", (code, detail, chunk) => {
    for (const before of [[], [delta({ content: "a" })]]) {
      expect(decode(...before, chunk, "[DONE]").at(-1)).toMatchObject({ type: "error", code, detail });
    }
  });
  test.each<[object]>([
    [{ choices: null, base_resp: { status_code: 0, status_msg: "" } }],
    [{ choices: [], base_resp: { status_code: 0, status_msg: "success" } }],
    [{ code: 200, msg: "success" }],
    [{ choices: [], detail: "cached", code: 500 }],
    [{ detail: "cached", answer: "b" }],
  ])("is not %j", (chunk) => {
    expect(outcome(delta({ content: "a" }), chunk, stop, "[DONE]")).toMatchObject({
      text: "a",
      isDone: true,
    });
  });
});
