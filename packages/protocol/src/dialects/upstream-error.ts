import { type ErrorCode, errorDescriptions } from "../errors.js";
import {
  type Fields,
  fieldsOf,
  firstString,
  isFields,
  itemsOf,
  numberOf,
  parseJson,
  stringOf,
} from "./fields.js";

/** What an upstream answered instead of what was asked for. */
export interface UpstreamFailure {
  /** The HTTP status. Absent (or a success): the error stood inside an accepted answer. */
  readonly status?: number;
  /** The body as parsed JSON, or as the text that it was. */
  readonly body: unknown;
  /** Reads a header by its lower-case name. */
  readonly headers?: (name: string) => string | null;
  /**
   * What a Retry-After date is measured from, in milliseconds since the epoch.
   * @defaultValue the answer's own `Date` header, else the clock
   */
  readonly now?: number;
}

/** What a failure means to us. */
export interface ClassifiedError {
  readonly code: ErrorCode;
  /** Whether the same request may succeed later. Never for a quota, a bill or a spending cap. */
  readonly retryable: boolean;
  /** How long the upstream asked to wait, in milliseconds; absent where it did not. */
  readonly retryAfterMs?: number;
  /** The upstream's own words: for a log, never for a viewer. It may quote the key. */
  readonly detail: string;
}

const MAX_DETAIL = 1000;

/*
 * What providers call their errors, in the order in which a name decides. A quota comes before a rate limit:
 * OpenAI sends both with status 429, and only one of them passes by waiting.
 */
const names: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /insufficient_?(quota|balance|credit|fund)|billing|payment|exceeded_current_quota|credits?_/,
    "quota_exceeded",
  ],
  [/content_?(filter|policy)|responsibleai|moderation|data_inspection|\bsafety\b/, "content_filtered"],
  [/overload|capacity|slow_down/, "overloaded"],
  [/rate_?limit|too_?many_?requests|throttl|resource_exhausted/, "rate_limited"],
  [/time_?d?_?out|deadline_exceeded/, "upstream_timeout"],
  [
    /invalid|not_?found|authenti|permission|forbidden|unauthor|denied|unsupported|context_length/,
    "upstream_rejected",
  ],
  [/server_?error|api_error|internal|unavailable|connection/, "upstream_unavailable"],
];

/* Some say it only in a sentence: Anthropic's empty balance is an invalid_request_error, xAI's cap a 403. */
const SPENT =
  /credit balance|(insufficient|not enough|out of|used all available) (balance|credits?|funds)|spend(ing)? (limit|cap)|billing hard limit/i;
const OVERLOADED = /\boverloaded\b/i;
/** "Please retry in 48.9s", "try again in 6m0s", "in 26ms" */
const WAIT = /(?:retry|try again) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|h|m|s)\s?)+|\d+(?:\.\d+)? seconds?)/i;
const DURATION = /(\d+(?:\.\d+)?)\s?(ms|h|m|s)/g;
const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Tells what an upstream's error means, whichever provider's it is: an HTTP answer or an error in a stream. */
export function classifyUpstreamError({ status, body, headers, now }: UpstreamFailure): ClassifiedError {
  const { error, name, message, statusInside } = readError(body, headers);
  const refused = status !== undefined && status >= 400 ? status : undefined;
  const { code, isKnown } = codeOf(refused ?? statusInside, name, message);
  const advice = refused === undefined ? null : headers?.("x-should-retry");
  const retryable =
    code !== "quota_exceeded" &&
    (advice === "true" || (advice !== "false" && (!isKnown || errorDescriptions[code].retryable)));
  const retryAfterMs =
    (refused === undefined ? undefined : waitOfHeaders(headers, now)) ?? waitOfBody(error, message);
  const detail = [refused ?? statusInside, name, message].filter(Boolean).join(" ").slice(0, MAX_DETAIL);
  return { code, retryable, ...(retryable && retryAfterMs ? { retryAfterMs } : {}), detail };
}

/** A code, or the word for one, that tells of a success. */
const SUCCESS = /^(0*|200|ok|success|none|null|no_?error)$/i;

/** Whether an object without an `error` is an error all the same: by its code, else by its words. */
export function isBareError(fields: Fields): boolean {
  const { base_resp, code } = fields;
  const told = fields["error_code"] ?? fields["errorCode"] ?? fieldsOf(base_resp)["status_code"];
  if (typeof told === "string" || typeof told === "number") return !SUCCESS.test(String(told));
  const words = firstString(fields["error_message"], fields["errorMessage"], fields["error_msg"]);
  if (!SUCCESS.test(words) && code === undefined) return true;
  return statusOf(code) !== undefined && firstString(words, fields["message"], fields["msg"]) !== "";
}

interface ReadError {
  readonly error: Fields;
  /** Every type, code and status name that the error carries, lower case. */
  readonly name: string;
  readonly message: string;
  readonly statusInside: number | undefined;
}

function readError(body: unknown, headers: UpstreamFailure["headers"]): ReadError {
  const parsed = typeof body === "string" ? (parseJson(body) ?? body) : body;
  const whole = Array.isArray(parsed) ? parsed[0] : parsed;
  const outer = fieldsOf(whole);
  const inner = isFields(outer["response"]) ? fieldsOf(outer["response"])["error"] : outer["error"];
  const error = isFields(inner) ? inner : outer;
  const reasons = itemsOf(error["details"]).map((item) => fieldsOf(item)["reason"]);
  const name = [
    ...["type", "code", "status", "error_code", "errorCode"].map((key) => error[key]),
    ...[outer["error_type"], outer["code"], ...reasons],
    headers?.("x-amzn-errortype")?.split(":")[0],
  ]
    .filter(
      (value, index, all) => typeof value === "string" && value !== "error" && all.indexOf(value) === index,
    )
    .join(" ")
    .toLowerCase();
  const message = firstString(
    error["message"],
    inner,
    error["detail"],
    outer["message"],
    outer["errorText"],
    fieldsOf(itemsOf(outer["detail"])[0])["msg"],
    // MiniMax, and some that have no `error`
    fieldsOf(error["base_resp"])["status_msg"],
    ...["error_message", "errorMessage", "error_msg", "msg", "text"].map((key) => error[key]),
    whole,
  ).slice(0, MAX_DETAIL);
  const statusInside = [
    ...["code", "status_code", "status", "error_code", "errorCode"].map((key) => error[key]),
    ...[outer["code"], outer["status"]],
  ]
    .map(statusOf)
    .find((value) => value !== undefined);
  return { error, name, message, statusInside };
}

/** The HTTP status of a failure, if a value is one. */
function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" ? Number(value) : numberOf(value);
  return status !== undefined && status >= 400 && status < 600 ? status : undefined;
}

function codeOf(
  status: number | undefined,
  name: string,
  message: string,
): { readonly code: ErrorCode; readonly isKnown: boolean } {
  const known = (code: ErrorCode) => ({ code, isKnown: true });
  if (status === 402 || SPENT.test(message)) return known("quota_exceeded");
  const named = names.find(([pattern]) => pattern.test(name))?.[1];
  if (named === "quota_exceeded" || named === "content_filtered") return known(named);
  // 529 is Anthropic's, 498 Groq's "no capacity in this tier"
  if (status === 529 || status === 498) return known("overloaded");
  if (named === "overloaded" || (OVERLOADED.test(message) && (status ?? 500) >= 429))
    return known("overloaded");
  if (status === 429) return known("rate_limited");
  if (status === 408 || status === 504) return known("upstream_timeout");
  if (status !== undefined && status >= 500) return known("upstream_unavailable");
  if (named === "rate_limited") return known(named);
  if (status !== undefined) return known("upstream_rejected");
  return named ? known(named) : { code: "upstream_rejected", isKnown: false };
}

/* Azure sends 0 and -1 for "do not know": only a positive time counts. */
const positive = (ms: number): number | undefined => (ms > 0 && ms < Infinity ? Math.ceil(ms) : undefined);

function waitOfHeaders(headers: UpstreamFailure["headers"], now: number | undefined): number | undefined {
  const ms = positive(Number(headers?.("retry-after-ms") ?? Number.NaN));
  if (ms !== undefined) return ms;
  const after = headers?.("retry-after");
  if (!after) return undefined;
  const seconds = Number(after);
  if (!Number.isNaN(seconds)) return positive(seconds * 1000);
  const sent = Date.parse(headers?.("date") ?? "");
  return positive(Date.parse(after) - (now ?? (Number.isNaN(sent) ? Date.now() : sent)));
}

/** Google says it twice, in RetryInfo without the fraction: the longer wait is the one that helps. */
function waitOfBody(error: Fields, message: string): number | undefined {
  const delays = itemsOf(error["details"]).map((item) => fieldsOf(item)["retryDelay"]);
  const seconds = numberOf(error["retry_after"]) ?? 0;
  const stated = [...delays, WAIT.exec(message)?.[1]].map((duration) =>
    msOf(stringOf(duration).slice(0, 40)),
  );
  return positive(Math.max(seconds * 1000, ...stated));
}

function msOf(duration: string): number {
  let ms = 0;
  for (const [, amount, unit] of duration.matchAll(DURATION)) {
    ms += Number(amount) * (MS_PER_UNIT[stringOf(unit)] ?? 0);
  }
  return ms;
}
