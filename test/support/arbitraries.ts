import type { EndEvent, LoggedEvent, ProgressAmount, StagePlan, Usage } from "@ai-progress-stream/protocol";
import { errorDescriptions } from "@ai-progress-stream/protocol";
import type { DialectMessage } from "@ai-progress-stream/protocol/dialects";
import fc from "fast-check";

/** Text with everything that a wire can trip over: line breaks, separators, NUL, emoji, lone surrogates. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom(
    "\n",
    "\r\n",
    "\r",
    "\u2028",
    "\0",
    "\ud83d",
    "\ude0a",
    "\u{1F600}",
    "data: x\n\nevent: end",
    "",
  ),
);
const at = fc.nat(2 ** 41);
const stageId = fc.constantFrom("extract", "summarize", "a", "b", "__proto__");
const stageStatus = fc.constantFrom("pending", "running", "done", "failed", "skipped");
const amountOf = fc.oneof(fc.nat(1000), fc.double({ min: 0, max: 1e6, noNaN: true }));
const json = fc.jsonValue({ maxDepth: 3 });
const partial = <T extends object>(model: { [K in keyof T]-?: fc.Arbitrary<NonNullable<T[K]>> }) =>
  fc.record(model, { requiredKeys: [] }) as unknown as fc.Arbitrary<T>;

const stagePlan: fc.Arbitrary<StagePlan> = fc.oneof(
  fc.record({ id: stageId, label: text }),
  fc.record({ id: stageId, label: text, weight: amountOf }),
);
const progressAmount = partial<ProgressAmount>({
  completed: amountOf,
  total: amountOf,
  unit: text,
  fraction: fc.double({ min: -1, max: 2, noNaN: true }),
  message: text,
});
const usage = partial<Usage>({
  inputTokens: fc.nat(),
  outputTokens: fc.nat(),
  cachedInputTokens: fc.nat(),
  reasoningTokens: fc.nat(),
  cost: fc.record({ amount: amountOf, currency: fc.constantFrom("USD", "EUR") }),
  estimated: fc.boolean(),
});

/** Every logged event but the end. */
export const runningEvent: fc.Arbitrary<LoggedEvent> = fc.oneof(
  fc.record({
    type: fc.constant("start" as const),
    at,
    stages: fc.uniqueArray(stagePlan, { maxLength: 4, selector: (plan) => plan.id }),
  }),
  fc
    .tuple(
      fc.record({ type: fc.constant("stage" as const), at, stage: stageId, status: stageStatus }),
      partial<{ label?: string; weight?: number; message?: string }>({
        label: text,
        weight: amountOf,
        message: text,
      }),
    )
    .map(([event, more]) => ({ ...event, ...more })),
  fc.tuple(at, progressAmount, fc.option(stageId, { nil: undefined })).map(([time, amount, stage]) => ({
    type: "progress" as const,
    at: time,
    ...amount,
    ...(stage === undefined ? {} : { stage }),
  })),
  fc
    .tuple(
      fc.record({ type: fc.constant("text" as const), at, delta: text }),
      partial<{ channel?: "answer" | "reasoning"; replace?: boolean }>({
        channel: fc.constantFrom("answer", "reasoning"),
        replace: fc.boolean(),
      }),
    )
    .map(([event, more]) => ({ ...event, ...more })),
  fc.tuple(at, usage).map(([time, counts]) => ({ type: "usage" as const, at: time, ...counts })),
  fc.record({ type: fc.constant("result" as const), at, value: json }),
  fc.record({ type: fc.constant("custom" as const), at, name: fc.string({ minLength: 1 }), value: json }),
);

const code = fc.constantFrom(...(Object.keys(errorDescriptions) as (keyof typeof errorDescriptions)[]));

export const endEvent: fc.Arbitrary<EndEvent> = fc.oneof(
  fc.record({ type: fc.constant("end" as const), at, status: fc.constant("succeeded" as const) }),
  fc.record({
    type: fc.constant("end" as const),
    at,
    status: fc.constant("failed" as const),
    error: fc.record({ code, message: text, retryable: fc.boolean() }),
  }),
  fc.record({
    type: fc.constant("end" as const),
    at,
    status: fc.constant("cancelled" as const),
    reason: fc.constantFrom("user" as const, "abandoned" as const, "shutdown" as const, "limit" as const),
  }),
);

/** The log of a run, whole or still growing. */
export const runLog: fc.Arbitrary<LoggedEvent[]> = fc
  .tuple(fc.array(runningEvent, { maxLength: 25 }), fc.option(endEvent))
  .map(([events, end]) => (end === null ? events : [...events, end]));

/** A list, and the same list cut into pieces anywhere. */
export const cutAnywhere = <T>(items: readonly T[]): fc.Arbitrary<T[][]> =>
  fc.array(fc.nat(items.length), { maxLength: 6 }).map((cuts) => {
    const points = [0, ...cuts.toSorted((a, b) => a - b), items.length];
    return points.slice(1).map((end, index) => items.slice(points[index], end));
  });

const word = fc.constantFrom(
  ...[
    "response.completed",
    "response.failed",
    "response.output_item.added",
    "response.web_search_call.searching",
  ],
  ...["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"],
  ...[
    "message_stop",
    "message",
    "tool_use",
    "web_search_tool_result",
    "STOP",
    "SAFETY",
    "stop",
    "length",
    "error",
  ],
  ...[
    "start",
    "start-step",
    "reset-step",
    "text-delta",
    "tool-input-start",
    "tool-output-available",
    "data-x",
    "finish",
  ],
  ...[
    "abort",
    "RUN_STARTED",
    "TEXT_MESSAGE_CONTENT",
    "TOOL_CALL_START",
    "TOOL_CALL_END",
    "RUN_FINISHED",
    "STEP_STARTED",
  ],
  ...[
    "message-end",
    "content-delta",
    "tool-call-start",
    "COMPLETE",
    "TIMEOUT",
    "AIMessageChunk",
    "ai",
    "task",
  ],
  ...[
    "complete",
    "stage_complete",
    "processing",
    "cancelled",
    "function_call",
    "constructor",
    "__proto__",
    "1",
    "-3",
  ],
);
const key = fc.constantFrom(
  ...[
    "type",
    "event",
    "status",
    "stage",
    "step",
    "stage_name",
    "total_stages",
    "progress",
    "message",
    "error",
    "data",
  ],
  ...[
    "choices",
    "delta",
    "content",
    "text",
    "index",
    "finish_reason",
    "usage",
    "tool_calls",
    "function",
    "name",
    "id",
  ],
  ...[
    "arguments",
    "prompt_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "reasoning",
    "refusal",
  ],
  ...[
    "candidates",
    "parts",
    "finishReason",
    "usageMetadata",
    "promptFeedback",
    "blockReason",
    "functionCall",
    "args",
  ],
  ...[
    "partialArgs",
    "jsonPath",
    "willContinue",
    "content_block",
    "item",
    "output_index",
    "item_id",
    "response",
    "output",
  ],
  ...[
    "done",
    "toolCallId",
    "toolName",
    "input",
    "toolCallName",
    "stepName",
    "outcome",
    "result",
    "params",
    "method",
  ],
  ...[
    "messages",
    "payload",
    "details",
    "code",
    "retryDelay",
    "chunk",
    "completed",
    "total",
    "cost",
    "toString",
    "thinking",
  ],
);

/** JSON that looks like what AI services send, wrong in every way. */
export const foreignJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "foreign" },
    fc.oneof(word, fc.integer({ min: -5, max: 120 }), fc.double(), fc.boolean(), fc.constant(null), text),
    fc.array(tie("value"), { maxLength: 3, depthIdentifier: "foreign" }),
    fc.dictionary(key, tie("value"), { maxKeys: 6, depthIdentifier: "foreign" }),
  ),
})).value;

const scalar = fc.oneof(
  word,
  fc.integer({ min: -5, max: 120 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  text,
);

/** A value that was right, with parts of it wrong or gone. */
function mangled(value: unknown): fc.Arbitrary<unknown> {
  const wrong = { weight: 1, arbitrary: fc.oneof(scalar, foreignJson) };
  if (Array.isArray(value))
    return fc.oneof({ weight: 12, arbitrary: fc.tuple(...value.map(mangled)) }, wrong);
  if (typeof value !== "object" || value === null) {
    return fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: scalar }, wrong);
  }
  const fields = Object.entries(value).map(([name, field]) =>
    fc.oneof(
      { weight: 12, arbitrary: mangled(field).map((changed) => [name, changed] as const) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
  );
  const changed = fc
    .tuple(...fields)
    .map((entries) => Object.fromEntries(entries.filter((entry) => entry !== null)));
  return fc.oneof({ weight: 12, arbitrary: changed }, wrong);
}

const call = { index: 0, id: "c", function: { name: "sum", arguments: "{}" } };
const usageLike = {
  prompt_tokens: 1,
  completion_tokens: 2,
  cost: 0.1,
  prompt_tokens_details: { cached_tokens: 1 },
};
const item = {
  type: "function_call",
  id: "f",
  call_id: "c",
  name: "sum",
  arguments: "{}",
  status: "completed",
};
const counts = { inputTokens: 1, outputTokens: 2 };
const genuine: readonly (readonly [event: string | undefined, data: unknown])[] = [
  [undefined, { choices: [{ index: 0, delta: { content: "a", reasoning: "b", tool_calls: [call] } }] }],
  [undefined, { choices: [{ delta: {}, finish_reason: "stop" }], usage: usageLike }],
  [undefined, { choices: [], prompt_progress: { total: 3, processed: 1 } }],
  [
    undefined,
    { error: { message: "no", type: "x", code: 500, details: [{ reason: "R", retryDelay: "3s" }] } },
  ],
  [undefined, { type: "response.output_text.delta", output_index: 0, delta: "a" }],
  [undefined, { type: "response.output_item.added", output_index: 0, item }],
  [
    undefined,
    { type: "response.output_item.done", output_index: 0, item: { ...item, type: "web_search_call" } },
  ],
  [undefined, { type: "response.web_search_call.searching", item_id: "w" }],
  [
    undefined,
    { type: "response.completed", response: { status: "completed", output: [item], usage: usageLike } },
  ],
  [undefined, { type: "message_start", message: { usage: { input_tokens: 1, cache_read_input_tokens: 2 } } }],
  [
    undefined,
    { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "sum" } },
  ],
  [undefined, { type: "content_block_delta", index: 0, delta: { text: "a", partial_json: "{}" } }],
  [undefined, { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }],
  [undefined, { candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }] }],
  [
    undefined,
    {
      candidates: [{ content: { parts: [{ functionCall: { name: "sum", args: {}, partialArgs: [{}] } }] } }],
    },
  ],
  [undefined, { usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, thoughtsTokenCount: 3 } }],
  [
    undefined,
    { message: { content: "a", tool_calls: [call] }, done: true, done_reason: "stop", eval_count: 1 },
  ],
  [undefined, { status: "pulling", total: 3, completed: 1 }],
  [undefined, { type: "finish", finishReason: "stop", messageMetadata: { totalUsage: counts } }],
  [undefined, { type: "tool-input-available", toolCallId: "c", toolName: "sum", input: {} }],
  [undefined, { type: "data-progress", data: { done: 1, total: 2, label: "a" } }],
  [undefined, { type: "TOOL_CALL_CHUNK", toolCallId: "c", toolCallName: "sum", delta: "{}" }],
  [undefined, { type: "STEP_STARTED", stepName: "a" }],
  [
    undefined,
    { type: "RUN_FINISHED", usage: [counts], result: 1, metadata: { tanstack: { finishReason: "stop" } } },
  ],
  [undefined, { type: "tool-call-start", index: 0, delta: { message: { tool_calls: call } } }],
  [
    undefined,
    { type: "message-end", delta: { finish_reason: "COMPLETE", usage: { tokens: { input_tokens: 1 } } } },
  ],
  ["messages/partial", [{ type: "ai", id: "1", content: [{ text: "a" }] }]],
  ["messages", [{ type: "AIMessageChunk", id: "1", content: "a" }, {}]],
  ["debug", { type: "task", payload: { name: "plan" } }],
  ["stage_start", { stage: 1, total_stages: 2, stage_name: "a", description: "b" }],
  [undefined, { status: "processing", step: "a", progress: 50, message: "b", data: { content: "c" } }],
  ["complete", { response: "a", result: { b: 1 }, progress: 100 }],
];

/** A message as a service sends it, with parts of it wrong or gone. */
const mangledMessage = fc
  .constantFrom(...genuine)
  .chain(([event, data]) =>
    fc.record({ event: fc.constant(event), data: mangled(data).map((json) => JSON.stringify(json)) }),
  );

const strangeMessage: fc.Arbitrary<DialectMessage> = fc.record({
  event: fc.option(
    fc.oneof(word, fc.constantFrom("error", "messages", "messages/partial", "values", "debug", "data")),
    {
      nil: undefined,
    },
  ),
  data: fc.oneof(
    {
      weight: 8,
      arbitrary: fc.dictionary(key, foreignJson, { maxKeys: 8 }).map((value) => JSON.stringify(value)),
    },
    { weight: 2, arbitrary: foreignJson.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.oneof(text, fc.constant("[DONE]"), fc.constant('{"cut":')) },
  ),
});

/** A message of a foreign stream: nearly right, JSON that looks like it, or no JSON at all. */
export const foreignMessage: fc.Arbitrary<DialectMessage> = fc.oneof(
  { weight: 3, arbitrary: mangledMessage },
  { weight: 1, arbitrary: strangeMessage },
);
