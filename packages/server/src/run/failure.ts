import { type ErrorCode, errorDescriptions } from "@ai-progress-stream/protocol";

export interface RunFailureOptions extends ErrorOptions {
  /** Whether the same request may succeed later. @defaultValue that of the code */
  readonly retryable?: boolean;
  /** How long to wait before, in milliseconds. What is no time (NaN, infinite, negative) is left out. */
  readonly retryAfterMs?: number;
}

/**
 * Thrown by a job: the run ends as failed with this code and this message, and the viewer reads the message as
 * it stands. Whatever else a job throws is shown as a fixed sentence; `cause` is logged and never shown.
 */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message?: string, options: RunFailureOptions = {}) {
    const description = errorDescriptions[code];
    super(message ?? description.message, options);
    this.code = code;
    this.retryable = options.retryable ?? description.retryable;
    this.retryAfterMs = timeOf(options.retryAfterMs);
  }
}

/** A wait as a viewer can be told of it, if it is one. */
export const timeOf = (ms: number | undefined): number | undefined =>
  Number.isFinite(ms) && (ms as number) >= 0 ? ms : undefined;

/** Whether a value is a {@link RunFailure}, one of another copy of this package included. */
export const isRunFailure = (value: unknown): value is RunFailure =>
  value instanceof Error &&
  value.name === "RunFailure" &&
  Object.hasOwn(errorDescriptions, (value as RunFailure).code);
