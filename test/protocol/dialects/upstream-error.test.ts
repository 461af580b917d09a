import { classifyUpstreamError } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";

const from = (entries: Record<string, string>) => (name: string) => entries[name] ?? null;
const error = (fields: object) => ({ error: { message: "…", ...fields } });

describe("the code", () => {
  test.each([
    [401, error({ code: "invalid_api_key" }), "upstream_rejected", false],
    [
      400,
      { code: "Client specified an invalid argument", error: "Incorrect API key" },
      "upstream_rejected",
      false,
    ],
    [401, { detail: "Invalid API Key" }, "upstream_rejected", false],
    [404, "<!DOCTYPE html><title>Error 404</title>", "upstream_rejected", false],
    [422, { detail: [{ msg: "field required" }] }, "upstream_rejected", false],
    [402, error({ message: "Insufficient Balance" }), "quota_exceeded", false],
    [429, error({ code: "insufficient_quota" }), "quota_exceeded", false],
    [429, error({ type: "exceeded_current_quota_error" }), "quota_exceeded", false],
    [
      400,
      error({ type: "invalid_request_error", message: "Your credit balance is too low" }),
      "quota_exceeded",
      false,
    ],
    [403, { error: "You have reached your monthly spending limit" }, "quota_exceeded", false],
    [429, error({ code: "rate_limit_exceeded" }), "rate_limited", true],
    [429, {}, "rate_limited", true],
    [429, error({ type: "engine_overloaded_error" }), "overloaded", true],
    [529, error({ type: "overloaded_error" }), "overloaded", true],
    [498, {}, "overloaded", true],
    [503, error({ status: "UNAVAILABLE", message: "The model is overloaded." }), "overloaded", true],
    [503, "", "upstream_unavailable", true],
    [500, error({ type: "server_error" }), "upstream_unavailable", true],
    [408, "", "upstream_timeout", true],
    [504, error({ status: "DEADLINE_EXCEEDED" }), "upstream_timeout", true],
    [400, error({ code: "content_filter" }), "content_filtered", false],
    [400, error({ code: "content_policy_violation" }), "content_filtered", false],
  ] as const)("of status %s with %j is %s", (status, body, code, retryable) => {
    expect(classifyUpstreamError({ status, body })).toMatchObject({ code, retryable });
    expect(classifyUpstreamError({ status, body: JSON.stringify(body) })).toMatchObject({ code, retryable });
  });
  test.each([
    [error({ type: "overloaded_error" }), "overloaded", true],
    [error({ code: 429 }), "rate_limited", true],
    [error({ code: "502" }), "upstream_unavailable", true],
    [error({ status_code: 400 }), "upstream_rejected", false],
    [{ error: { message: "Error", status: "INVALID_ARGUMENT" } }, "upstream_rejected", false],
    [{ type: "error", errorText: "An error occurred." }, "upstream_rejected", true],
    ["anything", "upstream_rejected", true],
    [null, "upstream_rejected", true],
  ] as const)("inside of a stream, of %j, is %s", (body, code, retryable) => {
    expect(classifyUpstreamError({ body })).toMatchObject({ code, retryable });
    expect(classifyUpstreamError({ status: 200, body })).toMatchObject({ code, retryable });
  });
  test("of Bedrock is read from its header", () => {
    const headers = from({ "x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/" });
    expect(classifyUpstreamError({ status: 400, body: { message: "Too many" }, headers }).code).toBe(
      "rate_limited",
    );
  });
});

describe("the time to wait", () => {
  const wait = (headers: Record<string, string>, body: unknown = {}, status = 429) =>
    classifyUpstreamError({ status, body, headers: from(headers), now: Date.parse("2026-01-01T00:00:00Z") })
      .retryAfterMs;
  const google = (message: string, retryDelay?: string) => ({
    error: { message, details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }] },
  });
  test.each([
    ["milliseconds before seconds", { "retry-after-ms": "1500", "retry-after": "9" }, 1500],
    ["seconds", { "retry-after": "2.5" }, 2500],
    ["a date", { "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" }, 7000],
    ["a date that is past", { "retry-after": "Wed, 31 Dec 2025 00:00:07 GMT" }, undefined],
    ["seconds where the milliseconds are 0 (Azure)", { "retry-after-ms": "0", "retry-after": "1" }, 1000],
    ["nothing where it is -1 (Azure)", { "retry-after": "-1" }, undefined],
    ["nothing where it cannot be read", { "retry-after": "soon" }, undefined],
  ])("is read from headers: %s", (_name, headers, expected) => {
    expect(wait(headers)).toBe(expected);
  });
  test("of a date is measured from the answer's own clock", () => {
    const headers = from({
      date: "Thu, 01 Jan 2026 00:00:00 GMT",
      "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT",
    });
    expect(classifyUpstreamError({ status: 429, body: {}, headers }).retryAfterMs).toBe(60_000);
  });
  test.each([
    ["Please retry in 48.939s.", 48_939],
    ["Please try again in 6m0s.", 360_000],
    ["Please try again in 26ms.", 26],
    ["Please try again in 20 seconds.", 20_000],
    ["Please try again.", undefined],
  ])("is read from the sentence %j", (message, expected) => {
    expect(wait({}, error({ message }))).toBe(expected);
  });
  test("is Google's RetryInfo, or its sentence where that is longer", () => {
    expect(wait({}, google("Slow down", "13s"))).toBe(13_000);
    expect(wait({}, google("Please retry in 48.9s.", "48s"))).toBe(48_900);
  });
  test("is not read from the headers of a success", () => {
    expect(wait({ "retry-after": "9" }, error({ type: "overloaded_error" }), 200)).toBeUndefined();
  });
  test("is left out where waiting does not help", () => {
    expect(wait({ "retry-after": "9" }, error({ code: "insufficient_quota" }))).toBeUndefined();
  });
});

test("x-should-retry decides, except over a quota", () => {
  const retryable = (advice: string, status: number) =>
    classifyUpstreamError({ status, body: {}, headers: from({ "x-should-retry": advice }) }).retryable;
  expect(retryable("false", 503)).toBe(false);
  expect(retryable("true", 409)).toBe(true);
  expect(retryable("true", 402)).toBe(false);
});

test("the detail holds status, name and message of any shape, and is bounded", () => {
  const detail = (body: unknown) => classifyUpstreamError({ status: 400, body }).detail;
  expect(detail(error({ type: "t", code: "c", message: "words" }))).toBe("400 t c words");
  expect(detail({ code: "c", error: "words" })).toBe("400 c words");
  expect(detail({ error: "words" })).toBe("400 words");
  expect(detail({ detail: "words" })).toBe("400 words");
  expect(detail({ message: "words" })).toBe("400 words");
  expect(detail([{ error: { message: "words" } }])).toBe("400 words");
  expect(detail("words".repeat(1000))).toHaveLength(1000);
});
