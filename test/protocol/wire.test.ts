import {
  encodeFrame,
  formatEventId,
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
