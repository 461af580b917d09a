export { dialects } from "./dialects/detect.js";
export type {
  Dialect,
  DialectDecoder,
  DialectMessage,
  DialectName,
  DialectPart,
  FinishReason,
} from "./dialects/dialect.js";
export { openaiChatDialect } from "./dialects/openai-chat.js";
export {
  type ClassifiedError,
  classifyUpstreamError,
  type UpstreamFailure,
} from "./dialects/upstream-error.js";
