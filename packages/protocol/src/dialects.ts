export { agUiDialect } from "./dialects/ag-ui.js";
export { aiSdkDialect } from "./dialects/ai-sdk.js";
export { anthropicDialect } from "./dialects/anthropic.js";
export { cohereDialect } from "./dialects/cohere.js";
export { type DialectEvidence, detectDialect, dialects } from "./dialects/detect.js";
export type {
  Dialect,
  DialectDecoder,
  DialectMessage,
  DialectName,
  DialectPart,
  FinishReason,
} from "./dialects/dialect.js";
export { geminiDialect } from "./dialects/gemini.js";
export { langgraphDialect } from "./dialects/langgraph.js";
export { ollamaDialect } from "./dialects/ollama.js";
export { openaiChatDialect } from "./dialects/openai-chat.js";
export { openaiResponsesDialect } from "./dialects/openai-responses.js";
export { progressJsonDialect } from "./dialects/progress-json.js";
export { textDialect } from "./dialects/text.js";
export {
  type ClassifiedError,
  classifyUpstreamError,
  type UpstreamFailure,
} from "./dialects/upstream-error.js";
