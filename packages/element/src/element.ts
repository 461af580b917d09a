export type { StreamChunk, StreamSource } from "./client/consumption.js";
export type { HeadersSource, Session, SessionOptions, SessionStatus } from "./client/session.js";
export { AiProgressStream } from "./element/ai-progress-stream.js";
export type { AnnounceMode } from "./element/announcer.js";
export {
  AiBeforeStartEvent,
  AiCancelEvent,
  AiDoneEvent,
  AiErrorEvent,
  AiProgressEvent,
  AiReconnectEvent,
  AiRunEvent,
  AiStageEvent,
  AiStartEvent,
  AiStateEvent,
  AiTextEvent,
  type ElementState,
} from "./element/events.js";
export type { Label, Labels } from "./element/labels/labels.js";
export { registerLabels } from "./element/labels/registry.js";
export type { ElementDialect } from "./element/properties.js";
export type { StagesView } from "./element/view.js";
