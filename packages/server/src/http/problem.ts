import type { ServerResponse } from "node:http";
import type { InputIssue } from "@ai-progress-stream/protocol";
import { type ErrorCode, errorDescriptions } from "@ai-progress-stream/protocol";
import { createRequestId } from "../request-id.js";

/** The status that stands for each code where it is an answer, before any stream. */
const statusByCode: Partial<Record<ErrorCode, number>> = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  run_lost: 410,
  rate_limited: 429,
  overloaded: 503,
  internal: 500,
};

export interface ProblemDetails {
  /** @defaultValue that of the code */
  readonly status?: number;
  /** What is wrong and what to do, in our own words. @defaultValue the fixed sentence of the code */
  readonly detail?: string;
  readonly retryAfterMs?: number;
  /** Of 405. */
  readonly allow?: string;
  /** Of 422: what the schema says, field by field. */
  readonly issues?: readonly InputIssue[];
}

/** An answer that refuses: thrown while a request is looked at, written as RFC 9457 `application/problem+json`. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ErrorCode;
  readonly details: ProblemDetails;

  constructor(code: ErrorCode, details: ProblemDetails = {}, options?: ErrorOptions) {
    super(details.detail ?? errorDescriptions[code].message, options);
    this.code = code;
    this.details = details;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Writes a problem, whole, and leaves the answer open; gives the request id that it was told under. */
export function writeProblem(res: ServerResponse, problem: Problem): string {
  const { code, message, details } = problem;
  const status = details.status ?? statusByCode[code] ?? 500;
  const requestId = createRequestId();
  const { retryAfterMs, allow, issues } = details;
  const body = JSON.stringify({
    type: "about:blank",
    title: titles[status] ?? "Error",
    status,
    detail: message,
    code,
    retryable: errorDescriptions[code].retryable,
    requestId,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(issues === undefined ? {} : { issues }),
  });
  res.writeHead(status, {
    "Content-Type": "application/problem+json; charset=utf-8",
    // By which a client knows that it has all of it, though the answer has not ended.
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(retryAfterMs === undefined ? {} : { "Retry-After": Math.ceil(retryAfterMs / 1000) }),
    ...(allow === undefined ? {} : { Allow: allow }),
  });
  res.write(body);
  return requestId;
}
