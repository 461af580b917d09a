import { progressJsonDialect } from "@ai-progress-stream/protocol/dialects";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { decodeMessages, decodeText, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(progressJsonDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const of = (type: string, ...messages: TestMessage[]) =>
  decode(...messages).filter((part) => part.type === type);
const fractions = (...messages: TestMessage[]) =>
  decode(...messages).flatMap((part) =>
    part.type === "progress" && part.fraction !== undefined ? [part.fraction] : [],
  );

describe("streams as people write them", () => {
  test("named events: stages by number and name, content in chunks, the whole text again at the end", () => {
    const parts = decode(
      ["stage_start", { stage: 1, total_stages: 2, stage_name: "Outline", description: "Planning the text" }],
      ["progress", { task_id: "t", progress: 25, step: 1, total_steps: 4, partial_content: "Hel" }],
      ["content", { chunk: "Hel" }],
      ["content", { chunk: "lo" }],
      ["stage_start", { stage: 2, total_stages: 2, stage_name: "Draft" }],
      ["complete", { task_id: "t", status: "completed", total_content: "Hello" }],
    );
    expect(parts).toEqual([
      { type: "stage", stage: "Outline", status: "running", label: "Outline", weight: 0 },
      { type: "progress", fraction: 0, message: "Planning the text" },
      { type: "progress", fraction: 0.25 },
      { type: "text", delta: "Hel" },
      { type: "text", delta: "lo" },
      { type: "stage", stage: "Outline", status: "done" },
      { type: "stage", stage: "Draft", status: "running", label: "Draft", weight: 0 },
      { type: "progress", fraction: 0.5 },
      { type: "result", value: "Hello" },
      { type: "stage", stage: "Draft", status: "done" },
      { type: "done" },
    ]);
  });

  test("named stages with a percentage, and a response at the end", () => {
    const parts = decode(
      ["stage", { stage: "initializing", progress: 0, task_id: "t" }],
      ["stage", { stage: "sending_request", progress: 10 }],
      ["stage", { stage: "receiving", progress: 50, message: "Receiving the answer" }],
      ["progress", { chunk: "Hi", progress: 50.2, total_length: 2 }],
      ["complete", { response: "Hi", progress: 100, completed_at: "2026-01-01" }],
    );
    expect(parts).toContainEqual({
      type: "stage",
      stage: "sending_request",
      status: "running",
      label: "Sending request",
      weight: 0,
    });
    expect(outcomeOf(parts)).toMatchObject({ text: "Hi", isDone: true });
    expect(parts.flatMap((part) => (part.type === "progress" ? [part.fraction] : []))).toEqual([
      0, 0.1, 0.5, 0.502, 1,
    ]);
  });

  test("data-only messages with a status, a step by name, and data at the end", () => {
    const parts = decode(
      { status: "processing", progress: 10.0, message: "Fetching", step: "Fetching data", data: null },
      { status: "processing", progress: 50.0, message: "Working", step: "Processing", data: null },
      {
        status: "completed",
        progress: 100.0,
        message: "Ready",
        step: "Processing complete",
        data: { rows: 3 },
      },
    );
    expect(parts).toEqual([
      { type: "stage", stage: "Fetching data", status: "running", label: "Fetching data", weight: 0 },
      { type: "progress", fraction: 0.1, message: "Fetching" },
      { type: "stage", stage: "Fetching data", status: "done" },
      { type: "stage", stage: "Processing", status: "running", label: "Processing", weight: 0 },
      { type: "progress", fraction: 0.5, message: "Working" },
      { type: "result", value: { rows: 3 } },
      { type: "progress", fraction: 1, message: "Ready" },
      { type: "stage", stage: "Processing", status: "done" },
      { type: "done" },
    ]);
  });

  test("an envelope of type and data", () => {
    expect(
      outcome(
        { type: "progress", data: { progress: 10, message: "Reading" } },
        { type: "chunk", data: { content: "a" } },
        { type: "chunk", data: "b" },
        { type: "done", data: { response: "ab", tokens: 2 } },
      ),
    ).toMatchObject({ text: "ab", isDone: true });
  });
});

describe("words", () => {
  test("a text beside a status tells what is being done", () => {
    expect(decode({ type: "status", content: "Searching" })[0]).toEqual({
      type: "progress",
      message: "Searching",
    });
    expect(outcome({ type: "status", content: "Searching" }, { content: "a" }, { done: true }).text).toBe(
      "a",
    );
  });
  test("a text of a tool is nobody's", () => {
    expect(outcome({ type: "tool_result", content: "{}" }, { content: "a" }, { done: true }).text).toBe("a");
  });
  test("success at the head of every message does not end the run at the first", () => {
    const piece = (text: string) => ({ status: "success", text });
    expect(outcome(piece("a"), piece("bcd"))).toMatchObject({ text: "abcd", isDone: true });
  });
  test("a stage called final is a stage", () => {
    expect(outcome({ stage: "final", progress: 90 }, { chunk: "a" }, { type: "done" })).toMatchObject({
      text: "a",
    });
  });
  test("an envelope is opened before it is judged", () => {
    expect(outcome({ event: "update", data: { type: "error", message: "no" } }).error).toBe(
      "upstream_rejected",
    );
    expect(outcome({ event: "update", data: { status: "completed", result: "all" } })).toMatchObject({
      text: "all",
      isDone: true,
    });
    expect(fractions({ type: "stage_complete", data: { stage: 1, total_stages: 2 } })).toEqual([0.5]);
  });
  test("a stage that is completed with data may be the last: its data is a result", () => {
    const parts = decode({ status: "completed", step: "Reading rows", data: { rows: 3 } });
    expect(parts).toContainEqual({ type: "result", value: { rows: 3 } });
    expect(outcomeOf(parts).isDone).toBe(true);
  });
  test("a result is not doubled where it holds the text again", () => {
    expect(outcome({ chunk: "Hel" }, { chunk: "lo" }, { type: "result", content: "Hello" }).text).toBe(
      "Hello",
    );
  });
});

describe("progress", () => {
  test("is a percentage, as a number or as text", () => {
    expect(fractions({ progress: 5 }, { progress: "45%" }, { percentage: 60 })).toEqual([0.05, 0.45, 0.6]);
  });
  test("is counted where counts are given", () => {
    expect(
      fractions({ current: 1, total: 4, message: "a" }, { progress: { completed: 3, total: 4 } }),
    ).toEqual([0.25, 0.75]);
  });
  test("is told by the number of a step, even past its total", () => {
    expect(
      fractions({ step: 1, total_steps: 2 }, { step: 2, total_steps: 2 }, { step: 9, total_steps: 2 }),
    ).toEqual([0, 0.5, 1]);
  });
  test("believes the percentage rather than the step (000-61: a step, and an estimate of how many)", () => {
    expect(fractions({ progress: 30, step: 9, estimatedSteps: 3 })).toEqual([0.3]);
  });
  test("counts a stage that is complete", () => {
    expect(fractions(["stage_complete", { stage: 1, total_stages: 2 }])).toEqual([0.5]);
  });
  test("does not fall", () => {
    expect(fractions({ progress: 50 }, { progress: 20 }, { progress: 60 })).toEqual([0.5, 0.6]);
  });
  test("stays within 0 and 1", () => {
    expect(fractions({ progress: -5 }, { progress: 250 })).toEqual([0, 1]);
  });
  test("says a message once", () => {
    const message = "Reading";
    expect(of("progress", { status: "x", message }, { status: "x", message })).toHaveLength(1);
  });
});

describe("stages", () => {
  const names = (...messages: TestMessage[]) =>
    of("stage", ...messages).flatMap((part) =>
      part.type === "stage" && part.status === "running" ? [part.stage] : [],
    );
  test("are named by the status where nothing else names them", () => {
    expect(names({ status: "uploading", progress: 1 }, { status: "analyzing", progress: 2 })).toEqual([
      "uploading",
      "analyzing",
    ]);
  });
  test("are named by the event where nothing else names them", () => {
    expect(names(["initializing", { progress: 0 }], ["progress", { progress: 5 }])).toEqual(["initializing"]);
  });
  test("are not named by the words that say what a message is", () => {
    expect(names({ type: "progress_update", status: "in_progress", progress: 1, message: "a" })).toEqual([]);
  });
  test("that call themselves completed before the last one do not end the run", () => {
    expect(
      outcome(
        { stage: 1, total_stages: 2, stage_name: "a", status: "completed" },
        { stage: 2, total_stages: 2, stage_name: "b", status: "running", chunk: "x" },
        { status: "completed" },
      ),
    ).toMatchObject({ text: "x", isDone: true });
  });
});

describe("a task of Celery", () => {
  const task = (state: string, current: number, status: string, more: object = {}) => ({
    ...{ state, current, total: 4, status, ...more },
  });
  test("tells how far it is, what it does, and its end", () => {
    const messages = [task("PENDING", 0, "Waiting"), task("PROGRESS", 2, "Done reading")];
    expect(decode(...messages, task("SUCCESS", 4, "Task completed!", { result: 42 }))).toEqual([
      { type: "progress", fraction: 0, message: "Waiting" },
      { type: "progress", fraction: 0.5, message: "Done reading" },
      { type: "result", value: 42 },
      { type: "progress", fraction: 1, message: "Task completed!" },
      { type: "done" },
    ]);
    expect(outcome(task("SUCCESS", 4, "Task completed!")).isDone).toBe(true);
    expect(outcome(...messages).error).toBe("upstream_truncated");
  });
});

test("a word that is a megabyte long is not split", () => {
  const split = vi.spyOn(String.prototype, "split");
  decode({ status: "a ".repeat(500_000), type: "b ".repeat(500_000), message: "c" });
  const lengths = split.mock.contexts.map((text) => `${text}`.length);
  split.mockRestore();
  expect(Math.max(...lengths)).toBeLessThanOrEqual(64);
});

describe("text", () => {
  test.each(["chunk", "content", "text", "delta", "token"])("is read from %s", (key) => {
    expect(outcome({ [key]: "a" }, { [key]: "b" }, { done: true })).toMatchObject({
      text: "ab",
      isDone: true,
    });
  });
  test.each(["response", "total_content", "result", "content", "data"])(
    "is the whole %s where none was streamed",
    (key) => {
      expect(outcome({ progress: 50 }, ["complete", { [key]: "all" }])).toMatchObject({
        text: "all",
        isDone: true,
      });
    },
  );
  test.each(["response", "total_content", "result", "content", "data"])(
    "is not doubled by %s at the end",
    (key) => {
      const end = { [key]: "all of it\n" };
      expect(outcome({ chunk: "all" }, { chunk: " of it" }, ["complete", end])).toMatchObject({
        text: "all of it",
      });
    },
  );
  test("is completed by the whole where the stream had lost its tail", () => {
    expect(outcome({ chunk: "all" }, ["complete", { response: "all of it" }]).text).toBe("all of it");
  });
  test("is replaced by the whole where that differs", () => {
    expect(outcome({ chunk: "drft" }, ["complete", { response: "draft" }]).text).toBe("draft");
  });
  test("is not doubled by a long repetition before the end", () => {
    const long = "all of it, ".repeat(10);
    expect(outcome({ chunk: long }, { type: "content", content: long }, { type: "done" }).text).toBe(long);
    expect(outcome({ chunk: "ha" }, { chunk: "ha" }, { type: "done" }).text).toBe("haha");
  });
  test("is in the result where an end flag beside it is false (ERNIE)", () => {
    const piece = (result: string, is_end: boolean) => ({
      ...{ id: "as-1", object: "chat.completion", sentence_id: 0, is_end, result },
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    });
    expect(outcome(piece("Hel", false), piece("l", false), piece("o", true))).toMatchObject({
      text: "Hello",
      usage: { inputTokens: 1, outputTokens: 2 },
      isDone: true,
    });
    expect(outcome(piece("Hel", false)).error).toBe("upstream_truncated");
    expect(outcome(piece("Hello", true))).toMatchObject({ text: "Hello", isDone: true });
    expect(of("result", { done: false, chunk: "a" }, { done: true, result: "b" })).toHaveLength(1);
  });
  test("is in its own field where a result beside it is empty until the end", () => {
    const frame = (fields: object, done: boolean) => ({ result: "", ...fields, done });
    expect(
      outcome(frame({ chunk: "Hel" }, false), frame({ chunk: "lo" }, false), frame({ chunk: "!" }, true)),
    ).toMatchObject({ text: "Hello!", isDone: true });
    const said = [
      frame({ content: "The contract says: " }, false),
      frame({ content: "yes." }, false),
      frame({ content: "", result: "The contract says: yes." }, true),
    ];
    expect(outcome(...said)).toMatchObject({ text: "The contract says: yes.", isDone: true });
    expect(of("result", ...said)).toEqual([{ type: "result", value: "The contract says: yes." }]);
    const filed = [frame({ chunk: "Text." }, false), frame({ chunk: "", result: "/files/1.pdf" }, true)];
    expect(outcome(...filed)).toMatchObject({ text: "Text.", isDone: true });
    expect(of("result", ...filed)).toEqual([{ type: "result", value: "/files/1.pdf" }]);
    const late = frame({ result: "/files/1.pdf" }, false);
    expect(outcome(frame({ chunk: "Text." }, false), late, frame({}, true)).text).toBe("Text.");
    expect(of("result", frame({ progress: 50, result: "half" }, false), frame({}, true))).toHaveLength(1);
  });
  test("comes in results whatever stands beside them, and what was cut is not whole", () => {
    const piece = (result: string, is_end: boolean, more = {}) => ({ is_end, result, ...more });
    const none = { progress: null };
    expect(outcome(piece("Hel", false, none), piece("lo", false, none), piece("", true)).text).toBe("Hello");
    const zero = { progress: 0 };
    expect(outcome(piece("Hel", false, zero), piece("lo", true, { progress: 100 })).text).toBe("Hello");
    expect(outcome({ text: "Intro. " }, piece("Hel", false), piece("lo", true)).text).toBe("Intro. Hello");
    expect(outcome(piece("Hel", false, none), piece("lo", false))).toMatchObject({
      isDone: false,
      error: "upstream_truncated",
    });
  });
  test("beside an address or a number of the attempt is that of all", () => {
    const run = { state: "running", url: "u", attempt: 1 };
    expect(outcome({ ...run, text: "Hel" }, { ...run, state: "completed", text: "lo" })).toMatchObject({
      text: "Hello",
      isDone: true,
    });
    const exported = { ...run, state: "completed", message: "Exported." };
    expect(outcome({ ...run, message: "Exporting" }, exported).isDone).toBe(true);
    expect(of("result", { ...run, progress: 50 }, { ...exported, data: { id: 1 } })).toHaveLength(1);
  });
  test("keeps its last piece where that comes with the end", () => {
    expect(outcome({ chunk: "Hello" }, { chunk: "!", done: true }).text).toBe("Hello!");
    expect(outcome({ content: "Hello" }, { content: "!", done: true }).text).toBe("Hello!");
  });
  test("of thoughts is reasoning", () => {
    expect(
      outcome({ type: "thinking", content: "hm" }, { type: "content", content: "a" }, { done: true }),
    ).toMatchObject({
      text: "a",
      reasoning: "hm",
    });
  });
  test("is not what a result beside it says", () => {
    const parts = decode({ chunk: "Hello" }, ["complete", { result: "https://example.org/file.pdf" }]);
    expect(outcomeOf(parts).text).toBe("Hello");
    expect(parts).toContainEqual({ type: "result", value: "https://example.org/file.pdf" });
  });
});

describe("text that comes as a whole", () => {
  const whole = "Here is what there is to say on the matter, all of it, from its beginning to its end.";
  const texts = (...pieces: string[]) => outcome(...pieces.map((text) => ({ text })), { done: true }).text;
  test("each time is not doubled", () => {
    expect(texts("Hello", "Hello wor", "Hello world, and all")).toBe("Hello world, and all");
    expect(texts("Hello", "Hello", "Hello wor", "Hello wor", "Hello world")).toBe("Hello world");
    expect(texts("How can I help you", "How can I help you today?")).toBe("How can I help you today?");
    expect(texts(whole, `${whole} And more.`)).toBe(`${whole} And more.`);
  });
  test("each time may change, or be another message's from some point on", () => {
    const cut = `${whole.slice(0, 40)}…`;
    expect(texts(whole.slice(0, 20), whole.slice(0, 30), cut, whole)).toBe(whole);
    expect(texts("Let", "Let me", "Let me look.", "It", "It is", "It is 7.")).toBe(
      "Let me look.\n\nIt is 7.",
    );
  });
  test("is told from pieces that begin alike", () => {
    expect(texts("1", "10", " is it")).toBe("110 is it");
    expect(texts("ha", "ha", "haha", "!")).toBe("hahahaha!");
    const row = "Row, row, row, your boat,";
    expect(texts(row, `${row} gently`, " down the stream")).toBe(`${row}${row} gently down the stream`);
    const answers = ["1", "10", " is it"].map((answer) => ({ event: "message", answer }));
    expect(outcome(...answers, { event: "message_end" }).text).toBe("110 is it");
  });
  test("is told from a long line that comes twice", () => {
    const line = "-".repeat(64);
    const chunk = { type: "chunk", content: line };
    expect(outcome(chunk, chunk, { type: "done" }).text).toBe(line + line);
  });
  test("at the end, tidied, is the text", () => {
    const chunks = [
      { type: "chunk", content: "Here is  the answer \n\n\n to all of it. " },
      { type: "chunk", content: "And more of it, too." },
    ];
    const content = "Here is the answer\n\nto all of it. And more of it, too.";
    expect(outcome(...chunks, { type: "done", content }).text).toBe(content);
    expect(outcome(...chunks, { type: "final_answer", content }).text).toBe(content);
    expect(outcome(...chunks, { type: "done", content: `${content} Yes.` }).text).toBe(`${content} Yes.`);
  });
  test("is that of its message alone, or of all", () => {
    const messages = [
      { type: "chunk", content: "Let me look." },
      { type: "message_end" },
      { type: "chunk", content: "It is" },
      { type: "chunk", content: " 7." },
      { type: "message_end", content: "It is 7." },
    ];
    const expected = "Let me look.\n\nIt is 7.";
    for (const end of [
      { type: "done" },
      { type: "done", content: "It is 7." },
      { type: "done", content: "Let me look.\nIt is 7." },
      { type: "done", response: "It is 7." },
      { type: "done", result: "It is 7." },
    ]) {
      expect(outcome(...messages, end).text).toBe(expected);
    }
  });
  test("however it is cut into growing wholes, comes to itself", () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: whole.length }), { minLength: 3 });
    fc.assert(
      fc.property(cuts, (ends) => {
        const pieces = ends.toSorted((a, b) => a - b).map((end) => whole.slice(0, end));
        expect(texts(...pieces)).toBe(pieces.at(-1));
      }),
    );
  });
});

describe("the end", () => {
  test.each([
    ["event: complete", ["complete", { message: "Ready" }]],
    ["type: done", { type: "done" }],
    ["type: stop", { type: "stop" }],
    ["event: stop", { event: "stop" }],
    ["type: close", { type: "close" }],
    ["message_end", { type: "message_end" }],
    ["message_complete", { event: "message_complete" }],
    ["chat_complete", { type: "chat_complete" }],
    ["is_final: true", { is_final: true }],
    ["isFinal: true", { isFinal: true }],
    ["stop: true", { stop: true }],
    ["done: the word true", { done: "true" }],
    ["a finish reason", { finish_reason: "stop" }],
    ["status: success", { status: "success" }],
    ["task_completed", { type: "task_completed" }],
    ["workflowFinished", { event: "workflowFinished" }],
    ["stage: complete", { stage: "complete", progress: 100 }],
    ["done: true", { done: true }],
    ["[DONE]", "[DONE]"],
  ] as [string, TestMessage][])("is %s", (_name, end) => {
    expect(outcome({ chunk: "a" }, end)).toMatchObject({ text: "a", isDone: true, error: null });
  });
  test.each([
    ["tool_completed", { type: "tool_completed", message: "searched" }],
    ["content_end", { type: "content_end" }],
    ["progress below 100", { status: "processing", progress: 99 }],
  ])("is not %s: without more it broke off", (_name, message) => {
    expect(outcome({ chunk: "a" }, message).error).toBe("upstream_truncated");
  });
  test("is not that of one stage of several", () => {
    const step = (number: number, more: object = {}) => ({
      ...{ step: number, total_steps: 3, status: "done", ...more },
    });
    expect(outcome(step(1)).error).toBe("upstream_truncated");
    expect(outcome(step(1, { message: "Read" })).error).toBe("upstream_truncated");
    expect(outcome(step(1), step(2), step(3, { result: "all" }))).toMatchObject({
      text: "all",
      isDone: true,
    });
    expect(outcome(step(1), step(2), step(3, { message: "3 rows imported" })).isDone).toBe(true);
  });
  test("is the end of the file after 100 % or after a result", () => {
    expect(outcome({ chunk: "a" }, { progress: 100 }).isDone).toBe(true);
    expect(outcome({ progress: 50 }, { result: { a: 1 } }).isDone).toBe(true);
  });
  test("is no end of a message after which another comes", () => {
    const end = { type: "message_end" };
    expect(outcome({ chunk: "a" }, end, { chunk: "b" }).error).toBe("upstream_truncated");
    expect(outcome({ chunk: "a" }, end, { chunk: "b" }, end)).toMatchObject({ text: "a\n\nb", isDone: true });
  });
  test("is not undone by what says nothing", () => {
    const counts = { type: "usage", usage: { prompt_tokens: 1, completion_tokens: 2 } };
    expect(outcome({ chunk: "a" }, { type: "message_end" }, { type: "ping" }, counts)).toMatchObject({
      usage: { inputTokens: 1, outputTokens: 2 },
      isDone: true,
    });
  });
  test("tells the reason that the model stopped for", () => {
    expect(
      outcome({ chunk: "a", finish_reason: null }, { chunk: "b", finish_reason: "length" }),
    ).toMatchObject({
      text: "ab",
      finish: "length",
      isDone: true,
    });
  });
  test("is none where its JSON was cut off", () => {
    expect(outcome({ chunk: "a" }, ["complete", '{"respon']).error).toBe("upstream_truncated");
  });
  test("by cancellation is no success", () => {
    expect(outcome({ chunk: "a" }, { status: "cancelled" })).toMatchObject({
      finish: "cancelled",
      error: "upstream_truncated",
    });
  });
});

describe("failures", () => {
  test.each([
    ["an event called error", ["error", { message: "no" }]],
    ["a status", { status: "error", message: "no", progress: 0 }],
    ["a type", { type: "error", data: { message: "no" } }],
    ["a field", { error: "no" }],
    ["an object", { error: { message: "no", code: "E1" } }],
    ["a flag", { success: false, message: "no" }],
    ["task_failed", { event: "task_failed" }],
  ] as [string, TestMessage][])("are told by %s", (_name, message) => {
    const result = outcome({ chunk: "a", progress: 40 }, message, { type: "done" });
    expect(result).toMatchObject({ text: "a", error: "upstream_rejected", isDone: false });
  });
  test.each<[TestMessage]>([
    [{ event: "workflow_finished", data: { id: "w", status: "failed", error: "boom" } }],
    [{ type: "complete", data: { success: false, error: "boom" } }],
    [["complete", { data: { status: "error", error: "boom" } }]],
    [{ type: "end", data: { status: "failed", message: "boom" } }],
    [{ type: "result", data: { error: "boom" } }],
    [{ type: "step_completed", step_name: "a", data: { status: "failed", message: "boom" } }],
    [{ state: "FAILURE", current: 1, total: 1, status: "boom" }],
    [{ phase: "error", percent: 100, message: "boom" }],
    [{ current_step: "failed", percent: 100, message: "boom" }],
    [{ status: "errored", progress: 100, message: "boom" }],
    [{ type: "timeout", message: "boom" }],
    [{ status: "timeout", message: "boom" }],
    [["status", { status: "timeout", message: "boom" }]],
    [{ state: "failed", message: "boom" }],
    [{ success: false, error: "boom" }],
    [{ ok: false, error: "boom" }],
    [{ stage: "fetch", status: "failed", message: "boom" }],
    [{ state: "failed", url: "/a", message: "boom" }],
    [{ state: "failed", attempt: 3, message: "boom" }],
    [{ ok: false, document_id: "9", message: "boom" }],
  ])("are told by %j, too", (message) => {
    const [failed] = of("error", { chunk: "a" }, message);
    expect(failed).toMatchObject({ detail: expect.stringMatching(/\bboom$/) });
  });
  test("of a task that was revoked are a cancellation", () => {
    expect(outcome({ chunk: "a" }, { state: "REVOKED", status: "by hand" })).toMatchObject({
      finish: "by hand",
      error: "upstream_truncated",
    });
    const end = { type: "complete", data: { status: "cancelled" } };
    expect(outcome({ chunk: "a" }, end).error).toBe("upstream_truncated");
  });
  test.each<[string, object]>([
    ["upstream_unavailable", { code: 500, msg: "boom" }],
    ["rate_limited", { code: "429", message: "boom" }],
    ["upstream_rejected", { errorCode: "E7", msg: "boom" }],
    ["upstream_rejected", { error_message: "boom" }],
    ["upstream_rejected", { type: "done", error_code: 7, error_msg: "boom" }],
    ["upstream_rejected", { ok: false, message: "boom" }],
  ])("without a word for it are %s: %j", (code, message) => {
    const [failed] = of("error", { chunk: "a" }, message, { done: true });
    expect(failed).toMatchObject({ code, detail: expect.stringMatching(/\bboom$/) });
  });
  test.each<[object]>([
    [{ code: 200, msg: "fine" }],
    [{ code: 0, message: "fine", chunk: "" }],
    [{ code: "print(500)", message: "fine" }],
    [{ ok: true }],
    [{ errorCode: "0", errorMessage: "success" }],
    [{ error_code: 0, error_msg: "" }],
    [{ error_code: null, error_message: "" }],
    [{ error_code: "none" }],
    [{ errorCode: "null", errorMessage: "null" }],
    [{ error_msg: "success" }],
    [{ type: "tool", name: "search", status: "timeout" }],
    [{ type: "tool", name: "search", status: "failed", message: "no such page" }],
    [{ type: "tool_call", state: "aborted" }],
    [{ type: "retry", state: "timeout", message: "retrying" }],
    [{ type: "stage_timeout", message: "passed over" }],
    [{ item: 1, ok: false, message: "skipped" }],
    [{ file: "a", state: "failed", message: "skipped" }],
    [{ stage: "timeout", progress: 10 }],
    [{ type: "tool_result", ok: false, code: 500, message: "no such page" }],
    [{ stage: "fetch", code: 404, message: "passed over" }],
  ])("are not %j", (message) => {
    expect(outcome({ chunk: "a" }, message, { done: true })).toMatchObject({ text: "a", isDone: true });
  });
  test.each([
    [{ state: "failed", file: "a.pdf", message: "boom" }, "upstream_rejected"],
    [{ state: "cancelled", file: "a.pdf" }, "upstream_truncated"],
  ])("of one item are that of all where nothing but a ping comes after them: %j", (message, error) => {
    const ping = { type: "heartbeat" };
    for (const end of [["[DONE]"], [], [ping, "[DONE]"]]) {
      expect(outcome({ chunk: "a" }, message, ...end)).toMatchObject({ text: "a", isDone: false, error });
    }
  });
  test("and ends of one item, one part or one tool are not the end of all", () => {
    const item = (file: string, current: number) => ({ file, state: "success", current, total: 3 });
    expect(
      of("result", item("a", 1), item("b", 2), { result: "R", state: "success", current: 3, total: 3 }),
    ).toEqual([{ type: "result", value: "R" }]);
    expect(outcome(item("a", 1), item("b", 2), { result: "R", state: "success" }).isDone).toBe(true);
    const piece = (content: string) => ({ content, state: "streaming" });
    for (const part of [
      { message: "part done", state: "done", progress: 30 },
      { message: "one of three", state: "success", current: 1, total: 3 },
      { type: "tool", name: "search", status: "completed" },
      { type: "tool_result", tool: "search", state: "success" },
      { file: "a.pdf", state: "done" },
    ])
      expect(outcome(piece("x"), part, piece("y"), { state: "done" })).toMatchObject({
        text: "xy",
        isDone: true,
      });
    const success = (content: string) => ({ content, state: "success" });
    expect(outcome(success("x"), success("y"), { state: "success" })).toMatchObject({
      text: "xy",
      isDone: true,
    });
    for (const end of [
      { status: "completed", progress: 1 },
      { status: "completed", progress: 0 },
      { status: "completed", progress: 95 },
      { status: "done", progress: 95, message: "That is all." },
      { status: "completed", completed: 2, total: 3 },
    ])
      expect(outcome({ chunk: "a" }, end, { chunk: "b" })).toMatchObject({ text: "a", isDone: true });
  });
  test("of Celery keep the words as they were raised", () => {
    const [failed] = of("error", { state: "FAILURE", current: 1, total: 1, status: "No such Key" });
    expect(failed).toMatchObject({ detail: "failure No such Key" });
  });
  test("do not pull progress back", () => {
    expect(fractions({ progress: 50 }, { status: "error", progress: 0 })).toEqual([0.5]);
  });
  test("are not an empty error field", () => {
    expect(outcome({ chunk: "a", error: null }, { done: true, error: "" }).isDone).toBe(true);
  });
  test("keep the code that they name", () => {
    expect(outcome({ error: { code: "rate_limit_exceeded" } }).error).toBe("rate_limited");
  });
  test.each([
    [
      "a completion with an empty response",
      [{ stage: "receiving", progress: 50 }],
      { response: "", progress: 100 },
    ],
    ["a completion with nothing in it", [], {}],
    ["a completion with an empty result", [{ progress: 10 }], { data: {}, result: null }],
  ])("are %s", (_name, before, end) => {
    expect(outcome(...before, ["complete", end])).toMatchObject({
      error: "upstream_malformed",
      isDone: false,
    });
  });
  test("are [DONE] with nothing before it", () => {
    expect(outcome("[DONE]").error).toBe("upstream_malformed");
    expect(outcome({ progress: 10 }, "[DONE]").error).toBe("upstream_malformed");
  });
  test("are a stream in which nothing can be read, and one that is empty", () => {
    expect(outcome("hello", "{").error).toBe("upstream_malformed");
    expect(outcome().error).toBe("upstream_truncated");
  });
  test("are bare JSON in an event stream", () => {
    const body = '{"error":"Rate limit","code":429}';
    expect(outcomeOf(decodeText(progressJsonDialect, body)).error).toBe("rate_limited");
  });
  test("are not a job that made nothing but progress, and said what it did", () => {
    expect(outcome({ progress: 50 }, { status: "completed", message: "3 rows imported" }).isDone).toBe(true);
    expect(outcome({ progress: 100 }, { status: "completed" }).isDone).toBe(true);
  });
});
