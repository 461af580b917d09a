/** A small stream in one of the languages of others: "Grüße 🌍!" in pieces, and what it comes to. */
export interface Sample {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Bytes after which "Grüße" has been said, and not all of it. */
  readonly cutAt: number;
  readonly reasoning?: string;
  readonly outputTokens?: number;
  /** Ids of the stages that it names, in order. */
  readonly stages?: readonly string[];
}

export const SAMPLE_TEXT = "Grüße 🌍!";

const eventStream = "text/event-stream; charset=utf-8";
const data = (...messages: readonly (object | string)[]): string =>
  messages
    .map((message) => `data: ${typeof message === "string" ? message : JSON.stringify(message)}\n\n`)
    .join("");
const named = (...messages: readonly { readonly type: string }[]): string =>
  messages.map((message) => `event: ${message.type}\ndata: ${JSON.stringify(message)}\n\n`).join("");

/** The stream is parted after the frames of the first piece of text. */
function sample(first: string, rest: string, more: Partial<Sample> = {}): Sample {
  const cutAt = new TextEncoder().encode(first).length;
  return { contentType: eventStream, body: first + rest, cutAt, ...more };
}

const chunk = (delta: object, finish_reason: string | null = null): object => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  model: "m",
  choices: [{ index: 0, delta, finish_reason }],
});
const candidate = (part: object, more: object = {}): object => ({
  candidates: [{ content: { role: "model", parts: [part] }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 5, totalTokenCount: 9 },
});
const ollamaLine = (content: string): string =>
  `${JSON.stringify({ model: "m", message: { role: "assistant", content }, done: false })}\n`;

export const samples: Readonly<Record<string, Sample>> = {
  "text-events": sample(
    `: hello\n\n${data("Grü", "ße")}event: ping\ndata: 12:00\n\n`,
    `${data(" 🌍", "!")}event: done\ndata: bye\n\n`,
  ),
  "text-markdown": sample("Grüße", " 🌍!", { contentType: "text/markdown" }),
  text: sample("Grüße", " 🌍!", { contentType: "text/plain; charset=utf-8" }),
  "openai-chat": sample(
    `: OPENROUTER PROCESSING\n\n${data(
      chunk({ role: "assistant", content: "" }),
      chunk({ reasoning_content: "Hm." }),
      chunk({ content: "Grüße" }),
    )}`,
    data(
      chunk({ content: " 🌍!" }),
      chunk({}, "stop"),
      { object: "chat.completion.chunk", choices: [], usage: { prompt_tokens: 4, completion_tokens: 5 } },
      "[DONE]",
    ),
    { reasoning: "Hm.", outputTokens: 5 },
  ),
  "openai-responses": sample(
    named(
      { type: "response.created" },
      { type: "response.output_text.delta", ...{ output_index: 0, delta: "Grüße" } },
    ),
    named(
      { type: "response.output_text.delta", ...{ output_index: 0, delta: " 🌍!" } },
      {
        type: "response.completed",
        ...{ response: { status: "completed", usage: { input_tokens: 4, output_tokens: 5 } } },
      },
    ),
    { outputTokens: 5 },
  ),
  anthropic: sample(
    named(
      { type: "message_start", ...{ message: { usage: { input_tokens: 4, output_tokens: 1 } } } },
      { type: "content_block_start", ...{ index: 0, content_block: { type: "thinking", thinking: "" } } },
      { type: "content_block_delta", ...{ index: 0, delta: { type: "thinking_delta", thinking: "Hm." } } },
      { type: "content_block_stop", ...{ index: 0 } },
      { type: "ping" },
      { type: "content_block_start", ...{ index: 1, content_block: { type: "text", text: "" } } },
      { type: "content_block_delta", ...{ index: 1, delta: { type: "text_delta", text: "Grüße" } } },
    ),
    named(
      { type: "content_block_delta", ...{ index: 1, delta: { type: "text_delta", text: " 🌍!" } } },
      { type: "content_block_stop", ...{ index: 1 } },
      { type: "message_delta", ...{ delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } } },
      { type: "message_stop" },
    ),
    { reasoning: "Hm.", outputTokens: 5 },
  ),
  // CRLF, and no mark of its end but the end of the file.
  gemini: sample(
    data(candidate({ text: "Hm.", thought: true }), candidate({ text: "Grüße" })).replaceAll("\n", "\r\n"),
    data(candidate({ text: " 🌍!" }, { finishReason: "STOP" })).replaceAll("\n", "\r\n"),
    { reasoning: "Hm.", outputTokens: 5 },
  ),
  "ai-sdk": sample(
    data(
      { type: "start", messageId: "1" },
      { type: "start-step" },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", delta: "Grüße" },
    ),
    data(
      { type: "text-delta", id: "0", delta: " 🌍!" },
      { type: "text-end", id: "0" },
      { type: "finish-step" },
      { type: "finish", finishReason: "stop", messageMetadata: { totalUsage: { outputTokens: 5 } } },
      "[DONE]",
    ),
    { headers: { "x-vercel-ai-ui-message-stream": "v1" }, outputTokens: 5 },
  ),
  "ag-ui": sample(
    data(
      { type: "RUN_STARTED", threadId: "t", runId: "r" },
      { type: "STEP_STARTED", stepName: "Write" },
      { type: "TEXT_MESSAGE_START", messageId: "1", role: "assistant" },
      { type: "TEXT_MESSAGE_CONTENT", messageId: "1", delta: "Grüße" },
    ),
    data(
      { type: "TEXT_MESSAGE_CONTENT", messageId: "1", delta: " 🌍!" },
      { type: "TEXT_MESSAGE_END", messageId: "1" },
      { type: "STEP_FINISHED", stepName: "Write" },
      { type: "RUN_FINISHED", threadId: "t", runId: "r" },
    ),
    { stages: ["step:Write"] },
  ),
  ollama: sample(
    ollamaLine("Grüße"),
    // The last line may lack its line feed.
    `${ollamaLine(" 🌍!")}${JSON.stringify({
      model: "m",
      ...{ message: { role: "assistant", content: "" }, done: true, done_reason: "stop" },
      ...{ prompt_eval_count: 4, eval_count: 5 },
    })}`,
    { contentType: "application/x-ndjson", outputTokens: 5 },
  ),
  cohere: sample(
    named(
      { type: "message-start", ...{ id: "1", delta: { message: { role: "assistant" } } } },
      { type: "content-start", ...{ index: 0, delta: { message: { content: { type: "text", text: "" } } } } },
      { type: "content-delta", ...{ index: 0, delta: { message: { content: { text: "Grüße" } } } } },
    ),
    named(
      { type: "content-delta", ...{ index: 0, delta: { message: { content: { text: " 🌍!" } } } } },
      { type: "content-end", ...{ index: 0 } },
      {
        type: "message-end",
        ...{
          delta: {
            finish_reason: "COMPLETE",
            usage: { tokens: { input_tokens: 4, output_tokens: 5 } },
          },
        },
      },
    ),
    { outputTokens: 5 },
  ),
  langgraph: sample(
    `event: metadata\ndata: {"run_id":"1","attempt":1}\n\nevent: messages/partial\ndata: ${JSON.stringify([
      { type: "AIMessageChunk", id: "1", content: "Grüße" },
    ])}\n\n`,
    `event: messages/partial\ndata: ${JSON.stringify([
      { type: "AIMessageChunk", id: "1", content: SAMPLE_TEXT },
    ])}\n\nevent: end\ndata: null\n\n`,
  ),
  // The last message lacks its blank line.
  "progress-json": sample(
    data({ stage: "reading", progress: 10 }, { stage: "writing", progress: 50, chunk: "Grüße" }),
    data({ chunk: " 🌍!" }, { status: "completed", progress: 100, response: SAMPLE_TEXT }).slice(0, -1),
    { stages: ["reading", "writing"] },
  ),
  /** A service that does not stream, whatever it was asked for. */
  "whole-chat": sample(
    JSON.stringify({
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: SAMPLE_TEXT }, finish_reason: "stop" }],
      usage: { prompt_tokens: 4, completion_tokens: 5 },
    }),
    "",
    { contentType: "application/json", outputTokens: 5 },
  ),
  "whole-anthropic": sample(
    JSON.stringify({
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: SAMPLE_TEXT }],
      stop_reason: "end_turn",
      usage: { input_tokens: 4, output_tokens: 5 },
    }),
    "",
    { contentType: "application/json", outputTokens: 5 },
  ),
  "whole-progress-json": sample(JSON.stringify({ status: "completed", response: SAMPLE_TEXT }), "", {
    contentType: "application/json",
  }),
  /** JSON that is no answer of anybody's. */
  "whole-nothing": sample('{"hello":"world"}', "", { contentType: "application/json" }),
  "cut-short": sample(data(chunk({ content: "Grüße" })), data(chunk({}, "length"), "[DONE]")),
  filtered: sample(data(chunk({ content: "Grüße" })), data(chunk({}, "content_filter"), "[DONE]")),
  /** An upstream's own words, with a secret in them. */
  quoting: sample(
    data(chunk({ content: "Grüße" })),
    data({ error: { message: "Invalid key sk-SECRET", type: "rate_limit_error", code: "rate_limit" } }),
  ),
  /** A proxy that passes an upstream's refusal on as if it were a stream. */
  "bare-json": sample(
    '{"error":{"message":"Incorrect API key provided: sk-SECRET","type":"invalid_request_error","code":"invalid_api_key"}}',
    "",
  ),
  /** SSE under the type that a framework gives to what it knows nothing of. */
  untyped: sample(
    data(chunk({ content: "Grüße" })),
    data(chunk({ content: " 🌍!" }), chunk({}, "stop"), "[DONE]"),
    {
      contentType: "text/plain; charset=utf-8",
    },
  ),
  /** An answer that is cut off says that it has broken off. */
  truncated: sample(data(chunk({ content: "Grüße" })), ""),
};
