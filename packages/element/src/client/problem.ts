import {
  type ErrorCode,
  errorDescriptions,
  isErrorCode,
  isInputIssues,
  runError,
} from "@ai-progress-stream/protocol";
import { type RetryAdvice, StreamFailure, unreadable } from "./failure.js";

/** An answer that should be short is read no further than this. */
const MAX_TEXT_BYTES = 64 * 1024;

/** The media type of an answer without its parameters, in lower case; empty where it names none. */
export const mediaTypeOf = (response: Response): string =>
  (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const isJson = (mediaType: string): boolean =>
  mediaType === "application/json" || mediaType.endsWith("+json");

/** A text that is no page. */
export const isPlainText = (mediaType: string): boolean => /^text\/(?!html$)/.test(mediaType);

/** Why an answer is not the stream that was asked for. */
export async function refusalOf(response: Response, now: number): Promise<StreamFailure> {
  const { status } = response;
  const mediaType = mediaTypeOf(response);
  if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
    return unreadable(
      "The server answered with a redirect, which is not followed. Use the address it leads to.",
    );
  }
  if (status === 204) {
    return refused("protocol_error", "never", status, {
      message: "The server answered with nothing at all.",
    });
  }
  if (response.ok) return noStream(mediaType);
  return errorStatus(response, mediaType, now);
}

export function noStream(mediaType: string): StreamFailure {
  const came = `The server answered with ${mediaType || "no content type"} instead of an event stream.`;
  const isAnswer = isPlainText(mediaType);
  return unreadable(
    `${came} ${isAnswer ? 'If that is the answer, say so by dialect="text".' : "Check the address."}`,
  );
}

const refused = (
  code: ErrorCode,
  retry: RetryAdvice,
  status: number,
  details: Parameters<typeof runError>[1] = {},
): StreamFailure => new StreamFailure("refused", runError(code, details), { retry, status });

async function errorStatus(response: Response, mediaType: string, now: number): Promise<StreamFailure> {
  const { status } = response;
  const problem = isJson(mediaType) ? fieldsOf(await readText(response)) : {};
  const known = isErrorCode(problem["code"]) ? problem["code"] : null;
  const code = known ?? codeOf(status);
  // Only problem+json is written for people; other JSON may quote anything.
  const isProblem = known !== null || mediaType === "application/problem+json";
  const words = isProblem ? [problem["detail"], problem["title"]].find(isText) : undefined;
  const retryable =
    typeof problem["retryable"] === "boolean" ? problem["retryable"] : errorDescriptions[code].retryable;
  const retryAfterMs = retryAfter(response, problem["retryAfterMs"], now);
  const { issues } = problem;
  const requestId = [problem["requestId"], response.headers.get("x-request-id")].find(isText);
  return refused(code, isTransient(status) && retryable ? "later" : "never", status, {
    retryable,
    ...(words === undefined ? {} : { message: words }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(isInputIssues(issues) ? { issues } : {}),
  });
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const isTransient = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return "invalid_input";
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 409:
      return "conflict";
    case 410:
      return "run_lost";
    case 429:
      return "rate_limited";
    case 408:
    case 425:
    case 502:
    case 503:
    case 504:
      return "overloaded";
    default:
      return status >= 500 ? "internal" : "protocol_error";
  }
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3), or the problem's own number, whichever is longer. */
function retryAfter(response: Response, ownMs: unknown, now: number): number | null {
  const header = response.headers.get("retry-after")?.trim() ?? "";
  const headerMs = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  const given = [headerMs, ownMs].filter(
    (ms): ms is number => typeof ms === "number" && Number.isFinite(ms) && ms >= 0,
  );
  return given.length > 0 ? Math.max(...given) : null;
}

/** The fields of a JSON object; empty where the text is none. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The start of a short answer as text. */
export async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  for (let length = 0; length < MAX_TEXT_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}
