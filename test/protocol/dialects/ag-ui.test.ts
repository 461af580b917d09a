import { agUiDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(agUiDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const text = (delta: unknown) => ({ type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta });
const started = { type: "RUN_STARTED", runId: "r" };
const finished = { type: "RUN_FINISHED", runId: "r" };

test("reads text and reasoning, by their present and former names", () => {
  const parts = decode(
    started,
    { type: "REASONING_MESSAGE_CONTENT", delta: "h" },
    { type: "THINKING_TEXT_MESSAGE_CONTENT", delta: "m" },
    text("a"),
    text(null),
    { type: "TEXT_MESSAGE_CHUNK", delta: "b" },
    finished,
  );
  expect(outcomeOf(parts)).toMatchObject({ text: "ab", reasoning: "hm", isDone: true });
});

describe("messages", () => {
  const start = (messageId: string, role: unknown) => ({ type: "TEXT_MESSAGE_START", messageId, role });
  const content = (messageId: string, delta: string) => ({
    type: "TEXT_MESSAGE_CONTENT",
    messageId,
    delta,
  });
  const end = (messageId: string) => ({ type: "TEXT_MESSAGE_END", messageId });
  const chunk = (more: object) => ({ type: "TEXT_MESSAGE_CHUNK", ...more });
  test("that are not the assistant's are no answer", () => {
    const question = [start("q", "user"), content("q", "What is it?"), end("q")];
    const answer = [start("a", "assistant"), content("a", "7."), end("a")];
    expect(outcome(started, ...question, ...answer, finished).text).toBe("7.");
    expect(outcome(started, start("a", null), content("a", "7."), finished).text).toBe("7.");
    expect(
      outcome(
        chunk({ messageId: "q", role: "user", delta: "What " }),
        chunk({ delta: "is it?" }),
        chunk({ messageId: "a", role: "assistant", delta: "It is " }),
        chunk({ delta: "7." }),
        finished,
      ).text,
    ).toBe("It is 7.");
  });
  test("stand a blank line apart, be their ids new or not", () => {
    for (const second of ["b", "a"]) {
      const first = [start("a", "assistant"), content("a", "Let me "), content("a", "look."), end("a")];
      const next = [start(second, "assistant"), content(second, "It is 7."), end(second)];
      expect(outcome(started, ...first, ...next, finished).text).toBe("Let me look.\n\nIt is 7.");
    }
    const chunks = [
      chunk({ messageId: "a", delta: "Let me look.\n" }),
      chunk({ messageId: "b", delta: "7." }),
    ];
    expect(outcome(...chunks, finished).text).toBe("Let me look.\n\n7.");
  });
  test("that are written by turns are not mixed", () => {
    const turns = [
      ...[start("a", "assistant"), start("b", "assistant"), content("a", "Hello"), content("b", "Bon")],
      ...[content("a", " world"), content("b", "jour"), end("a"), end("b")],
    ];
    expect(outcome(started, ...turns, finished).text).toBe("Hello world\n\nBonjour");
    const failed = { type: "RUN_ERROR", message: "no" };
    const late = content("b", ` ${"x".repeat(1000)}`);
    expect(outcome(started, ...turns.slice(0, 4), late, content("a", "!"), failed).text).toMatch(/^Hello!/);
  });
  describe("of which a long one is to be sent again", () => {
    const all = `${"alpha ".repeat(200)}So it is: yes.\n\nChecking`;
    const held = [
      ...[started, content("a", "alpha ".repeat(200)), content("b", "Checking")],
      content("a", "So it is: yes."),
    ];
    test("are whole however the stream ends", () => {
      for (const rest of [
        [],
        [["error", { message: "no" }] as const],
        [{ type: "RUN_ERROR", message: "no" }],
        [text(null), "[DONE]"],
        [finished],
      ])
        expect(outcome(...held, ...rest).text).toBe(all);
    });
    test("are whole where it is cut, and when one of them is", () => {
      const decoder = agUiDialect.createDecoder();
      const take = (message: object) => decoder.decode({ data: JSON.stringify(message) });
      const parts = held.flatMap(take);
      expect(outcomeOf(parts).text).not.toBe(all);
      const ended = take(end("a"));
      expect(outcomeOf([...parts, ...ended]).text).toBe(all);
      take(content("b", " again"));
      const last = content("a", ".");
      expect(take({ ...last, messageId: "c" })).not.toEqual([]);
      expect(take(content("b", "."))).toEqual([]);
      expect(outcomeOf([...(decoder.flush?.() ?? [])]).text).toBe(`${all} again.\n\n.`);
      expect(decoder.flush?.()).toEqual([]);
    });
    test("are sent again in proportion to their text, however many come to their end", () => {
      const messages = Array.from({ length: 400 }, (_, index) => `m${index}`);
      const parts = decode(
        started,
        ...messages.map((id) => content(id, "x".repeat(300))),
        ...messages.flatMap((id) => [content(id, "."), end(id)]),
        finished,
      );
      const sent = parts.reduce((sum, part) => sum + (part.type === "text" ? part.delta.length : 0), 0);
      expect(outcomeOf(parts).text).toBe(messages.map(() => `${"x".repeat(300)}.`).join("\n\n"));
      expect(sent).toBeLessThan(400 * 301 * 20);
    });
  });
  test("that a snapshot alone holds are shown where the stream breaks off, too", () => {
    const messages = [{ role: "assistant", content: "7." }];
    expect(outcome(started, { type: "MESSAGES_SNAPSHOT", messages })).toMatchObject({
      text: "7.",
      error: "upstream_truncated",
    });
  });
  test("of thoughts stand apart, too", () => {
    const chunks = [
      { type: "REASONING_MESSAGE_CHUNK", messageId: "a", delta: "On" },
      { type: "REASONING_MESSAGE_CHUNK", delta: "e." },
      { type: "REASONING_MESSAGE_CHUNK", messageId: "b", delta: "Two." },
    ];
    expect(outcome(started, ...chunks, finished).reasoning).toBe("One.\n\nTwo.");
    const thought = (delta: string) => [
      { type: "REASONING_MESSAGE_START", messageId: delta, role: "reasoning" },
      { type: "REASONING_MESSAGE_CONTENT", messageId: delta, delta },
    ];
    expect(outcome(started, ...thought("One."), ...thought("Two."), finished).reasoning).toBe("One.\n\nTwo.");
  });
});

test("never appends a snapshot of messages: it repeats the text", () => {
  const snapshot = { type: "MESSAGES_SNAPSHOT", messages: [{ role: "assistant", content: "a" }] };
  expect(outcome(started, text("a"), snapshot, finished)).toMatchObject({ text: "a", isDone: true });
});

test("reads the last snapshot where no text was streamed, and the answer stands at its end", () => {
  const snapshot = (...messages: object[]) => ({ type: "MESSAGES_SNAPSHOT", messages });
  const [old, question, answer] = [
    { role: "assistant", content: "Hello." },
    { role: "user", content: "What is it?" },
    { role: "assistant", content: "7." },
  ];
  expect(outcome(started, snapshot(old, question), finished).text).toBe("");
  expect(outcome(started, snapshot(old, question), snapshot(old, question, answer), finished).text).toBe(
    "7.",
  );
});

describe("RUN_FINISHED", () => {
  const usage = (inputTokens: number, outputTokens: number) => ({
    ...finished,
    usage: [{ inputTokens, outputTokens }],
  });
  test("is not the end where more follows; counts add up", () => {
    expect(outcome(started, usage(1, 2), text("a"), usage(3, 4))).toMatchObject({
      text: "a",
      usage: { inputTokens: 4, outputTokens: 6 },
      isDone: true,
    });
  });
  test("does not excuse a stream that breaks off in a later turn", () => {
    expect(outcome(started, finished, text("a")).error).toBe("upstream_truncated");
  });
  test("may carry a result", () => {
    expect(decode(started, { ...finished, result: { a: 1 } })).toContainEqual({
      type: "result",
      value: { a: 1 },
    });
  });
  test("by an interrupt says so", () => {
    const outcome = { type: "interrupt", interrupts: [{ id: "i" }] };
    expect(decode(started, { ...finished, outcome }).slice(0, 2)).toEqual([
      { type: "custom", name: "interrupt", value: outcome },
      { type: "finish", reason: "other", raw: "interrupt" },
    ]);
  });
});

test("steps are stages", () => {
  const parts = decode(
    { type: "STEP_STARTED", stepName: "search" },
    { type: "STEP_FINISHED", stepName: "search" },
  );
  expect(parts.slice(0, 2)).toEqual([
    { type: "stage", stage: "step:search", status: "running", label: "search", weight: 0 },
    { type: "stage", stage: "step:search", status: "done" },
  ]);
});

test("tool calls last until their result", () => {
  const call = { toolCallId: "c1" };
  const parts = decode(
    { type: "TOOL_CALL_START", ...call, toolCallName: "sum" },
    { type: "TOOL_CALL_ARGS", ...call, delta: '{"a"' },
    { type: "TOOL_CALL_CHUNK", delta: ":1}" },
    { type: "TOOL_CALL_END", ...call },
    { type: "TOOL_CALL_RESULT", ...call, content: "2" },
  );
  expect(parts.slice(0, 3)).toEqual([
    { type: "stage", stage: "tool:c1", status: "running", label: "sum", weight: 0 },
    { type: "custom", name: "tool-call", value: { id: "c1", name: "sum", arguments: '{"a":1}' } },
    { type: "stage", stage: "tool:c1", status: "done" },
  ]);
});

test("the application's own state and events pass as they are", () => {
  const parts = decode(
    { type: "STATE_SNAPSHOT", snapshot: { a: 1 } },
    { type: "STATE_DELTA", delta: [{ op: "add" }] },
    { type: "CUSTOM", name: "mine", value: 2 },
  );
  expect(parts.slice(0, 3)).toEqual([
    { type: "custom", name: "state-snapshot", value: { a: 1 } },
    { type: "custom", name: "state-delta", value: [{ op: "add" }] },
    { type: "custom", name: "mine", value: 2 },
  ]);
});

test("RUN_ERROR is a failure", () => {
  expect(outcome(started, { type: "RUN_ERROR", message: "no", code: "rate_limit_exceeded" }).error).toBe(
    "rate_limited",
  );
});
