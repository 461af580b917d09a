import type { Usage } from "../events.js";
import { createDecoder, type DialectReader, decodeWhole, type Emit, emitText, failure } from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { countOf, defined, fieldsOf, firstString, isFields, itemsOf, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createToolCalls } from "./tool-calls.js";
import { createUsage } from "./usage.js";

/** Ollama's own interface, one JSON object a line: /api/chat, /api/generate, and the progress of /api/pull. */
export const ollamaDialect: Dialect = {
  name: "ollama",
  framing: "ndjson",
  createDecoder: () => createDecoder(createReader),
  decodeJson: (body) => decodeWhole(createReader, body),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  let toolCount = 0;

  function readText(text: unknown, thought: unknown): void {
    emitText(emit, thought, "reasoning");
    emitText(emit, text);
  }

  /** Calls come whole, their arguments as an object. */
  function readToolCall(value: unknown): void {
    const call = fieldsOf(value);
    const { name, arguments: written } = fieldsOf(call["function"]);
    const key = toolCount++;
    tools.open(key, stringOf(call["id"]), stringOf(name));
    tools.set(key, written);
    tools.close(key);
  }

  return {
    read(json) {
      const line = fieldsOf(json);
      const { message, response, done, error, status, total, completed } = line;
      if (error) {
        emit(failure(line));
        return true;
      }
      if (isFields(message)) {
        readText(message["content"], message["thinking"]);
        itemsOf(message["tool_calls"]).forEach(readToolCall);
      } else {
        readText(response, line["thinking"]);
      }
      if (typeof status === "string") {
        const amount = { completed: countOf(completed), total: countOf(total) };
        const unit = amount.total === undefined ? {} : { unit: "bytes" };
        emit({ type: "progress", message: status, ...defined(amount), ...unit });
        if (status === "success") emit({ type: "done" });
      }
      if (done === true) {
        const raw = firstString(line["done_reason"], "stop");
        updateUsage(
          defined<Usage>({
            inputTokens: countOf(line["prompt_eval_count"]),
            outputTokens: countOf(line["eval_count"]),
          }),
        );
        const reason = finishReasonOf(raw);
        emit({ type: "finish", reason: reason === "stop" && toolCount > 0 ? "tool_calls" : reason, raw });
        emit({ type: "done" });
      }
      // A message that is a sentence is somebody else's
      return isFields(message) || [typeof response, typeof status].includes("string") || done !== undefined;
    },
    isComplete: () => false,
  };
}
