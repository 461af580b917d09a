import { type ErrorCode, errorDescriptions } from "@ai-progress-stream/protocol";

export interface RunFailureOptions extends ErrorOptions {
  /** Whether the same request may succeed later. @defaultValue that of the code */
  readonly retryable?: boolean;
  /** How long to wait before, in milliseconds. */
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
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether a value is a {@link RunFailure}, one of another copy of this package included. */
export const isRunFailure = (value: unknown): value is RunFailure =>
  value instanceof Error &&
  value.name === "RunFailure" &&
  Object.hasOwn(errorDescriptions, (value as RunFailure).code);
