export type {
  CancelReason,
  ErrorCode,
  LoggedEvent,
  ProgressAmount,
  RunError,
  RunState,
  StagePlan,
  Usage,
} from "@ai-progress-stream/protocol";
export {
  type Dialect,
  type DialectDecoder,
  type DialectMessage,
  type DialectName,
  type DialectPart,
  dialects,
  type FinishReason,
} from "@ai-progress-stream/protocol/dialects";
export type { Clock } from "./clock.js";
export type { CorsOptions } from "./http/cors.js";
export type { InputSchema } from "./http/schema.js";
export type { Logger } from "./logger.js";
export type {
  Limits,
  ModelChoice,
  ProgressServerOptions,
  ProxyOptions,
  RelayOptions,
  TaskOptions,
} from "./options.js";
export { createProgressServer, type ProgressServer } from "./progress-server.js";
export type { QueuedJob, QueuedTaskOptions } from "./queued-task.js";
export { isRunFailure, RunFailure, type RunFailureOptions } from "./run/failure.js";
export type { Job, JobContext, Reporter, StageReporter } from "./run/job.js";
export type { RunHooks, RunInfo } from "./run/producer.js";
export type { RunOutcome } from "./run/runner.js";
export { type MemoryStoreOptions, memoryStore } from "./store/memory.js";
export {
  type Answer,
  type ClaimOutcome,
  type CreateOutcome,
  type NewRun,
  type Orders,
  type Page,
  type QueuedEvent,
  type RunClaim,
  type RunOwner,
  type RunRecord,
  type RunStore,
  StoreError,
  type StoreErrorCode,
} from "./store/run-store.js";
export { type AnthropicMessagesOptions, anthropicMessages } from "./upstream/anthropic-messages.js";
export { type GeminiOptions, gemini } from "./upstream/gemini.js";
export { type OllamaOptions, ollama } from "./upstream/ollama.js";
export { type OpenaiChatOptions, openaiChat } from "./upstream/openai-chat.js";
export { type OpenaiResponsesOptions, openaiResponses } from "./upstream/openai-responses.js";
export type { Pricing } from "./upstream/pricing.js";
export type {
  AnswerOptions,
  CallOptions,
  ChatMessage,
  ModelAnswer,
  ModelRequest,
  Provider,
  StreamDialect,
  UpstreamRequest,
} from "./upstream/provider.js";
export type { ProxyEvent, ProxyRequest, ProxyRequestSource, ProxyRules } from "./upstream/proxy.js";
export type { RetryNotice } from "./upstream/retry.js";
export type { ServiceOptions } from "./upstream/service.js";
export type { UpstreamTimeouts } from "./upstream/timeouts.js";
export {
  createProgressWorker,
  type PerformOptions,
  type PerformOutcome,
  type ProgressWorker,
  type ProgressWorkerOptions,
} from "./worker.js";
