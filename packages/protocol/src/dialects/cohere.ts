import type { Usage } from "../events.js";
import { broken, createDecoder, type DialectReader, type Emit, emitText, failure } from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { countOf, defined, type Fields, fieldsOf, isFields, itemsOf, numberOf, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createToolCalls } from "./tool-calls.js";
import { createUsage } from "./usage.js";

/** Cohere's chat, version 2. */
export const cohereDialect: Dialect = {
  name: "cohere",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
};

/** An answer that was not streamed: nobody else puts the message itself beside its finish reason. */
export function isCohereAnswer({ finish_reason, message }: Fields): boolean {
  return typeof finish_reason === "string" && isFields(message) && message["role"] === "assistant";
}

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  let plan = "";

  function readContent(content: Fields): void {
    emitText(emit, content["thinking"], "reasoning");
    emitText(emit, content["text"]);
  }

  /** Despite its name an object: one call, or one fragment of it. */
  function readToolCall(key: number, call: Fields): void {
    const { name, arguments: written } = fieldsOf(call["function"]);
    tools.open(key, stringOf(call["id"]), stringOf(name));
    tools.append(key, written);
  }

  function readEnd(delta: Fields): void {
    if (plan !== "") emit({ type: "custom", name: "tool-plan", value: plan });
    tools.closeAll();
    updateUsage(usageOf(fieldsOf(delta["usage"])));
    const raw = stringOf(delta["finish_reason"]);
    if (raw === "TIMEOUT") emit(broken("upstream_timeout", raw));
    else if (raw === "ERROR") emit(failure(delta["error"] ?? raw));
    else if (raw !== "") emit({ type: "finish", reason: finishReasonOf(raw), raw });
    emit({ type: "done" });
  }

  function readWhole(message: Fields, answer: Fields): void {
    emitText(emit, message["content"]);
    for (const content of itemsOf(message["content"])) readContent(fieldsOf(content));
    plan = stringOf(message["tool_plan"]);
    itemsOf(message["tool_calls"]).forEach((call, index) => {
      readToolCall(index, fieldsOf(call));
    });
    readEnd(answer);
  }

  return {
    read(json) {
      const event = fieldsOf(json);
      const delta = fieldsOf(event["delta"]);
      const message = fieldsOf(delta["message"]);
      const index = numberOf(event["index"]) ?? 0;
      switch (event["type"]) {
        case "content-start":
        case "content-delta":
          readContent(fieldsOf(message["content"]));
          return true;
        case "tool-plan-delta":
          plan += stringOf(message["tool_plan"]);
          return true;
        case "tool-call-start":
        case "tool-call-delta":
          readToolCall(index, fieldsOf(message["tool_calls"]));
          return true;
        case "tool-call-end":
          tools.close(index);
          return true;
        case "message-end":
          readEnd(delta);
          return true;
        case "message-start":
        case "content-end":
        case "citation-start":
        case "citation-end":
          return true;
        default: {
          if (isCohereAnswer(event)) {
            readWhole(fieldsOf(event["message"]), event);
            return true;
          }
          const isError = event["type"] === undefined && typeof event["message"] === "string";
          if (isError || event["error"]) emit(failure(event));
          return false;
        }
      }
    },
    isComplete: () => false,
  };
}

function usageOf(usage: Fields): Usage {
  const tokens = fieldsOf(usage["tokens"]);
  return defined<Usage>({
    inputTokens: countOf(tokens["input_tokens"]),
    outputTokens: countOf(tokens["output_tokens"]),
    cachedInputTokens: countOf(usage["cached_tokens"]),
  });
}
