import {
  createProgressWorker,
  memoryStore,
  type PerformOptions,
  type ProgressServerOptions,
  type ProgressWorkerOptions,
  type QueuedJob,
  type QueuedTaskOptions,
  RunFailure,
  type RunInfo,
  type RunStore,
  StoreError,
} from "@ai-progress-stream/server";
import { expect, onTestFinished, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { callSse, reduceAnswers, type SseCall } from "../support/sse-client.js";

interface Settings {
  readonly task?: Partial<QueuedTaskOptions>;
  readonly server?: ProgressServerOptions;
  readonly worker?: Partial<ProgressWorkerOptions>;
}

/** A web node and a worker over one store; `jobs` is the queue. */
async function webAndWorker({ task, server, worker: own }: Settings = {}) {
  const store = server?.store ?? memoryStore(server?.clock ? { clock: server.clock } : {});
  const jobs: QueuedJob[] = [];
  const app = await progressApp(
    (express, progress) => {
      express.use("/task", progress.task({ enqueue: (job) => jobs.push(job), ...task }));
    },
    { store, ...server },
  );
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  // A worker closes its store, which here is the web node's, too.
  const shared: RunStore = { ...store, close: async () => {} };
  const worker = createProgressWorker({
    store: shared,
    logger,
    ...(server?.clock && { clock: server.clock }),
    ...own,
  });
  onTestFinished(() => worker.close({ drainMs: 0 }));
  const url = `${app.origin}/task`;
  const nextJob = (): Promise<QueuedJob> => until(() => jobs.shift());
  const perform = async (run: PerformOptions["run"], options: Partial<PerformOptions> = {}) => {
    const { runId, ...job } = await nextJob();
    return worker.perform(runId, { ...job, run, ...options });
  };
  const state = async (run: string) => (await fetch(`${url}/${run}`)).json();
  return { ...app, store, jobs, worker, url, nextJob, perform, state };
}

/** Starts a run and follows it to its end. */
async function post(url: string, call: SseCall = {}) {
  const opened = gate<string>();
  const answer = callSse(url, {
    body: { n: 1 },
    ...call,
    until: (event) => {
      if (event.type === "open") opened.open(event.run);
      return false;
    },
  });
  return { run: await opened.opened, answer, final: async () => reduceAnswers([await answer]) };
}

const never = (): never => {
  throw new Error("this job must not be performed");
};

test("a queued run says that it waits, and then streams what its worker publishes", async () => {
  const { url, nextJob, worker, state } = await webAndWorker({
    task: { stages: [{ id: "read", label: "Reading", weight: 1 }] },
  });
  const { run, answer, final } = await post(url);
  const { runId, ...job } = await nextJob();
  expect(runId).toBe(run);
  expect(await state(run)).toMatchObject({
    status: "running",
    message: "Waiting for a worker",
    stages: [{ id: "read", status: "pending" }],
  });
  const outcome = await worker.perform(runId, {
    ...job,
    stages: [{ id: "write", label: "Writing", weight: 3 }],
    async run({ stage, input, runId, principal, previous }) {
      await stage("read", (s) => s.progress(1, 2, "Page 1"));
      await stage("write", (s) => s.text("Hello"));
      return { input, runId, principal, previous };
    },
  });
  expect(outcome).toBe("succeeded");
  expect(await final()).toMatchObject({
    status: "succeeded",
    text: "Hello",
    message: null,
    result: { input: { n: 1 }, runId: run, principal: null, previous: null },
    stages: [
      { id: "read", label: "Reading", weight: 1, status: "done" },
      { id: "write", label: "Writing", weight: 3, status: "done" },
    ],
  });
  const { events } = await answer;
  expect(events.filter(({ type }) => type === "start")).toHaveLength(1);
  expect(events.filter(({ type }) => type === "end")).toHaveLength(1);
});

test("fifty requests of one key are one job in the queue, with the checked input and the principal", async () => {
  const { url, jobs, perform } = await webAndWorker({
    task: {
      input: {
        "~standard": { version: 1, vendor: "test", validate: () => ({ value: "checked" }) },
      },
    },
    server: { principal: () => "ann" },
  });
  const headers = { "idempotency-key": "k" };
  const viewers = Array.from({ length: 50 }, () => post(url, { headers }));
  const runs = await Promise.all(viewers.map(async (viewer) => (await viewer).run));
  expect(new Set(runs).size).toBe(1);
  await until(() => jobs.length === 1);
  expect(jobs).toEqual([{ runId: runs[0], input: "checked", principal: "ann" }]);
  await perform(({ text, input, principal }) => text(`${input} ${principal}`));
  for (const viewer of viewers) expect((await (await viewer).final()).text).toBe("checked ann");
  expect(jobs).toEqual([]);
});

test("a queued run can be started by respond-async and polled to its end", async () => {
  const { url, perform, state } = await webAndWorker();
  const accepted = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "respond-async" },
    body: "{}",
  });
  expect(accepted.status).toBe(202);
  const { run } = (await accepted.json()) as { run: string };
  expect(await state(run)).toMatchObject({ status: "running", message: "Waiting for a worker" });
  await perform(() => "done");
  expect(await state(run)).toMatchObject({ status: "succeeded", result: "done", progress: 1 });
});

test("a queue that does not take the job fails the run, and its words stay in the log", async () => {
  const { url, logged, store } = await webAndWorker({
    task: {
      enqueue: () => {
        throw new Error("redis://user:hunter2@queue refused");
      },
    },
  });
  const { run, answer, final } = await post(url);
  expect(await final()).toMatchObject({ status: "failed", error: { code: "overloaded", retryable: true } });
  expect((await answer).body).not.toContain("hunter2");
  expect(JSON.stringify(logged)).toContain("hunter2");
  const { requestId } = (await final()).error ?? {};
  expect(logged).toContainEqual(expect.objectContaining({ fields: expect.objectContaining({ requestId }) }));
  const late = createProgressWorker({ store });
  expect(await late.perform(run, { input: null, principal: null, run: never })).toBe("ended");
});

test("a run that is cancelled while it waits ends at once, and its job is not performed", async () => {
  const { url, perform } = await webAndWorker();
  const { run, final } = await post(url);
  await fetch(`${url}/${run}/cancel`, { method: "POST" });
  expect(await final()).toMatchObject({ status: "cancelled", reason: "user" });
  expect(await perform(never)).toBe("ended");
});

test("a cancel reaches the job in its worker", async () => {
  const { url, perform } = await webAndWorker();
  const { run, final } = await post(url);
  const outcome = perform(async ({ signal, text }) => {
    text("So far");
    await fetch(`${url}/${run}/cancel`, { method: "POST" });
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  expect(await outcome).toBe("cancelled");
  expect(await final()).toMatchObject({ status: "cancelled", reason: "user", text: "So far" });
});

test("a run that no worker takes on in time fails with a sentence, and not before", async () => {
  const clock = manualClock();
  const { url, perform, state } = await webAndWorker({
    task: { queueTimeoutMs: 60_000 },
    server: { clock, heartbeatMs: 0 },
  });
  const { run, final } = await post(url);
  await clock.advance(59_000);
  expect(await state(run)).toMatchObject({ status: "running" });
  await clock.advance(10_000);
  expect((await final()).error).toMatchObject({
    code: "overloaded",
    message: expect.stringContaining("waited too long"),
    retryable: true,
  });
  expect(await perform(never)).toBe("ended");
});

/** As an attempt leaves it whose process died: claimed, begun, silent. */
async function dieAfter(store: RunStore, runId: string, text: string) {
  await store.claim?.(runId, { lease: "dead", leaseMs: 200, graceMs: 60_000 });
  await store.append(runId, "dead", 3, [
    { type: "text", at: 1, delta: text },
    { type: "usage", at: 1, outputTokens: 5 },
  ]);
}

test("a job that the queue hands out again after its worker died fails its run, and is not performed twice", async () => {
  const { url, store, nextJob, worker } = await webAndWorker();
  const { final } = await post(url);
  const { runId, ...job } = await nextJob();
  await dieAfter(store, runId, "So far");
  expect(await worker.perform(runId, { ...job, run: never })).toBe("failed");
  expect(await final()).toMatchObject({ status: "failed", text: "So far", error: { code: "producer_lost" } });
  expect(await worker.perform(runId, { ...job, run: never })).toBe("ended");
});

test("a job that may be resumed goes on with what its first attempt has left", async () => {
  const { url, store, nextJob, worker } = await webAndWorker();
  const { final, answer } = await post(url);
  const { runId, ...job } = await nextJob();
  await dieAfter(store, runId, "one ");
  const outcome = await worker.perform(runId, {
    ...job,
    resume: true,
    run({ previous, text }) {
      expect(previous).toMatchObject({ text: "one ", usage: { outputTokens: 5 } });
      text("two");
    },
  });
  expect(outcome).toBe("succeeded");
  expect(await final()).toMatchObject({ status: "succeeded", text: "one two", usage: { outputTokens: 5 } });
  expect((await answer).events.filter(({ type }) => type === "end")).toHaveLength(1);
});

test("Stop on a run whose worker has died ends it at once, and no further attempt performs it", async () => {
  const clock = manualClock();
  const { url, store, nextJob, worker } = await webAndWorker({ server: { clock, heartbeatMs: 0 } });
  const { run, final } = await post(url);
  const { runId, ...job } = await nextJob();
  await dieAfter(store, runId, "So far");
  await clock.advance(201);
  expect((await fetch(`${url}/${run}/cancel`, { method: "POST" })).status).toBe(202);
  expect(await final()).toMatchObject({ status: "cancelled", reason: "user", text: "So far" });
  expect(await worker.perform(runId, { ...job, resume: true, run: never })).toBe("ended");
});

test("a job is not begun where the run was cancelled while it was taken on", async () => {
  const inner = memoryStore();
  const store: RunStore = {
    ...inner,
    async claim(run, claim) {
      const outcome = await inner.claim?.(run, claim);
      await inner.requestCancel(run, "user");
      return outcome ?? { kind: "gone" };
    },
  };
  const { url, perform } = await webAndWorker({ server: { store } });
  const { final } = await post(url);
  let performed = 0;
  expect(await perform(() => performed++)).toBe("cancelled");
  expect(performed).toBe(0);
  expect(await final()).toMatchObject({ status: "cancelled", reason: "user" });
});

test("the limit of text counts what an earlier attempt has written", async () => {
  const { url, store, nextJob, worker } = await webAndWorker({ worker: { limits: { textChars: 10 } } });
  const { final } = await post(url);
  const { runId, ...job } = await nextJob();
  await dieAfter(store, runId, "12345678");
  const run: PerformOptions["run"] = ({ text }) => text("90ab");
  expect(await worker.perform(runId, { ...job, resume: true, run })).toBe("failed");
  expect((await final()).error?.code).toBe("output_limit");
});

test.each<[string, Partial<PerformOptions>]>([
  ["totalTimeoutMs is 0", { totalTimeoutMs: 0 }],
  ["totalTimeoutMs is NaN", { totalTimeoutMs: Number.NaN }],
  [
    'Two stages have the id "a"',
    {
      stages: [
        { id: "a", label: "A" },
        { id: "a", label: "B" },
      ],
    },
  ],
  ["worker.perform needs run", { run: undefined as never }],
])("a job whose options cannot be (%s) is not begun, and a further attempt has it", async (why, wrong) => {
  const { url, worker, nextJob } = await webAndWorker();
  const { final } = await post(url);
  const { runId, ...job } = await nextJob();
  const right: PerformOptions = { ...job, run: () => "done" };
  await expect(worker.perform(runId, { ...right, ...wrong })).rejects.toThrow(why);
  expect(await worker.perform(runId, right)).toBe("succeeded");
  expect((await final()).result).toBe("done");
});

test("a job that is delivered twice is performed once", async () => {
  const { url, nextJob, worker } = await webAndWorker({ worker: { leaseMs: 2_000 } });
  const { final } = await post(url);
  const { runId, ...job } = await nextJob();
  const go = gate();
  let performed = 0;
  const run: PerformOptions["run"] = async ({ text }) => {
    performed++;
    await go.opened;
    text("once");
  };
  const first = worker.perform(runId, { ...job, run, resume: true });
  expect(await worker.perform(runId, { ...job, run, resume: true })).toBe("held");
  go.open();
  expect(await first).toBe("succeeded");
  expect(performed).toBe(1);
  expect((await final()).text).toBe("once");
});

test("a job's failure is its run's, with the code and the sentence that it chose", async () => {
  const { url, perform } = await webAndWorker();
  const { final } = await post(url);
  const outcome = await perform(() => {
    throw new RunFailure("quota_exceeded", "No pages left this month.");
  });
  expect(outcome).toBe("failed");
  expect((await final()).error).toMatchObject({
    code: "quota_exceeded",
    message: "No pages left this month.",
  });
});

test("a run that nobody looks at any more is let go of by its worker", async () => {
  const { url, perform, state } = await webAndWorker({ worker: { abandonAfterMs: 100 } });
  const opened = gate<string>();
  await callSse(url, {
    body: {},
    until: (event) => {
      if (event.type === "open") opened.open(event.run);
      return true;
    },
  });
  expect(
    await perform(({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve))),
  ).toBe("cancelled");
  expect(await state(await opened.opened)).toMatchObject({ status: "cancelled", reason: "abandoned" });
});

test("the hooks are called by the worker, once", async () => {
  const seen: string[] = [];
  const info: RunInfo[] = [];
  const { url, perform } = await webAndWorker({
    server: { onStart: () => void seen.push("start on the web node") },
    worker: {
      onStart: (run) => void info.push(run),
      onEvent: ({ type }) => void seen.push(type),
      onEnd: ({ text }) => void seen.push(`end: ${text}`),
    },
  });
  const { run } = await post(url);
  await perform(({ text }) => text("Hello"));
  await until(() => seen.length === 4);
  expect(seen).toEqual(["progress", "text", "end", "end: Hello"]);
  expect(info).toEqual([{ runId: run, principal: null }]);
});

test("of a run that changes hands the hooks are told once, by whoever has ended it, and of nothing that is not in its log", async () => {
  const clock = manualClock(Date.now());
  const store = memoryStore({ clock });
  const { url, nextJob } = await webAndWorker({ server: { clock, store } });
  let isCut = false;
  const away = () => Promise.reject(new StoreError("unavailable", "away"));
  const told: string[] = [];
  const workerOf = (name: string, own: Partial<RunStore>) => {
    const worker = createProgressWorker({
      store: { ...store, close: async () => {}, ...own },
      clock,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      onEvent: (event) => void told.push(`${name}: ${event.type === "text" ? event.delta : event.type}`),
      onEnd: ({ status, text }) => void told.push(`${name}: ${status} with ${text}`),
    });
    onTestFinished(() => worker.close({ drainMs: 0 }));
    return worker;
  };
  const first = workerOf("first", {
    append: (...args) => (isCut ? away() : store.append(...args)),
    renew: (...args) => (isCut ? away() : store.renew(...args)),
    watchOrders: () => () => {},
  });
  const second = workerOf("second", {});
  const { final } = await post(url);
  const { runId, ...job } = await nextJob();
  const begun = gate();
  const taken = gate();
  const go = gate();
  const lost = first.perform(runId, {
    ...job,
    resume: true,
    async run({ text }) {
      text("half");
      await new Promise((resolve) => setImmediate(resolve));
      isCut = true;
      begun.open();
      await taken.opened;
      text(", and what nobody will read");
    },
  });
  await begun.opened;
  await clock.advance(16_000);
  const done = second.perform(runId, {
    ...job,
    resume: true,
    async run({ text }) {
      isCut = false;
      taken.open();
      await go.opened;
      text(" and half");
    },
  });
  await taken.opened;
  await clock.advance(30_000);
  expect(await lost).toBe("lost");
  go.open();
  expect(await done).toBe("succeeded");
  expect((await final()).text).toBe("half and half");
  await until(() => told.some((line) => line.startsWith("second: succeeded")));
  expect(told).toEqual([
    "first: progress",
    "first: half",
    "second:  and half",
    "second: end",
    "second: succeeded with half and half",
  ]);
});

test("a hook that says something when it is told of an event has it in its place, and is told of that, too", async () => {
  const seen: string[] = [];
  const { perform, url, state } = await webAndWorker({
    worker: {
      onEvent(event) {
        if (event.type !== "text") return;
        seen.push(event.delta);
        if (event.delta === "a") say("b");
      },
    },
  });
  let say: (text: string) => void = () => {};
  const { run, final } = await post(url);
  const go = gate();
  const done = perform(async ({ text }) => {
    say = text;
    text("a");
    await go.opened;
    text("c");
  });
  await until(() => seen.length === 2);
  expect((await state(run)).text).toBe("ab");
  go.open();
  await done;
  expect((await final()).text).toBe("abc");
  expect(seen).toEqual(["a", "b", "c"]);
});

test("closing a worker lets its run finish in time or ends it as shutdown, and takes on nothing more", async () => {
  const clock = manualClock(Date.now());
  const { url, nextJob, worker } = await webAndWorker({ server: { clock, heartbeatMs: 0 } });
  const [finishes, hangs, waits] = [await post(url), await post(url), await post(url)];
  const jobs = [await nextJob(), await nextJob(), await nextJob()];
  const job = (run: string) => jobs.find(({ runId }) => runId === run) as QueuedJob;
  const go = gate();
  const outcomes = Promise.all([
    worker.perform(finishes.run, { ...job(finishes.run), run: () => go.opened }),
    worker.perform(hangs.run, { ...job(hangs.run), run: () => new Promise(() => {}) }),
  ]);
  const closed = worker.close({ drainMs: 5_000 });
  await expect(worker.perform(waits.run, { ...job(waits.run), run: never })).rejects.toThrow(/is closing/);
  go.open();
  await clock.advance(5_000);
  await clock.advance(1_000);
  expect(await outcomes).toEqual(["succeeded", "cancelled"]);
  await closed;
  expect(await hangs.final()).toMatchObject({ status: "cancelled", reason: "shutdown" });
});

test("a store that is away leaves the job to a further attempt", async () => {
  const store = memoryStore();
  const away: RunStore = {
    ...store,
    claim: async () => {
      throw Object.assign(new Error("away"), { name: "StoreError", code: "unavailable" });
    },
  };
  const worker = createProgressWorker({ store: away });
  await expect(worker.perform("run", { input: null, principal: null, run: never })).rejects.toMatchObject({
    code: "unavailable",
  });
  await worker.close();
});

test("a claim whose answer was lost is gone on with by the next attempt, which performs the job once", async () => {
  const inner = memoryStore();
  let isLost = true;
  const store: RunStore = {
    ...inner,
    async claim(run, claim) {
      const outcome = await inner.claim?.(run, claim);
      if (isLost) throw new StoreError("unavailable", "the answer was lost");
      return outcome ?? { kind: "gone" };
    },
  };
  const { url, nextJob, worker } = await webAndWorker({ server: { store }, worker: { leaseMs: 2_000 } });
  const { final } = await post(url);
  const { runId, ...job } = await nextJob();
  for (const _attempt of [1, 2]) {
    await expect(worker.perform(runId, { ...job, run: never })).rejects.toMatchObject({
      code: "unavailable",
    });
  }
  isLost = false;
  let performed = 0;
  const go = gate();
  const perform = () =>
    worker.perform(runId, {
      ...job,
      run: async () => {
        performed++;
        await go.opened;
      },
    });
  // Of two further attempts one has the lease, and the other sees it held.
  const outcomes = [perform(), perform()];
  expect(await Promise.race(outcomes)).toBe("held");
  go.open();
  expect((await Promise.all(outcomes)).toSorted()).toEqual(["held", "succeeded"]);
  expect(performed).toBe(1);
  expect(await final()).toMatchObject({ status: "succeeded" });
});

test("a store that cannot hand runs over, and a queue without a bound, are told at the start", async () => {
  const { claim: _claim, ...store } = memoryStore();
  expect(() => createProgressWorker({ store })).toThrow(/has no claim\(\)/);
  const mount = (options: ProgressServerOptions, task: Partial<QueuedTaskOptions> = {}) =>
    progressApp((app, progress) => app.use(progress.task({ enqueue() {}, ...task })), options);
  await expect(mount({ store })).rejects.toThrow(/has no claim\(\)/);
  await expect(mount({}, { queueTimeoutMs: Infinity })).rejects.toThrow(/queueTimeoutMs is Infinity/);
});
