import { type DialectMessage, detectDialect, dialects } from "@ai-progress-stream/protocol/dialects";
import { expect, test } from "vitest";

const message = (data: object | string, event?: string): DialectMessage => ({
  event,
  data: typeof data === "string" ? data : JSON.stringify(data),
});

test.each([
  ["run", message({ protocol: 1, run: "r", status: "running" }, "open")],
  ["openai-chat", message({ object: "chat.completion.chunk", choices: [] })],
  ["openai-chat", message({ choices: [], prompt_filter_results: [] })],
  ["openai-chat", message({ error: { message: "no" } })],
  ["openai-chat", message("[DONE]")],
  ["openai-responses", message({ type: "response.created" }, "response.created")],
  ["anthropic", message({ type: "message_start", message: {} }, "message_start")],
  ["anthropic", message({ type: "error", error: { type: "overloaded_error" } }, "error")],
  ["gemini", message({ candidates: [] })],
  ["gemini", message({ promptFeedback: { blockReason: "SAFETY" } })],
  ["ai-sdk", message({ type: "start", messageId: "m" })],
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
  [null, { task_id: "t" }],
] as const)("tells %s by the first of some lines of JSON, %j, whatever their type says", (name, line) => {
  const evidence = { contentType: "application/x-ndjson", firstMessage: message(line) };
  expect(detectDialect(evidence)).toBe(name);
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
