export type {
  Dialect,
  DialectDecoder,
  DialectMessage,
  DialectName,
  DialectPart,
  FinishReason,
} from "./dialects/dialect.js";
