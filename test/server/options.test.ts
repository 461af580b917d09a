import {
  type AnswerOptions,
  createProgressServer,
  createProgressWorker,
  memoryStore,
  openaiChat,
  type ProgressServerOptions,
  type QueuedJob,
} from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../support/gate.js";
import { progressApp } from "../support/progress-app.js";
import {
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { taskApp } from "../support/task-app.js";

/** As they come from JavaScript, or from a variable of the environment that is not set. */
const asOptions = (options: object): ProgressServerOptions => options as ProgressServerOptions;

test.each([
  ["abandonAfterMs", { abandonAfterMs: Number.NaN }],
  ["heartbeatMs", { heartbeatMs: -1 }],
  ["heartbeatMs", { heartbeatMs: Number("15s") }],
  ["stallMs", { stallMs: Number.NaN }],
  ["stallMs", { stallMs: 0 }],
  ["leaseMs", { leaseMs: Infinity }],
  ["leaseMs", { leaseMs: 0 }],
  ["leaseMs", { leaseMs: "15000" }],
  ["backstopMs", { backstopMs: Infinity }],
  ["backstopMs", { backstopMs: Number.NaN }],
  ["totalTimeoutMs", { totalTimeoutMs: -1 }],
  ["totalTimeoutMs", { totalTimeoutMs: 0 }],
  ["bodyTimeoutMs", { bodyTimeoutMs: null }],
  ["bodyTimeoutMs", { bodyTimeoutMs: 0 }],
  ["maxRetries", { maxRetries: Number.NaN }],
  ["timeouts.idleMs", { timeouts: { idleMs: Number.NaN } }],
  ["timeouts.connectMs", { timeouts: { connectMs: 0 } }],
  ["limits.textChars", { limits: { textChars: -5 } }],
  ["limits.runsPerPrincipal", { limits: { runsPerPrincipal: Number.NaN } }],
])(
  "a server whose %s is no such number is not made, and the error says what to give (%j)",
  (name, options) => {
    expect(() => createProgressServer(asOptions(options))).toThrow(TypeError);
    expect(() => createProgressServer(asOptions(options))).toThrow(`${name} is `);
    expect(() => createProgressServer(asOptions(options))).toThrow(/Give .+, or leave it out\./);
  },
);

test("a worker and an endpoint are held to the same", async () => {
  const store = memoryStore();
  const progress = createProgressServer({ store });
  onTestFinished(() => progress.close({ drainMs: 0 }));
  expect(() => createProgressWorker({ store, leaseMs: Number.NaN })).toThrow(/leaseMs is NaN/);
  expect(() => createProgressWorker({ store, resumeWithinMs: -1 })).toThrow(/resumeWithinMs is -1/);
  const relay = { provider: openaiChat(), models: { default: "m" } };
  expect(() => progress.relay({ ...relay, timeouts: { totalMs: Number.NaN } })).toThrow(
    /timeouts.totalMs is NaN/,
  );
  expect(() => progress.relay({ ...relay, maxMessages: Number.NaN })).toThrow(/maxMessages is NaN/);
  expect(() => progress.relay({ ...relay, maxOutputTokens: Number.NaN })).toThrow(/maxOutputTokens is NaN/);
  for (const temperature of [Number.NaN, Infinity, -1]) {
    expect(() => progress.relay({ ...relay, temperature })).toThrow(
      /temperature is .+ 0 or more, and finite/,
    );
  }
  expect(() => progress.relay({ ...relay, expectedTokens: Number.NaN })).toThrow(/expectedTokens is NaN/);
  expect(() => progress.relay({ ...relay, temperature: 0, expectedTokens: Infinity })).not.toThrow();
  expect(() => progress.task({ run: () => {}, totalTimeoutMs: -1 })).toThrow(/totalTimeoutMs is -1/);
  expect(() => progress.task({ run: () => {}, totalTimeoutMs: 0 })).toThrow(/totalTimeoutMs is 0/);
});

test.each([
  ["expectedTokens is NaN", { expectedTokens: Number.NaN }],
  ["timeouts.totalMs is 0", { timeouts: { totalMs: 0 } }],
  ["timeouts knows no total", { timeouts: { total: 5 } }],
])("a job that asks a model is held to the same: %s", async (message, options) => {
  const asked: unknown[] = [];
  const { url } = await taskApp(async ({ relay }) => {
    const request = { model: "m", messages: [] };
    await relay(openaiChat({ apiKey: "k" }), request, options as AnswerOptions).catch((error) => {
      asked.push(error);
      throw error;
    });
  });
  expect(reduceAnswers([await callSse(url, { body: {} })])).toMatchObject({ error: { code: "internal" } });
  expect(asked).toEqual([expect.any(TypeError)]);
  expect(String(asked[0])).toContain(message);
});

test("a bound by a name that there is not is told, with those that there are", () => {
  const unknown = { timeouts: { idle: 5 } };
  expect(() => createProgressServer(asOptions(unknown))).toThrow(
    "timeouts knows no idle. There are: connectMs, firstByteMs, idleMs, totalMs.",
  );
  expect(() => createProgressServer(asOptions({ limits: { toString: 5 } }))).toThrow(/limits knows no/);
});

test.each([
  ["maxRuns", Number.NaN],
  ["maxChars", Number.NaN],
  ["maxLogEvents", -1],
  ["maxLogChars", Number.NaN],
  ["retainMs", Number.NaN],
  ["retainMs", 0],
])("memoryStore refuses %s: %s", (name, value) => {
  expect(() => memoryStore({ [name]: value })).toThrow(new RegExp(`^${name} is ${value}. Give .+`));
});

test.each([
  ["maxLogEvents", Number.NaN],
  ["maxLogChars", Number.NaN],
  ["retainMs", Infinity],
  ["retainMs", 0],
  ["timeoutMs", Number.NaN],
  ["pingMs", Number.NaN],
])("redisStore refuses %s: %s", (name, value) => {
  const options = { url: "redis://localhost", secret: "0123456789abcdef", [name]: value };
  expect(() => redisStore(options)).toThrow(new RegExp(`^${name} is ${value}. Give .+`));
});

test("Infinity turns off what may be turned off, the heartbeat as well", async () => {
  const { url } = await taskApp(() => "done", {
    abandonAfterMs: Infinity,
    heartbeatMs: Infinity,
    stallMs: Infinity,
    totalTimeoutMs: Infinity,
    bodyTimeoutMs: Infinity,
    timeouts: { connectMs: Infinity, firstByteMs: Infinity, idleMs: Infinity, totalMs: Infinity },
    limits: { runsPerPrincipal: Infinity, upstreamBytes: Infinity },
  });
  const answer = await callSse(url, { body: {} });
  expect(answer.events[0]).toMatchObject({ type: "open", heartbeatMs: 0 });
  expect(reduceAnswers([answer])).toMatchObject({ status: "succeeded", result: "done" });
});

describe("a name that is there and undefined, as a variable that is not set, is the default:", () => {
  test("of the bounds", async () => {
    const { url } = await taskApp(() => "done", asOptions({ limits: { bodyBytes: undefined } }));
    expect((await callSse(url, { body: "x".repeat(2_000_000) })).status).toBe(413);
    const store = memoryStore();
    const jobs: QueuedJob[] = [];
    const { origin } = await progressApp(
      (app, progress) => app.use("/task", progress.task({ enqueue: (job) => void jobs.push(job) })),
      { store },
    );
    const limits = { textChars: undefined, valueChars: undefined } as object;
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const worker = createProgressWorker({ store: { ...store, close: async () => {} }, limits, logger });
    onTestFinished(() => worker.close({ drainMs: 0 }));
    const answer = callSse(`${origin}/task`, { body: {} });
    const { runId, ...job } = await until(() => jobs.shift());
    await worker.perform(runId, { ...job, run: () => "x".repeat(300_000) });
    expect(reduceAnswers([await answer])).toMatchObject({ status: "failed", error: { code: "internal" } });
  });

  const relayed = async (relay: object, server: object, body: object) => {
    const upstream = await scriptedUpstream((res) => {
      openStream(res);
      res.end(chunkFrame("Hello") + finishFrame() + DONE_FRAME);
    });
    const provider = openaiChat({ baseURL: upstream.baseURL });
    const { origin } = await progressApp(
      (app, progress) => app.use("/chat", progress.relay({ provider, models: { default: "m" }, ...relay })),
      asOptions(server),
    );
    const answer = await callSse(`${origin}/chat`, { body });
    return { answer, asked: upstream.calls.map((call) => JSON.parse(call.body)) };
  };

  test("of a relay's rules", async () => {
    const rules = { maxOutputTokens: undefined, maxMessages: undefined };
    const { asked } = await relayed(rules, {}, { prompt: "x", max_tokens: 1_000_000 });
    expect(asked).toMatchObject([{ max_tokens: 4096 }]);
    const messages = Array.from({ length: 101 }, () => ({ role: "user", content: "a" }));
    expect((await relayed(rules, {}, { messages })).answer.status).toBe(422);
  });

  test.each([
    ["the server's", {}, { timeouts: { totalMs: undefined, idleMs: undefined } }],
    ["the endpoint's", { timeouts: { totalMs: undefined, firstByteMs: undefined } }, {}],
  ])("of %s time-outs", async (_whose, relay, server) => {
    const { answer } = await relayed(relay, server, { prompt: "x" });
    expect(reduceAnswers([answer])).toMatchObject({ status: "succeeded", text: "Hello" });
  });

  test("and an answer without a bound is asked for without one", async () => {
    const { asked } = await relayed({ maxOutputTokens: Infinity }, {}, { prompt: "x" });
    expect(asked).toHaveLength(1);
    expect(asked[0]).not.toHaveProperty("max_tokens");
  });
});
