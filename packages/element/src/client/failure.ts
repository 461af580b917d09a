import { type RunError, runError } from "@ai-progress-stream/protocol";

/**
 * What went wrong with an attempt. `refused`: the server said no. `unreachable`: no answer came.
 * `dropped`: the stream broke off. `closed`: it ended cleanly, but the run did not. `gap`: an event is missing.
 * `unreadable`: what came is not the protocol.
 */
export type FailureKind = "refused" | "unreachable" | "dropped" | "closed" | "gap" | "unreadable";

/** `now`: at once the first time, like `later` if it happens again. */
export type RetryAdvice = "never" | "later" | "now";

/** Why an attempt, or with `retry: "never"` the whole connection, came to nothing. */
export class StreamFailure extends Error {
  readonly kind: FailureKind;
  readonly error: RunError;
  readonly retry: RetryAdvice;
  /** HTTP status of the refusal, else 0. */
  readonly status: number;

  constructor(
    kind: FailureKind,
    error: RunError,
    details: { retry: RetryAdvice; status?: number; cause?: unknown },
  ) {
    super(error.message, { cause: details.cause });
    this.name = "StreamFailure";
    this.kind = kind;
    this.error = error;
    this.retry = details.retry;
    this.status = details.status ?? 0;
  }

  /** The same failure, given up for this reason. */
  giveUp(error: RunError = this.error): StreamFailure {
    return new StreamFailure(this.kind, error, { retry: "never", status: this.status, cause: this });
  }
}

/** What the client itself says of a failure, by name, so that a view can say it in its reader's language. */
export const ownSentences = {
  unreachable: "The server cannot be reached. Check the connection and try again.",
  unanswered: "The server does not answer. Try again.",
  connectionLost: "The connection to the server was lost. Check the connection and try again.",
  nowhere: "Nothing answers at this address. Check it.",
  silent: "The server has fallen silent. Try again.",
  unconfirmed: "The server did not confirm the cancellation. The run may still be going on.",
  unprepared: "The request could not be prepared. Try again.",
  incomplete: "The server left out a part of the run. Try again.",
  unloaded: "A part of this page could not be loaded. Reload the page and try again.",
} as const;

/** The closed set has no code of its own for "our server is away"; the sentence tells the two apart. */
const unreachableError = (message: string): RunError =>
  runError("upstream_unavailable", { message, retryable: true });

export const unreachable = (cause: unknown): StreamFailure =>
  new StreamFailure("unreachable", unreachableError(ownSentences.unreachable), { retry: "later", cause });

export const connectTimedOut = (): StreamFailure =>
  new StreamFailure("unreachable", unreachableError(ownSentences.unanswered), {
    retry: "later",
  });

export const unprepared = (cause: unknown): StreamFailure =>
  new StreamFailure("unreachable", runError("internal", { message: ownSentences.unprepared }), {
    retry: "later",
    cause,
  });

export const dropped = (cause: unknown): StreamFailure =>
  new StreamFailure("dropped", unreachableError(ownSentences.connectionLost), { retry: "later", cause });

export const closedEarly = (): StreamFailure =>
  new StreamFailure("closed", unreachableError(ownSentences.connectionLost), { retry: "later" });

export const fellSilent = (): StreamFailure =>
  new StreamFailure("dropped", unreachableError(ownSentences.silent), {
    retry: "now",
  });

/** Whether an attempt was ended for its silence. */
export const isSilence = ({ kind, retry }: StreamFailure): boolean => kind === "dropped" && retry === "now";

export const gapFound = (): StreamFailure =>
  new StreamFailure("gap", runError("protocol_error", { message: ownSentences.incomplete }), {
    retry: "now",
  });

export const unreadable = (message: string): StreamFailure =>
  new StreamFailure("unreadable", runError("protocol_error", { message }), { retry: "never" });

/** Asked again, some browsers give the same answer until the page is loaded anew. */
export const unloaded = (cause: unknown): StreamFailure => {
  console.warn("ai-progress-stream: the code that reads this server's language cannot be loaded.", cause);
  return new StreamFailure(
    "unreadable",
    runError("internal", {
      message: ownSentences.unloaded,
    }),
    { retry: "never", cause },
  );
};
