import { agUiDialect } from "./ag-ui.js";
import { aiSdkDialect } from "./ai-sdk.js";
import { anthropicDialect } from "./anthropic.js";
import { cohereDialect, isCohereAnswer } from "./cohere.js";
import type { Dialect, DialectMessage, DialectName } from "./dialect.js";
import { type Fields, isFields, parseJson, stringOf } from "./fields.js";
import { geminiDialect } from "./gemini.js";
import { langgraphDialect } from "./langgraph.js";
import { ollamaDialect } from "./ollama.js";
import { openaiChatDialect } from "./openai-chat.js";
import { openaiResponsesDialect } from "./openai-responses.js";
import { progressJsonDialect } from "./progress-json.js";
import { textDialect } from "./text.js";

/** Every dialect by its name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  "openai-chat": openaiChatDialect,
  "openai-responses": openaiResponsesDialect,
  anthropic: anthropicDialect,
  gemini: geminiDialect,
  ollama: ollamaDialect,
  "ai-sdk": aiSdkDialect,
  "ag-ui": agUiDialect,
  cohere: cohereDialect,
  langgraph: langgraphDialect,
  "progress-json": progressJsonDialect,
  text: textDialect,
};

/** What is known of a stream so far. */
export interface DialectEvidence {
  readonly contentType?: string | null;
  /** Reads a header of the answer by its lower-case name. */
  readonly headers?: (name: string) => string | null;
  /** The first message, or any later one where those before did not tell. */
  readonly firstMessage?: DialectMessage;
}

const agUi = /^(RUN|STEP|TEXT|TOOL|STATE|MESSAGES|ACTIVITY|REASONING|THINKING|CUSTOM)_[A-Z_]+$/;
const anthropic = /^(message_(start|delta|stop)|content_block_(start|delta|stop))$/;
const aiSdk =
  /^((start|finish|reset)-step|(text|reasoning)-(start|delta|end)|tool-(input|output)-.+|data-.+|message-metadata)$/;
const cohere =
  /^(message-(start|end)|content-(start|delta|end)|tool-plan-delta|tool-call-(start|delta|end))$/;
const langgraph = /^(values|updates|messages(\/\w+)?|checkpoints|lifecycle)(\||$)/;

/**
 * Tells the language of a stream from its headers or its first message: a dialect, `"run"` for our own protocol,
 * or null as long as nothing is certain (ask again with the next message). Lines of JSON are Ollama's only as long
 * as there is no message to look at.
 */
export function detectDialect(evidence: DialectEvidence): DialectName | "run" | null {
  const { contentType, headers, firstMessage } = evidence;
  if (headers?.("x-vercel-ai-ui-message-stream")) return "ai-sdk";
  if (!firstMessage) return /ndjson|jsonl|json-lines|stream\+json/i.test(contentType ?? "") ? "ollama" : null;
  const { data, event } = firstMessage;
  // Whatever came before it was of no language that is known
  if (data === "[DONE]") return "progress-json";
  const json = parseJson(data);
  if (event !== undefined && langgraph.test(event) && typeof json === "object") return "langgraph";
  return isFields(json) ? dialectOf(json, event ?? "") : null;
}

function dialectOf(fields: Fields, event: string): DialectName | "run" | null {
  const type = stringOf(fields["type"]);
  const object = stringOf(fields["object"]);
  if (event === "open" && "protocol" in fields && "run" in fields) return "run";
  if (Array.isArray(fields["choices"]) || isChatCompletion(fields, object)) return "openai-chat";
  if (type.startsWith("response.") || object === "response") return "openai-responses";
  if (anthropic.test(type)) return "anthropic";
  if ("candidates" in fields || "promptFeedback" in fields || "usageMetadata" in fields) return "gemini";
  if (agUi.test(type)) return "ag-ui";
  if (cohere.test(type) || isCohereAnswer(fields)) return "cohere";
  if (aiSdk.test(type) || isAiSdkFrame(fields, type) || (type === "error" && "errorText" in fields))
    return "ai-sdk";
  if (event === "metadata" && "run_id" in fields) return "langgraph";
  if (isOllama(fields) || isPull(fields)) return "ollama";
  // An error alone: the decoders of the providers all read it the same way
  if (isFields(fields["error"])) return type === "error" ? "anthropic" : "openai-chat";
  return progressJsonDialect.createDecoder().decode({ event, data: JSON.stringify(fields) }).length > 0
    ? "progress-json"
    : null;
}

/** The first and the last part of AI SDK have types that anyone might use: only with what else is its own. */
const isAiSdkFrame = (fields: Fields, type: string): boolean =>
  /^(start|finish)$/.test(type) &&
  ("messageMetadata" in fields || (type === "finish" && "finishReason" in fields)) &&
  hasOnly(fields, ["type", "messageId", "messageMetadata", "finishReason"]);

/** ERNIE calls so what holds its pieces in `result`. */
const isChatCompletion = (fields: Fields, object: string): boolean =>
  object.startsWith("chat.completion") && typeof fields["result"] !== "string";

const isOllama = (fields: Fields): boolean =>
  typeof fields["done"] === "boolean" &&
  (isFields(fields["message"]) ||
    ("model" in fields &&
      (typeof fields["response"] === "string" || "done_reason" in fields || "eval_count" in fields)));

/** So does Ollama speak of a model that it pulls or pushes. */
const isPull = (fields: Fields): boolean =>
  /^((pulling|pushing|retrieving) manifest$|(pulling|pushing) [\da-f]{8})/.test(stringOf(fields["status"])) &&
  hasOnly(fields, ["status", "digest", "total", "completed"]);

const hasOnly = (fields: Fields, keys: readonly string[]): boolean =>
  Object.keys(fields).every((key) => keys.includes(key));
