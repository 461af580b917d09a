import {
  createProgressServer,
  createProgressWorker,
  memoryStore,
  openaiChat,
  type ProgressServerOptions,
} from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import { expect, onTestFinished, test } from "vitest";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { taskApp } from "../support/task-app.js";

/** As they come from JavaScript, or from a variable of the environment that is not set. */
const asOptions = (options: object): ProgressServerOptions => options as ProgressServerOptions;

test.each([
  ["abandonAfterMs", { abandonAfterMs: Number.NaN }],
  ["heartbeatMs", { heartbeatMs: -1 }],
  ["heartbeatMs", { heartbeatMs: Number("15s") }],
  ["stallMs", { stallMs: Number.NaN }],
  ["leaseMs", { leaseMs: Infinity }],
  ["leaseMs", { leaseMs: 0 }],
  ["leaseMs", { leaseMs: "15000" }],
  ["backstopMs", { backstopMs: Infinity }],
  ["backstopMs", { backstopMs: Number.NaN }],
  ["totalTimeoutMs", { totalTimeoutMs: -1 }],
  ["totalTimeoutMs", { totalTimeoutMs: 0 }],
  ["bodyTimeoutMs", { bodyTimeoutMs: null }],
  ["maxRetries", { maxRetries: Number.NaN }],
  ["timeouts.idleMs", { timeouts: { idleMs: Number.NaN } }],
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
  expect(() => progress.task({ run: () => {}, totalTimeoutMs: -1 })).toThrow(/totalTimeoutMs is -1/);
  expect(() => progress.task({ run: () => {}, totalTimeoutMs: 0 })).toThrow(/totalTimeoutMs is 0/);
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
