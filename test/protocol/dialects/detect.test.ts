import { type DialectMessage, detectDialect, dialects } from "@ai-progress-stream/protocol/dialects";
import { expect, test } from "vitest";
import { outcomeOf } from "../../support/decode-stream.js";

const message = (data: object | string, event?: string): DialectMessage => ({
  event,
  data: typeof data === "string" ? data : JSON.stringify(data),
});

/** As callers ask: with each message until one tells. */
function toldBy(...messages: (object | string)[]) {
  for (const data of messages) {
    const name = detectDialect({ firstMessage: message(data) });
    if (name) return name;
  }
  return null;
}

test.each([
  ["run", message({ protocol: 1, run: "r", status: "running" }, "open")],
  ["openai-chat", message({ object: "chat.completion.chunk", choices: [] })],
  ["openai-chat", message({ choices: [], prompt_filter_results: [] })],
  ["openai-chat", message({ error: { message: "no" } })],
  ["openai-responses", message({ type: "response.created" }, "response.created")],
  ["anthropic", message({ type: "message_start", message: {} }, "message_start")],
  ["anthropic", message({ type: "error", error: { type: "overloaded_error" } }, "error")],
  ["gemini", message({ candidates: [] })],
  ["gemini", message({ promptFeedback: { blockReason: "SAFETY" } })],
  ["ai-sdk", message({ type: "start", messageMetadata: {} })],
  ["ai-sdk", message({ type: "finish", finishReason: "stop" })],
  ["ai-sdk", message({ type: "data-status", data: {}, transient: true })],
  ["ai-sdk", message({ type: "error", errorText: "An error occurred." })],
  ["ag-ui", message({ type: "RUN_STARTED", runId: "r" })],
  ["cohere", message({ type: "message-start", delta: {} }, "message-start")],
  ["langgraph", message({ run_id: "r", attempt: 1 }, "metadata")],
  ["langgraph", message([{ type: "ai" }], "messages/partial")],
  ["ollama", message({ model: "m", response: "a", done: false })],
  ["progress-json", message({ status: "processing", progress: 10, message: "Reading" })],
  ["progress-json", message({ stage: "initializing", progress: 0 })],
  ["progress-json", message({ error: "no" })],
  ["progress-json", message({ chunk: "a" }, "content")],
  ["progress-json", message({ model: "llama3", content: "Hel", done: false })],
  ["progress-json", message("[DONE]")],
  ["progress-json", message({ object: "chat.completion", is_end: false, result: "Hel" })],
  [null, message({ type: "start" })],
  [null, message({ type: "start", messageId: "m" })],
  [null, message({ status: "retrieving documents" })],
  [null, message({ type: "ping" }, "ping")],
  [null, message({ task_id: "t" })],
  [null, message("hello")],
  [null, message("[1]")],
] as const)("tells %s by its first message, %j", (name, firstMessage) => {
  expect(detectDialect({ contentType: "text/event-stream", firstMessage })).toBe(name);
});

test.each([
  ["progress-json", { status: "processing", progress: 50, message: "Analyzing" }],
  ["progress-json", { type: "chunk", content: "a" }],
  ["openai-chat", { object: "chat.completion.chunk", choices: [] }],
  ["ollama", { message: { content: "a" }, done: false }],
  ["ollama", { status: "pulling manifest" }],
  ["ollama", { status: "pulling 8934d96d3f08", digest: "sha256:8934", total: 9 }],
  ["ollama", { model: "m", done: true, done_reason: "stop" }],
  [null, { task_id: "t" }],
] as const)("tells %s by the first of some lines of JSON, %j, whatever their type says", (name, line) => {
  const evidence = { contentType: "application/x-ndjson", firstMessage: message(line) };
  expect(detectDialect(evidence)).toBe(name);
});

test.each<[string, object[]]>([
  ["text-delta", [{ type: "text-delta", id: "0", delta: "Hello" }]],
  ["an error", [{ type: "error", errorText: "no" }]],
  ["finish", [{ type: "finish", finishReason: "stop" }]],
])("tells AI SDK after a bare start by %s", (_name, parts) => {
  expect(toldBy({ type: "start" }, ...parts)).toBe("ai-sdk");
});

test("pieces of text after a bare start, and before [DONE], are read", () => {
  const token = (content: string) => ({ type: "token", content });
  expect(toldBy({ type: "start" }, token("Hel"))).toBe("progress-json");
  for (const pieces of [
    [{ type: "start" }, token("Hel"), token("lo")],
    ['"Hel"', '"lo"'],
  ]) {
    const decoder = dialects[toldBy(...pieces, "[DONE]") as "progress-json"].createDecoder();
    const parts = [...pieces, "[DONE]"].flatMap((data) => decoder.decode(message(data)));
    expect(outcomeOf(parts)).toMatchObject({ text: "Hello", isDone: true });
  }
});

test("tells a dialect by a header or the content type, before any message", () => {
  const headers = (name: string) => (name === "x-vercel-ai-ui-message-stream" ? "v1" : null);
  expect(detectDialect({ headers })).toBe("ai-sdk");
  expect(detectDialect({ contentType: "application/x-ndjson" })).toBe("ollama");
  expect(detectDialect({ contentType: "text/event-stream", headers: () => null })).toBeNull();
});

test("every dialect is kept under its own name", () => {
  for (const [name, dialect] of Object.entries(dialects)) expect(dialect.name).toBe(name);
});
