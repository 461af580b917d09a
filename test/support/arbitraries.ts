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

/** A message of a foreign stream: JSON that looks like it, or no JSON at all. */
export const foreignMessage: fc.Arbitrary<DialectMessage> = fc.record({
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
