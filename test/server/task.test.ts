import { type InputSchema, memoryStore, RunFailure, type TaskOptions } from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { type TaskRun, taskApp } from "../support/task-app.js";

const stages = [
  { id: "extract", label: "Extracting text", weight: 20 },
  { id: "analyze", label: "Analyzing pages", weight: 80 },
];

async function task<Input>(options: TaskOptions<Input>, body: unknown = {}) {
  const app = await progressApp((express, progress) => {
    express.use("/api/task", progress.task(options));
  });
  const answer = await callSse(`${app.origin}/api/task`, { body });
  return { ...app, answer, state: () => reduceAnswers([answer]) };
}

test("weighted stages give the overall progress, and what the job returns is the result", async () => {
  const { answer, state } = await task({
    stages,
    async run({ stage, text }) {
      await stage("extract", (s) => s.progress(1, 2, "Page 1 of 2"));
      return stage("analyze", (s) => {
        s.progress({ completed: 127, total: 500, unit: "pages", message: "Analyzing page 127 of 500" });
        text("Done.");
        return { pages: 500 };
      });
    },
  });
  const progress: (number | null)[] = [];
  const seen: typeof answer.events = answer.events;
  for (let count = 1; count <= seen.length; count++) {
    progress.push(reduceAnswers([{ events: seen.slice(0, count), ids: answer.ids }]).progress);
  }
  expect(progress.filter((value, index) => value !== progress[index - 1])).toEqual([
    null,
    0,
    0.1,
    0.2,
    0.2 + (0.8 * 127) / 500,
    0.99,
    1,
  ]);
  expect(state()).toMatchObject({
    status: "succeeded",
    text: "Done.",
    result: { pages: 500 },
    message: "Analyzing page 127 of 500",
    stages: [
      { id: "extract", status: "done", weight: 20 },
      { id: "analyze", status: "done", completed: 127, total: 500, unit: "pages" },
    ],
  });
});

test("what one turn says is one append, and its pieces of text are one event", async () => {
  const { answer } = await task({
    run({ text, reasoning }) {
      for (const piece of ["a", "b", "c"]) text(piece);
      reasoning("why");
      text("d");
    },
  });
  const texts = answer.events.flatMap((event) => (event.type === "text" ? [event.delta] : []));
  expect(texts).toEqual(["abc", "why", "d"]);
});

test("half of a surrogate pair is held back until its other half has come", async () => {
  const { answer, state } = await task({
    async run({ text }) {
      text("smile \ud83d");
      await new Promise((resolve) => setImmediate(resolve));
      text("\ude0a!");
      text("\ud83d");
    },
  });
  const texts = answer.events.flatMap((event) => (event.type === "text" ? [event.delta] : []));
  expect(texts).toEqual(["smile ", "\u{1f60a}!", "\ufffd"]);
  expect(state().text).toBe("smile \u{1f60a}!\ufffd");
});

test("half of a surrogate pair that has no other is replaced, and no message is cut through one", async () => {
  const { answer } = await task({
    run({ text, progress }) {
      text("a\ud83db");
      text("\ude0a");
      progress(1, 2, `${"x".repeat(1_998)}\u{1f60a}y`);
      progress(2, 2, "half \ud83d");
    },
  });
  const texts = answer.events.flatMap((event) => (event.type === "text" ? [event.delta] : []));
  expect(texts.join("")).toBe("a\ufffdb\ufffd");
  const messages = answer.events.flatMap((event) => (event.type === "progress" ? [event.message] : []));
  expect(messages).toEqual([`${"x".repeat(1_998)}…`, "half \ufffd"]);
});

test("a fraction above 1 is sent as 1", async () => {
  const { answer } = await task({ run: ({ progress }) => progress({ fraction: 1.5 }) });
  expect(answer.events).toContainEqual(expect.objectContaining({ type: "progress", fraction: 1 }));
});

test("a RunFailure is shown as it was written, and the failed stage is marked", async () => {
  const { state, logged } = await task({
    stages,
    run: ({ stage }) =>
      stage("extract", () => {
        throw new RunFailure("content_filtered", "Page 3 cannot be shown.", {
          cause: new Error("secret detail"),
        });
      }),
  });
  expect(state()).toMatchObject({
    status: "failed",
    error: { code: "content_filtered", message: "Page 3 cannot be shown.", retryable: false },
    stages: [{ status: "failed" }, { status: "pending" }],
  });
  const { requestId } = state().error ?? {};
  expect(requestId).toMatch(/^req_[0-9a-f]{16}$/);
  expect(logged).toContainEqual(
    expect.objectContaining({ fields: expect.objectContaining({ requestId, detail: "secret detail" }) }),
  );
});

test("whatever else a job throws is a fixed sentence to the viewer and a log line to us", async () => {
  const { answer, state, logged } = await task({
    run() {
      throw new Error("postgres://user:password@host");
    },
  });
  expect(state().error).toMatchObject({ code: "internal", message: expect.stringContaining("went wrong") });
  expect(answer.body).not.toContain("postgres");
  expect(JSON.stringify(logged)).toContain("postgres");
});

test("a stage that was not planned is shown with weight 0, a skipped one counts as finished", async () => {
  const { state } = await task({
    stages,
    async run({ stage, skip }) {
      skip("extract", "Already extracted");
      await stage("extra", () => {});
    },
  });
  expect(state().stages).toMatchObject([
    { id: "extract", status: "skipped", message: "Already extracted" },
    { id: "analyze", status: "skipped" },
    { id: "extra", status: "done", weight: 0 },
  ]);
});

test("stages may follow from the input", async () => {
  const { state } = await task<{ depth: number }>(
    {
      stages: ({ depth }) => Array.from({ length: depth }, (_, n) => ({ id: `s${n}`, label: `Step ${n}` })),
      run: () => {},
    },
    { depth: 3 },
  );
  expect(state().stages.map(({ label }) => label)).toEqual(["Step 0", "Step 1", "Step 2"]);
});

test("custom events are delivered in order and not kept", async () => {
  const { answer, state } = await task({
    run: ({ custom }) => custom("source", { url: "https://example.org" }),
  });
  expect(answer.events).toContainEqual(
    expect.objectContaining({ type: "custom", name: "source", value: { url: "https://example.org" } }),
  );
  expect(JSON.stringify(state())).not.toContain("example.org");
});

test("progress that is no number is the job's error, not a malformed event", async () => {
  const { state, logged } = await task({ run: ({ progress }) => progress(Number.NaN, 5) });
  expect(state().error?.code).toBe("internal");
  expect(JSON.stringify(logged)).toContain("Give a finite number");
});

test("what a job says of its progress and its usage stays that, whatever else the object holds", async () => {
  const end = { type: "end", status: "succeeded", at: "never", stage: "other", label: "Other" };
  const { answer, state } = await task({
    stages,
    run: ({ progress, usage, stage, text }) =>
      stage("extract", (s) => {
        progress({ message: "Reading", ...end });
        s.progress({ completed: 1, total: 2, ...end });
        usage({ inputTokens: 7, cost: { amount: 1, currency: "EUR", ...end }, ...end });
        text("All of it");
      }),
  });
  expect(answer.events.map(({ type }) => type)).toEqual([
    ...["open", "start", "stage", "progress", "progress", "text", "usage", "stage", "end"],
  ]);
  expect(answer.body).not.toMatch(/Other|never/);
  expect(state()).toMatchObject({
    status: "succeeded",
    text: "All of it",
    stages: [{ id: "extract", completed: 1, total: 2 }, { id: "analyze" }],
  });
  expect(state().usage).toEqual({ inputTokens: 7, cost: { amount: 1, currency: "EUR" } });
});

test("a wrong plan is told when the endpoint is made", async () => {
  const plan = (...plans: { id: string; label: string; weight?: number }[]) =>
    progressApp((app, progress) => {
      app.use(progress.task({ stages: plans, run: () => {} }));
    });
  await expect(plan({ id: "a", label: "A" }, { id: "a", label: "B" })).rejects.toThrow(
    'Two stages have the id "a"',
  );
  await expect(plan({ id: "a", label: "A", weight: -1 })).rejects.toThrow("weight -1");
});

test("a schema's issues are a 422 before any run is made", async () => {
  const schema: InputSchema<{ url: string }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value) =>
        typeof (value as { url?: unknown }).url === "string"
          ? { value: value as { url: string } }
          : { issues: [{ message: "Expected a URL", path: [{ key: "url" }] }] },
    },
  };
  const { answer } = await task({ input: schema, run: ({ input }) => input.url }, { uri: "x" });
  expect(answer.status).toBe(422);
  expect(JSON.parse(answer.body)).toMatchObject({
    code: "invalid_input",
    detail: "The input is not valid. url: Expected a URL",
    issues: [{ message: "Expected a URL", path: ["url"] }],
  });
  const good = await task({ input: schema, run: ({ input }) => input.url }, { url: "u" });
  expect(good.state().result).toBe("u");
});

test("the job's signal aborts on cancel, and a job that does not listen is ended all the same", async () => {
  const started = gate();
  const aborted = gate<string>();
  const app = await progressApp((express, progress) => {
    express.use(
      "/api/task",
      progress.task({
        run: ({ signal, text }) => {
          text("before");
          signal.addEventListener("abort", () => aborted.open(signal.reason.name));
          started.open();
          return new Promise(() => {});
        },
      }),
    );
  });
  const url = `${app.origin}/api/task`;
  const opened = gate<string>();
  const viewer = callSse(url, {
    body: {},
    until: (event) => {
      if (event.type === "open") opened.open(event.run);
      return false;
    },
  });
  await started.opened;
  await fetch(`${url}/${await opened.opened}/cancel`, { method: "POST" });
  const answer = await viewer;
  expect(await aborted.opened).toBe("AbortError");
  expect(answer.events.at(-1)).toMatchObject({ type: "end", status: "cancelled", reason: "user" });
});

test("a task that takes longer than its total time is cancelled as limit", async () => {
  const { answer } = await task({ totalTimeoutMs: 20, run: () => new Promise(() => {}) });
  expect(answer.events.at(-1)).toMatchObject({ type: "end", status: "cancelled", reason: "limit" });
});

test("text past the limit ends the run as output_limit and keeps what fitted", async () => {
  const { origin } = await progressApp(
    (express, progress) => {
      express.use(
        progress.task({
          async run({ text, ready }) {
            for (;;) {
              text("x".repeat(100));
              await ready();
            }
          },
        }),
      );
    },
    { limits: { textChars: 1_000 } },
  );
  const state = reduceAnswers([await callSse(origin, { body: {} })]);
  expect(state).toMatchObject({ status: "failed", error: { code: "output_limit" } });
  expect(state.text).toHaveLength(1_000);
});

test("the limit of text counts what the run holds, in both channels, and not what was replaced", async () => {
  const { origin } = await progressApp(
    (express, progress) => {
      express.use(
        "/replaced",
        progress.task({
          async run({ text, reasoning }) {
            for (let draft = 0; draft < 100; draft++) {
              text("x".repeat(400), { replace: true });
              reasoning("y".repeat(400), { replace: true });
              text("x".repeat(100));
              reasoning("y".repeat(100));
            }
          },
        }),
      );
      express.use(
        "/both",
        progress.task({
          run({ text, reasoning }) {
            reasoning("y".repeat(600));
            text("x".repeat(100), { replace: true });
            text("x".repeat(301));
          },
        }),
      );
    },
    { limits: { textChars: 1_000 } },
  );
  const replaced = reduceAnswers([await callSse(`${origin}/replaced`, { body: {} })]);
  expect(replaced).toMatchObject({ status: "succeeded", text: "x".repeat(500), reasoning: "y".repeat(500) });
  const both = reduceAnswers([await callSse(`${origin}/both`, { body: {} })]);
  expect(both).toMatchObject({ error: { code: "output_limit" }, text: "x".repeat(100) });
});

test("hooks see each event once and the final state, and their failures change nothing", async () => {
  const seen: string[] = [];
  const ended = gate<string>();
  const { origin, logged } = await progressApp(
    (express, progress) => {
      express.use(progress.task({ run: ({ text }) => text("Hello") }));
    },
    {
      onStart: () => {
        throw new Error("hook is broken");
      },
      onEvent: (event) => void seen.push(event.type),
      onEnd: (state) => ended.open(`${state.status}: ${state.text}`),
    },
  );
  await callSse(origin, { body: {} });
  expect(await ended.opened).toBe("succeeded: Hello");
  expect(seen).toEqual(["start", "text", "end"]);
  expect(JSON.stringify(logged)).toContain("hook is broken");
});

test("what has been used is logged once a turn, field by field, and never the same twice", async () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const { answer, state } = await task({
    async run({ usage, text }) {
      usage({ inputTokens: 7 });
      usage({ outputTokens: 1 });
      await turn();
      usage({ outputTokens: 1, inputTokens: 7 });
      await turn();
      usage({ inputTokens: 7 });
      await turn();
      text("last");
      usage({ outputTokens: 2 });
    },
  });
  expect(answer.events.map(({ type }) => type)).toEqual(["open", "start", "usage", "text", "usage", "end"]);
  expect(state().usage).toEqual({ inputTokens: 7, outputTokens: 2 });
});

test("the path of an issue begins with the name of the form's field, however the schema writes it", async () => {
  const paths = [["email"], [{ key: "email" }, "domain"], ["email", 0, { key: "name" }]];
  for (const path of paths) {
    const input: InputSchema<unknown> = {
      "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "No.", path }] }) },
    };
    const { answer } = await task({ input, run: () => {} }, { email: "x" });
    expect(JSON.parse(answer.body).issues[0].path[0]).toBe("email");
  }
});

test("an endpoint's own hooks are called beside the server's, and for its own runs only", async () => {
  const seen: string[] = [];
  const both = gate();
  const { origin } = await progressApp(
    (express, progress) => {
      express.use(
        "/a",
        progress.task({ run: ({ text }) => text("A"), onEnd: ({ text }) => void seen.push(`own: ${text}`) }),
      );
      express.use("/b", progress.task({ run: ({ text }) => text("B") }));
    },
    {
      onEnd: ({ text }) => {
        seen.push(`all: ${text}`);
        if (text === "B") both.open();
      },
    },
  );
  await callSse(`${origin}/a`, { body: {} });
  await callSse(`${origin}/b`, { body: {} });
  await both.opened;
  expect(seen.sort()).toEqual(["all: A", "all: B", "own: A"]);
});

test.each([
  ["at the limit", `${"x".repeat(10)}\ud83d`],
  ["past the limit", `${"x".repeat(11)}\ud83d`],
])("a run whose text ends %s in half a pair has its end all the same", async (_, delta) => {
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(progress.task({ run: ({ text }) => text(delta) }));
    },
    { limits: { textChars: 10 } },
  );
  expect((await callSse(origin, { body: {} })).events.at(-1)?.type).toBe("end");
});

test("a value is delivered as it was when it was said, whatever the job does to it afterwards", async () => {
  const { origin } = await progressApp((app, progress) => {
    app.use(
      progress.task({
        run({ custom }) {
          const tick = { n: 0 };
          for (; tick.n < 3; tick.n++) custom("tick", tick);
        },
      }),
    );
  });
  const { events } = await callSse(origin, { body: {} });
  const values = events.flatMap((event) => (event.type === "custom" ? [event.value] : []));
  expect(values).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
});

test.each<[string, TaskRun]>([
  ["a custom value that JSON cannot hold", ({ custom }) => custom("x", () => {})],
  ["a result that JSON cannot hold", () => Symbol("x")],
  ["usage that is no number", ({ usage }) => usage({ inputTokens: Number.NaN })],
  ["a custom event without a name", ({ custom }) => custom("", 1)],
  ["a stage without an id", ({ stage }) => stage("", () => {})],
])("%s gives no event that a viewer must refuse, and the run its end", async (_, run) => {
  const { url } = await taskApp(run);
  const { events } = await callSse(url, { body: {} });
  expect(events.at(-1)?.type).toBe("end");
});

test.each([Number.NaN, Infinity, -1, "soon"])(
  "a failure whose wait is %s, which is no time, is told without one",
  async (wait) => {
    const own = new RunFailure("rate_limited", "Busy.", { retryAfterMs: wait as number });
    expect(own.retryAfterMs).toBeUndefined();
    const ofAnotherCopy = Object.assign(new Error("Busy."), {
      name: "RunFailure",
      code: "rate_limited",
      retryable: true,
      retryAfterMs: wait,
    });
    for (const failure of [own, ofAnotherCopy]) {
      const { url } = await taskApp(() => {
        throw failure;
      });
      const { error } = reduceAnswers([await callSse(url, { body: {} })]);
      expect(error).toMatchObject({ code: "rate_limited", message: "Busy." });
      expect(error).not.toHaveProperty("retryAfterMs");
    }
  },
);

const refuse = (): never => {
  throw new Error("nobody reads this");
};
const unreadable: [string, unknown][] = [
  ["an object without a prototype", Object.create(null)],
  ["an object that has no text", { toString: refuse }],
  ["an error without a readable message", Object.defineProperty(new Error(), "message", { get: refuse })],
  ["an error whose message is no text", Object.assign(new Error(), { message: Symbol("x"), name: 5 })],
  ["what cannot even be asked what it is", new Proxy({}, { getPrototypeOf: refuse, get: refuse })],
];

test.each(unreadable)("a job that throws %s fails as any other, and leaves no timer", async (_, thrown) => {
  const clock = manualClock(Date.now());
  const { url, logged } = await taskApp(
    async () => {
      throw thrown;
    },
    { clock, store: memoryStore({ clock, retainMs: Infinity }) },
  );
  const answer = await callSse(url, { body: {} });
  expect(reduceAnswers([answer])).toMatchObject({ status: "failed", error: { code: "internal" } });
  await until(async () => {
    await clock.advance(0);
    return clock.pending === 0;
  });
  const { requestId } = reduceAnswers([answer]).error ?? {};
  expect(logged).toContainEqual(
    expect.objectContaining({ level: "error", fields: expect.objectContaining({ requestId }) }),
  );
});

test.each(unreadable)("a hook that throws %s is logged", async (_, thrown) => {
  const { url, logged } = await taskApp(() => {}, {
    async onEnd() {
      throw thrown;
    },
  });
  await callSse(url, { body: {} });
  await until(() => logged.some(({ message }) => message === "a hook failed"));
});

test("whatever a schema says, and whatever is thrown where it is asked who comes, is answered", async () => {
  const issues = [{ message: 5n, path: [1n, Symbol("s"), { key: 2n }] }];
  const input = { "~standard": { version: 1, vendor: "x", validate: () => ({ issues }) } };
  const { origin } = await progressApp((app, progress) => {
    app.use("/task", progress.task({ input: input as never, run: () => 1 }));
  });
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const refusal = await fetch(`${origin}/task`, post);
  expect(refusal.status).toBe(422);
  expect(await refusal.json()).toMatchObject({
    issues: [{ message: "5", path: ["1", "Symbol(s)", "2"] }],
  });
  const unreadable = new Proxy(new Error("x"), {
    getPrototypeOf() {
      throw new Error("It does not say what it is.");
    },
  });
  const { url, logged } = await taskApp(() => 1, { principal: () => Promise.reject(unreadable) });
  expect((await fetch(url, post)).status).toBe(500);
  expect(logged).toHaveLength(1);
});

test("a logger that throws costs no run its end, and no process its life", async () => {
  const logger = { debug: refuse, info: refuse, warn: refuse, error: refuse };
  const told = gate();
  const { url } = await taskApp(refuse, {
    logger,
    onStart: refuse,
    async onEnd() {
      told.open();
      refuse();
    },
  });
  const answer = await callSse(url, { body: {} });
  expect(reduceAnswers([answer])).toMatchObject({ status: "failed", error: { code: "internal" } });
  await told.opened;
  await new Promise((resolve) => setImmediate(resolve));
});
