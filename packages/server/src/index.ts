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
export type { Clock } from "./clock.js";
export type { InputSchema } from "./http/schema.js";
export type { Logger } from "./logger.js";
export {
  createProgressServer,
  type Limits,
  type ProgressServer,
  type ProgressServerOptions,
  type RelayOptions,
  type TaskOptions,
} from "./progress-server.js";
export type { QueuedJob, QueuedTaskOptions } from "./queued-task.js";
export { isRunFailure, RunFailure, type RunFailureOptions } from "./run/failure.js";
export type { Job, JobContext, Reporter, StageReporter } from "./run/job.js";
export type { RunHooks, RunInfo } from "./run/producer.js";
export type { RunOutcome } from "./run/runner.js";
export { type MemoryStoreOptions, memoryStore } from "./store/memory.js";
export {
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
export { type OpenaiChatOptions, openaiChat } from "./upstream/openai-chat.js";
export type {
  ChatMessage,
  ModelAnswer,
  ModelRequest,
  Provider,
  UpstreamRequest,
} from "./upstream/provider.js";
export type { UpstreamTimeouts } from "./upstream/timeouts.js";
export {
  createProgressWorker,
  type PerformOptions,
  type PerformOutcome,
  type ProgressWorker,
  type ProgressWorkerOptions,
} from "./worker.js";
