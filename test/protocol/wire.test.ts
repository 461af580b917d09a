import {
  encodeFrame,
  formatEventId,
  initialState,
  isRunId,
  parseEventId,
  parseMessage,
} from "@ai-progress-stream/protocol";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describe, expect, test } from "vitest";

const run = "0123456789abcdefghijkl";

describe("event ids", () => {
  test("round-trip through their written form", () => {
    expect(parseEventId(formatEventId(run, 42))).toEqual({ run, seq: 42 });
  });
  test.each([
    "",
    "abc",
    `${run}`,
    `${run}.`,
    `${run}.-1`,
    `${run}.01`,
    `${run}.1.2`,
    `${run}.1e3`,
    `${run}.99999999999999999`,
    `short.1`,
    `${run}.1\n`,
    ` ${run}.1`,
  ])("are refused when they are %j", (value) => {
    expect(parseEventId(value)).toBeNull();
  });
  test("a run id has at least 22 characters of base64url", () => {
    expect(isRunId(run)).toBe(true);
    expect(isRunId(run.slice(1))).toBe(false);
    expect(isRunId(`${run}/`)).toBe(false);
  });
});

describe("messages", () => {
  test.each(["now", "", "[1]", "7", '{"at":1}'])(
    "of an unknown name are ignored with the data %j",
    (data) => {
      expect(parseMessage({ event: "ping", data })).toEqual({ kind: "unknown", name: "ping" });
      expect(parseMessage({ event: "", data })).toEqual({ kind: "unknown", name: "message" });
      expect(parseMessage({ data })).toEqual({ kind: "unknown", name: "message" });
    },
  );
  const read = (event: string, fields: object) => parseMessage({ event, data: JSON.stringify(fields) });
  test("may have null in optional fields, at any depth: it counts as absent", () => {
    const start = { at: 1, stages: [{ id: "a", label: "A", weight: null }] };
    expect(read("start", start)).toEqual({
      kind: "event",
      event: { type: "start", at: 1, stages: [{ id: "a", label: "A" }] },
    });
    const error = { code: "rate_limited", message: "m", retryable: true };
    const end = { at: 1, status: "failed", error: { ...error, retryAfterMs: null, issues: null } };
    expect(read("end", end)).toEqual({
      kind: "event",
      event: { type: "end", at: 1, status: "failed", error },
    });
    expect(read("text", { at: 1, delta: null })).toMatchObject({ kind: "malformed" });
  });
  test("are malformed, and nothing is thrown, where they are nested without end", () => {
    const data = `{"at":null,"more":${"[".repeat(100_000)}null${"]".repeat(100_000)}}`;
    expect(parseMessage({ event: "text", data })).toMatchObject({ kind: "malformed" });
  });
  test("keep null where it is a value: in a state, and in what an application gave", () => {
    const state = initialState(run, 1);
    const stage = { id: "a", label: "A", weight: 1, status: "running" };
    const given = { ...state, result: { a: null }, stages: [{ ...stage, message: null }] };
    expect(read("snapshot", { at: 1, state: given })).toEqual({
      kind: "event",
      event: { type: "snapshot", at: 1, state: { ...given, stages: [stage] } },
    });
    const value = { a: null, list: [null] };
    expect(read("custom", { at: 1, name: "n", value, stage: null })).toMatchObject({ event: { value } });
    expect(read("result", { at: 1, value: null })).toMatchObject({ event: { value: null } });
  });
});

describe("frames", () => {
  test("carry one line of data each, whatever line breaks the text holds", () => {
    const delta = "a\nb\r\nc\u2028d\u2029e\0\u{1F600}";
    const frame = encodeFrame({ type: "text", at: 1, delta }, formatEventId(run, 3));
    expect(frame.split("\n")).toHaveLength(5);
    expect(frame).not.toContain("\r");
    const seen: EventSourceMessage[] = [];
    createParser({ onEvent: (message) => seen.push(message) }).feed(frame);
    expect(seen).toHaveLength(1);
    const [message] = seen;
    if (!message) throw new Error("no message");
    expect(message.id).toBe(`${run}.3`);
    expect(parseMessage(message)).toEqual({ kind: "event", event: { type: "text", at: 1, delta } });
  });
});
