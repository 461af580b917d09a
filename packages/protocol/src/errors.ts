/** Every way a run can fail, a closed set. On the wire an error is one of these and its fixed sentence. */
export type ErrorCode =
  | "invalid_input"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "rate_limited"
  | "overloaded"
  | "quota_exceeded"
  | "content_filtered"
  | "output_limit"
  | "upstream_rejected"
  | "upstream_unavailable"
  | "upstream_timeout"
  | "upstream_malformed"
  | "upstream_truncated"
  | "producer_lost"
  | "run_lost"
  | "protocol_error"
  | "internal";

/** What is fixed about a code. */
export interface ErrorDescription {
  /** One sentence for a person. It never holds a word of an upstream's. */
  readonly message: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

const describe = (message: string, retryable: boolean): ErrorDescription => ({ message, retryable });

/** The fixed sentence of every code, and whether trying again makes sense. */
export const errorDescriptions: Readonly<Record<ErrorCode, ErrorDescription>> = {
  invalid_input: describe("The request is not valid. Check the input and try again.", false),
  unauthorized: describe("You need to sign in to do this.", false),
  forbidden: describe("You are not allowed to do this.", false),
  not_found: describe("There is no such run.", false),
  conflict: describe("This key was already used for another request.", false),
  rate_limited: describe("The model is rate limited. Try again in a moment.", true),
  overloaded: describe("The service is busy. Try again in a moment.", true),
  quota_exceeded: describe("The service has used up its quota.", false),
  content_filtered: describe("The answer was stopped by a content filter.", false),
  output_limit: describe("The answer reached its length limit.", false),
  upstream_rejected: describe("The model service refused the request.", false),
  upstream_unavailable: describe("The model service cannot be reached. Try again.", true),
  upstream_timeout: describe("The model service took too long to answer. Try again.", true),
  upstream_malformed: describe("The model service gave an answer that cannot be read.", true),
  upstream_truncated: describe("The answer broke off before its end. Try again.", true),
  producer_lost: describe("The process that worked on this run has stopped. Try again.", true),
  run_lost: describe("This run is no longer known. Start it again.", true),
  protocol_error: describe("The server sent something that is not a progress stream.", true),
  internal: describe("Something went wrong on the server. Try again.", true),
};

/** Whether a value is one of the closed set of codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorDescriptions, value);
}

/** One thing that is wrong with an input, as a Standard Schema reports it. */
export interface InputIssue {
  readonly message: string;
  /** Where, from the outside in: `["messages", 0, "role"]`. Absent: the whole input. */
  readonly path?: readonly (string | number)[];
}

/** An error as data: how a failed run carries it on the wire and in its state. */
export interface RunError {
  readonly code: ErrorCode;
  /** One sentence for a person: the fixed one of the code, or one that the application wrote itself. */
  readonly message: string;
  readonly retryable: boolean;
  /** How long to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Names the failure in the server's log. Absent where no server was reached. */
  readonly requestId?: string;
  /** Of `invalid_input`: what is wrong, field by field. */
  readonly issues?: readonly InputIssue[];
}

/** Builds a {@link RunError} from its code: fixed sentence, fixed `retryable`, unless told otherwise. */
export function runError(code: ErrorCode, details: Partial<Omit<RunError, "code">> = {}): RunError {
  const { message, retryable } = errorDescriptions[code];
  return { code, message, retryable, ...details };
}
