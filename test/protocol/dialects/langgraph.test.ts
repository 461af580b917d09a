import { langgraphDialect } from "@ai-progress-stream/protocol/dialects";
import { describe, expect, test } from "vitest";
import { decodeMessages, outcomeOf, type TestMessage } from "../../support/decode-stream.js";

const decode = (...messages: TestMessage[]) => decodeMessages(langgraphDialect, messages);
const outcome = (...messages: TestMessage[]) => outcomeOf(decode(...messages));
const ai = (id: string, content: unknown) => ({ type: "ai", id, content });
const partial = (...messages: object[]): TestMessage => ["messages/partial", messages];

describe("text", () => {
  test("is what a message has grown by: each event repeats all of it", () => {
    const parts = decode(partial(ai("1", "He")), partial(ai("1", "Hello")), partial(ai("1", "Hello")));
    expect(parts.slice(0, -1)).toEqual([
      { type: "text", delta: "He" },
      { type: "text", delta: "llo" },
    ]);
  });
  test("is that of all answers in their order, and of no question", () => {
    const messages = [
      partial({ type: "human", id: "0", content: "q" }, ai("1", "a")),
      partial(ai("2", [{ text: "b" }])),
    ];
    expect(outcome(...messages, partial(ai("1", "aa"))).text).toBe("aa\n\nb");
  });
  test("is a delta in a chunk, and not doubled by the whole message after it", () => {
    const chunk = { type: "AIMessageChunk", id: "1", content: "a" };
    expect(
      outcome(["messages", [chunk, {}]], ["messages|sub:1", [chunk, {}]], ["messages", [ai("1", "aa"), {}]])
        .text,
    ).toBe("aa");
  });
  test("is a delta in a chunk that is called as a whole message is: servers in JavaScript do so", () => {
    const pair = (content: string): TestMessage => ["messages", [ai("1", content), {}]];
    expect(outcome(pair("ha"), pair("ha"), pair(", said the fox")).text).toBe("haha, said the fox");
    expect(outcome(pair("What the node had to say."), pair("What the node had to say.")).text).toBe(
      "What the node had to say.",
    );
  });
  test("is read from the newer protocol's block events", () => {
    const block = (delta: object) => ({
      method: "messages",
      params: { namespace: [], data: { event: "content-block-delta", delta } },
    });
    const messages: TestMessage[] = [
      ["messages", block({ type: "reasoning-delta", reasoning: "hm" })],
      ["messages", block({ type: "text-delta", text: "a" })],
    ];
    expect(outcome(...messages)).toMatchObject({ text: "a", reasoning: "hm" });
  });
  test("is the last answer of the state where messages are not streamed", () => {
    const values: TestMessage = ["values", { messages: [{ type: "human", content: "q" }, ai("1", "a")] }];
    expect(outcome(values, values).text).toBe("a");
    expect(outcome(partial(ai("9", "a")), values).text).toBe("a");
  });
  test("of two answers stands a blank line apart", () => {
    const expected = "Let me look.\n\nIt is 7.";
    const values = (...messages: object[]): TestMessage => ["values", { messages }];
    const [first, second] = [ai("1", "Let me look."), ai("2", "It is 7.")];
    expect(outcome(values(first), values(first, second)).text).toBe(expected);
    expect(outcome(partial(first), partial(second)).text).toBe(expected);
    const pair = (id: string, content: string): TestMessage => [
      "messages",
      [{ type: "AIMessageChunk", id, content }, {}],
    ];
    expect(outcome(pair("1", "Let me"), pair("1", " look."), pair("2", "It is"), pair("2", " 7.")).text).toBe(
      expected,
    );
    const block = (data: object): TestMessage => ["messages", { method: "messages", params: { data } }];
    const delta = (text: string) =>
      block({ event: "content-block-delta", delta: { type: "text-delta", text } });
    const start = (id: string) => block({ event: "message-start", id });
    expect(outcome(start("1"), delta("Let me"), delta(" look."), start("2"), delta("It is 7.")).text).toBe(
      expected,
    );
  });
  test("of nodes that run in parallel is not mixed", () => {
    const chunk = (id: string, content: string): TestMessage => [
      "messages",
      [{ type: "AIMessageChunk", id, content }, {}],
    ];
    const messages = [chunk("a", "Hello"), chunk("b", "Bon"), chunk("a", " world"), chunk("b", "jour")];
    for (const more of [[], [["end", ""]]] as TestMessage[][]) {
      expect(outcome(...messages, ...more).text).toBe("Hello world\n\nBonjour");
    }
    const turns = Array.from({ length: 400 }, (_, at) => [chunk("a", `a${at} `), chunk("b", `b${at} `)]);
    const [first, second] = ["a", "b"].map((id) => turns.map((_, at) => `${id}${at} `).join(""));
    expect(outcome(...turns.flat()).text).toBe(`${first}\n\n${second}`);
  });
  test("that is long is sent again in proportion to what makes it necessary", () => {
    const long = "x".repeat(900_000);
    const short = (at: number) => `${at}`.repeat(1 + (at % 7));
    const turns = Array.from({ length: 400 }, (_, at) => [
      partial(ai("b", short(at))),
      partial(ai("c", short(at + 3))),
    ]).flat();
    const parts = decode(partial(ai("a", long)), ...turns);
    const sent = parts.map((part) => (part.type === "text" ? part.delta.length : 0));
    expect(sent.reduce((all, size) => all + size)).toBeLessThan(2_000_000);
    expect(outcomeOf(parts).text === `${long}\n\n${short(399)}\n\n${short(402)}`).toBe(true);
  });
  test("that is to be sent again is whole where the stream fails", () => {
    const chunk = (id: string, content: string): TestMessage => [
      "messages",
      [{ type: "AIMessageChunk", id, content }, {}],
    ];
    const turns = [chunk("1", "a".repeat(1_000)), chunk("2", "b"), chunk("1", "!")];
    expect(outcome(...turns, ["error", { message: "no" }])).toMatchObject({
      text: `${"a".repeat(1_000)}!\n\nb`,
      error: "upstream_rejected",
    });
  });
  test("goes on in one piece where it began while another was still to be sent again", () => {
    const long = "x".repeat(1_000);
    const growing = ["B", "By", `By ${"n".repeat(200)}`, `By ${"n".repeat(200)}ow`];
    const parts = decode(
      partial(ai("a", long)),
      partial(ai("b", "Hello")),
      partial(ai("b", "Hallo")),
      ...growing.map((text) => partial(ai("c", text))),
    );
    expect(outcomeOf(parts).text).toBe(`${long}\n\nHallo\n\n${growing.at(-1)}`);
  });
  test("is told apart by its place where messages of a state have no id", () => {
    const of = (...texts: string[]): TestMessage => [
      "values",
      { messages: texts.map((content) => ({ type: "ai", content })) },
    ];
    expect(outcome(of("a"), of("a"), of("a", "b")).text).toBe("a\n\nb");
  });
  test("is what the nodes have added where neither messages nor states are streamed, and not doubled", () => {
    const added: TestMessage = ["updates", { agent: { messages: [ai("1", "a")] }, other: null }];
    expect(outcome(added).text).toBe("a");
    expect(outcome(added, ["values", { messages: [ai("1", "a")] }]).text).toBe("a");
    expect(outcome(["messages", [ai("1", "a"), {}]], added).text).toBe("a");
  });
  test("is LangServe's data, a string or a chunk", () => {
    expect(
      outcome(["metadata", { run_id: "r" }], ["data", '"a"'], ["data", { content: "b" }], ["end", ""]),
    ).toMatchObject({
      text: "ab",
      isDone: true,
    });
    expect(outcome(["data", { output: "Hel" }], ["data", { output: "lo" }], ["end", ""]).text).toBe("Hello");
  });
});

describe("thoughts", () => {
  const deepseek = (reasoning_content: string, content = "") => ({
    ...{ id: "1", content, additional_kwargs: { reasoning_content } },
  });
  const blocks = (thinking: string, text: string) => ({
    id: "1",
    content: [
      { type: "thinking", thinking },
      { type: "text", text },
    ],
  });
  const expected = { text: "7.", reasoning: "Hm, well." };
  test.each([
    ["beside the content", [deepseek("Hm, "), deepseek("well."), deepseek("", "7.")]],
    ["in its blocks", [blocks("Hm, ", ""), blocks("well.", ""), blocks("", "7.")]],
  ])("are read from chunks, %s", (_name, chunks) => {
    const pairs = chunks.map(
      (chunk): TestMessage => ["messages", [{ type: "AIMessageChunk", ...chunk }, {}]],
    );
    expect(outcome(...pairs)).toMatchObject(expected);
    expect(outcome(...pairs, ["messages", [ai("1", "7."), {}]])).toMatchObject(expected);
  });
  test("are read from whole messages, and stay where a later one leaves them out", () => {
    const wholes = [blocks("Hm, ", ""), blocks("Hm, well.", "7."), ai("1", "7.")];
    const messages = wholes.map((whole) => partial({ type: "ai", ...whole }));
    expect(outcome(...messages)).toMatchObject(expected);
  });
});

describe("nodes", () => {
  const task = (type: string, more: object = {}): TestMessage => [
    "debug",
    { type, payload: { id: "t", name: "plan", ...more } },
  ];
  test("are stages", () => {
    expect(decode(task("task"), task("task_result"), ["updates", { respond: {} }]).slice(0, -1)).toEqual([
      { type: "stage", stage: "node:plan", status: "running", label: "plan", weight: 0 },
      { type: "stage", stage: "node:plan", status: "done", label: "plan", weight: 0 },
      { type: "stage", stage: "node:respond", status: "done", label: "respond", weight: 0 },
    ]);
  });
  test("still at work when the connection ends tell that it broke", () => {
    expect(outcome(task("task")).error).toBe("upstream_truncated");
    expect(outcome(task("task"), task("task_result")).isDone).toBe(true);
  });
});

test("an event called error is a failure", () => {
  expect(outcome(["error", { error: "ValueError", message: "no" }]).error).toBe("upstream_rejected");
});

test("custom data passes as it is", () => {
  expect(decode(["custom", { a: 1 }])[0]).toEqual({ type: "custom", name: "custom", value: { a: 1 } });
});

test("an interrupt is told, once", () => {
  const value = [{ value: "Shall I?" }];
  const interrupted = { __interrupt__: value };
  const parts = decode(["updates", interrupted], ["values", { messages: [], ...interrupted }]);
  expect(parts.slice(0, -1)).toEqual([{ type: "custom", name: "interrupt", value }]);
});
