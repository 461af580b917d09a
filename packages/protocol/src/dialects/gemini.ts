import type { Usage } from "../events.js";
import {
  broken,
  createDecoder,
  type DialectReader,
  decodeWhole,
  type Emit,
  emitText,
  failure,
} from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { countOf, defined, type Fields, fieldsOf, isFields, itemsOf, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createToolCalls } from "./tool-calls.js";
import { createUsage } from "./usage.js";

/**
 * Google's Gemini, with `alt=sse`, from the Gemini API or Vertex. Nothing marks the end of its stream: it is
 * complete if a finish reason was seen when the connection ends, and some models send one with every chunk.
 */
export const geminiDialect: Dialect = {
  name: "gemini",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
  /** Takes also the JSON array of chunks that comes without `alt=sse`. */
  decodeJson: (body) => decodeWhole(createReader, body),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  let finish = "";
  let isBlocked = false;
  let hasText = false;
  let toolCount = 0;
  /** Arguments that come in pieces (Gemini 3), by their JSON path; null where none are coming. */
  let pieces: Map<string, unknown> | null = null;

  function readPart(part: Fields): void {
    const { text, thought, functionCall } = part;
    emitText(emit, text, thought === true ? "reasoning" : undefined);
    hasText ||= thought !== true && stringOf(text) !== "";
    if (isFields(functionCall)) readFunctionCall(functionCall);
  }

  function readFunctionCall(call: Fields): void {
    if (pieces === null) toolCount++;
    tools.open(toolCount, stringOf(call["id"]), stringOf(call["name"]));
    for (const value of itemsOf(call["partialArgs"])) readPiece(fieldsOf(value));
    pieces ??= call["willContinue"] === true ? new Map() : null;
    if (call["willContinue"] === true) return;
    tools.set(toolCount, pieces ? Object.fromEntries(pieces) : fieldsOf(call["args"]));
    pieces = null;
    tools.close(toolCount);
  }

  function readPiece(piece: Fields): void {
    pieces ??= new Map();
    const path = stringOf(piece["jsonPath"]).replace(/^\$\./, "");
    const { stringValue, numberValue, boolValue } = piece;
    const before = pieces.get(path);
    const value =
      typeof stringValue === "string" ? stringOf(before) + stringValue : (numberValue ?? boolValue);
    pieces.set(path, value ?? null);
  }

  function readChunk(chunk: Fields): boolean {
    const { candidates, usageMetadata, promptFeedback, error } = chunk;
    for (const item of itemsOf(candidates)) {
      const { index, content, finishReason } = fieldsOf(item);
      if (index) continue;
      for (const part of itemsOf(fieldsOf(content)["parts"])) readPart(fieldsOf(part));
      finish = stringOf(finishReason) || finish;
    }
    if (isFields(usageMetadata)) updateUsage(usageOf(usageMetadata));
    const blocked = stringOf(fieldsOf(promptFeedback)["blockReason"]);
    if (blocked !== "") {
      isBlocked = true;
      finish = blocked;
    }
    if (error) emit(failure(chunk));
    return Boolean(candidates || usageMetadata || promptFeedback || error);
  }

  return {
    read: (json) =>
      (Array.isArray(json) ? json : [json]).map((chunk) => readChunk(fieldsOf(chunk))).some(Boolean),
    isComplete: () => finish !== "",
    close() {
      tools.closeAll();
      if (finish === "") return;
      const reason = isBlocked ? "content_filter" : finishReasonOf(finish);
      emit({
        type: "finish",
        reason: reason === "stop" && toolCount > 0 ? "tool_calls" : reason,
        raw: finish,
      });
      // MALFORMED_FUNCTION_CALL, OTHER: with nothing said, no answer stops so
      if (reason === "other" && !hasText && toolCount === 0) emit(broken("upstream_malformed", finish));
    },
  };
}

/** Cumulative, on every chunk: real counts while the answer is being written. */
function usageOf(counted: Fields): Usage {
  const candidates = countOf(counted["candidatesTokenCount"]);
  const thoughts = countOf(counted["thoughtsTokenCount"]);
  return defined<Usage>({
    inputTokens: countOf(counted["promptTokenCount"]),
    outputTokens: (candidates ?? thoughts) === undefined ? undefined : (candidates ?? 0) + (thoughts ?? 0),
    cachedInputTokens: countOf(counted["cachedContentTokenCount"]),
    reasoningTokens: thoughts,
  });
}
