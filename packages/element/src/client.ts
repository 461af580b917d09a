export type { BackoffOptions } from "./client/backoff.js";
export type { Clock } from "./client/clock.js";
export type { StreamChunk, StreamSource } from "./client/consumption.js";
export { autoDialect, type DialectDetector } from "./client/dialect-choice.js";
export { type LazyDialect, lazyDialect, type SessionDialect } from "./client/lazy-dialect.js";
export { sessionPersistence } from "./client/persistence.js";
export {
  createSession,
  type HeadersSource,
  type PersistedSession,
  type Retry,
  type Session,
  type SessionOptions,
  type SessionPersistence,
  type SessionPhase,
  type SessionStatus,
} from "./client/session.js";
