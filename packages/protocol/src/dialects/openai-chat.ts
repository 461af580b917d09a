import {
  createDecoder,
  type DialectReader,
  decodeWhole,
  type Emit,
  emitCancelled,
  emitText,
  failure,
} from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { countOf, entryOf, type Fields, fieldsOf, isFields, itemsOf, numberOf, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createToolCalls, type ToolKey } from "./tool-calls.js";
import { isBareError } from "./upstream-error.js";
import { createUsage, readOpenaiUsage } from "./usage.js";

/** Finish reasons that are failures: OpenRouter's and Mistral's, Z.ai's, DeepSeek's. */
const failures: Readonly<Record<string, object>> = {
  error: { message: "the provider finished with an error" },
  network_error: { type: "server_error", message: "the provider finished with network_error" },
  insufficient_system_resource: {
    type: "overloaded",
    message: "the provider finished with insufficient_system_resource",
  },
};

/** OpenAI's Chat Completions, and the many services that speak it more or less. */
export const openaiChatDialect: Dialect = {
  name: "openai-chat",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
  decodeJson: (body) => decodeWhole(createReader, body),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  let hasFinished = false;
  let hasText = false;
  let isReadingPrompt = false;
  /** Whether deltas came: a whole message after them repeats what they held. */
  let isStreamed = false;
  let lastTool: ToolKey = 0;
  /** The call that was opened last at each index. */
  const toolAt = new Map<number, ToolKey>();
  /** Where an id was first used. */
  const indexOf = new Map<string, number>();

  function readDelta(delta: Fields): void {
    const { content, reasoning_content, reasoning, refusal, tool_calls, function_call } = delta;
    // Both names for the same words: some servers fill both
    const thought = stringOf(reasoning_content) || stringOf(reasoning);
    isStreamed ||= thought !== "";
    emitText(emit, thought, "reasoning");
    if (typeof content === "string") readText(content);
    else if (Array.isArray(content)) content.forEach(readContentPart);
    // Snowflake sends an empty one on every chunk
    if (typeof refusal === "string") readText(refusal);
    if (Array.isArray(tool_calls)) for (const call of tool_calls) readToolCall(fieldsOf(call));
    else if (isFields(function_call)) readToolCall({ function: function_call });
  }

  function readText(delta: string): void {
    if (delta === "") return;
    hasText = isStreamed = true;
    emit({ type: "text", delta });
  }

  /** Mistral: content is a list of texts and thoughts. */
  function readContentPart(part: unknown): void {
    const { text, thinking } = fieldsOf(part);
    readText(stringOf(text));
    for (const thought of itemsOf(thinking)) {
      emitText(emit, fieldsOf(thought)["text"], "reasoning");
    }
  }

  function readToolCall(call: Fields): void {
    const { name, arguments: fragment } = fieldsOf(call["function"]);
    const id = stringOf(call["id"]);
    isStreamed = true;
    lastTool = toolKey(numberOf(call["index"]), id, stringOf(name));
    tools.open(lastTool, id, stringOf(name));
    if (typeof fragment === "string") tools.append(lastTool, fragment);
    else tools.set(lastTool, fragment);
  }

  /** Fragments belong together by index; some servers leave it out, some give 0 to every call, some one id to all. */
  function toolKey(index: number | undefined, id: string, name: string): ToolKey {
    if (index === undefined) return id || lastTool;
    const opened = toolAt.get(index);
    if (id !== "" && !indexOf.has(id)) indexOf.set(id, index);
    const isAnothers = name !== "" && (indexOf.get(id) ?? index) !== index;
    const isById = id !== "" && !isAnothers && (name !== "" || opened === undefined);
    const key = isById ? id : isAnothers ? index : (opened ?? index);
    toolAt.set(index, key);
    return key;
  }

  function readFinish(raw: string): void {
    if (hasFinished) return;
    hasFinished = true;
    tools.closeAll();
    emit({ type: "finish", reason: finishReasonOf(raw), raw });
  }

  /** llama.cpp tells how much of the prompt it has read. */
  function readPromptProgress(progress: Fields): void {
    const total = countOf(progress["total"]);
    const completed = countOf(progress["processed"]);
    if (total === undefined || completed === undefined) return;
    const stage = "prompt";
    if (!isReadingPrompt) {
      emit({ type: "stage", stage, status: "running", label: "Reading the prompt", weight: 0 });
    }
    isReadingPrompt = completed < total;
    emit({ type: "progress", stage, completed, total, unit: "tokens" });
    if (!isReadingPrompt) emit({ type: "stage", stage, status: "done" });
  }

  return {
    read(json) {
      const chunk = fieldsOf(json);
      const { choices, error, x_groq, prompt_progress } = chunk;
      let counted = chunk["usage"] ?? (x_groq && fieldsOf(x_groq)["usage"]);
      let failed: unknown = error ?? (!Array.isArray(choices) && isRefusal(chunk) ? chunk : undefined);
      for (const item of itemsOf(choices)) {
        const choice = fieldsOf(item);
        const { delta, message, finish_reason } = choice;
        if (choice["index"]) continue;
        if (isFields(delta)) readDelta(delta);
        else if (!hasText && isFields(message))
          readDelta(isStreamed ? { content: withoutThoughts(message["content"]) } : message);
        // The older /completions
        else if (typeof choice["text"] === "string") readText(choice["text"]);
        failed ??= choice["error"];
        // Moonshot
        counted ??= choice["usage"];
        if (typeof finish_reason === "string" && !/^(null)?$/.test(finish_reason)) {
          const cause = entryOf(failures, finish_reason);
          failed ??= cause;
          // vLLM and SGLang, where a request was called off
          if (finish_reason === "abort") emitCancelled(emit, finish_reason);
          else if (!cause) readFinish(finish_reason);
        }
      }
      if (isFields(prompt_progress)) readPromptProgress(prompt_progress);
      if (isFields(counted)) updateUsage(readOpenaiUsage(counted));
      // Last: OpenRouter puts it beside choices and usage
      if (failed) emit(failure({ error: failed }));
      return Boolean(choices || counted || failed || prompt_progress);
    },
    isComplete: () => hasFinished,
    close: tools.closeAll,
  };
}

/** Of a message after deltas: its thoughts have been streamed. */
const withoutThoughts = (content: unknown): unknown =>
  Array.isArray(content) ? content.map((part) => ({ text: fieldsOf(part)["text"] })) : content;

/** The errors of FastChat, MiniMax, Qianfan and vLLM; FastAPI's is a detail and nothing else. */
const isRefusal = (chunk: Fields): boolean =>
  chunk["object"] === "error" ||
  (Object.keys(chunk).length === 1 && stringOf(chunk["detail"]) !== "") ||
  isBareError(chunk);
