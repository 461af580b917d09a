import type { RunState } from "@ai-progress-stream/protocol";
import { describe, expect, onTestFinished, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { listQueue } from "../support/list-queue.js";
import { type CountingJob, startNode, startWorker, type TestWorker } from "../support/nodes.js";
import { startRedis, whyNoRedis } from "../support/redis.js";
import { callSse, reduceAnswers, type SseAnswer } from "../support/sse-client.js";

const LEASE = { leaseMs: 1_000, resumeWithinMs: 30_000 };

async function fleet(worker = LEASE) {
  const redis = await startRedis();
  const [web, other, first] = await Promise.all([
    startNode(redis, "http://127.0.0.1:1", { backstopMs: 300 }),
    startNode(redis, "http://127.0.0.1:1", { backstopMs: 300 }),
    startWorker(redis, worker),
  ]);
  const queue = listQueue<CountingJob>(redis.url);
  onTestFinished(() => queue.close());
  return { redis, web, other, first, queue };
}

/** Queues a job on one node and follows it on another, each on one connection from its start to its end. */
async function startJob(urls: readonly [string, string], input: Partial<CountingJob["input"]> = {}) {
  const opened = gate<string>();
  const begun = gate();
  const answer = callSse(urls[0], {
    body: { count: 200, pauseMs: 10, resume: false, ...input },
    until: (event) => {
      if (event.type === "open") opened.open(event.run);
      if (event.type === "text") begun.open();
      return false;
    },
  });
  const run = await opened.opened;
  const onOther = callSse(`${urls[1]}/${run}`, { method: "GET" });
  return { run, begun: begun.opened, answer, onOther };
}

/** Both viewers' state, which must be one and the same, with one end. */
async function finalState(viewers: {
  answer: Promise<SseAnswer>;
  onOther: Promise<SseAnswer>;
}): Promise<RunState> {
  const [answer, onOther] = await Promise.all([viewers.answer, viewers.onOther]);
  const state = reduceAnswers([answer]);
  expect(reduceAnswers([onOther])).toEqual(state);
  expect(answer.events.filter(({ type }) => type === "end")).toHaveLength(1);
  return state;
}

const counted = (count: number): string => Array.from({ length: count }, (_, n) => `${n} `).join("");
const outcomes = (worker: TestWorker) => worker.said.flatMap(({ outcome }) => outcome ?? []);
const performed = (worker: TestWorker) => worker.said.filter(({ performs }) => performs);

describe.skipIf(whyNoRedis !== null)("workers in processes of their own", () => {
  test("what is queued on one node is performed by a worker, followed on another and polled as a state", async () => {
    const { web, other, first } = await fleet();
    const job = await startJob([web.queued, other.queued]);
    await job.begun;
    const polled = (await (await fetch(`${other.queued}/${job.run}`)).json()) as RunState;
    expect(polled).toMatchObject({ status: "running", message: null });
    expect(counted(200)).toContain(polled.text);
    expect(await finalState(job)).toMatchObject({ status: "succeeded", text: counted(200) });
    await until(() => outcomes(first).length === 1);
    expect(outcomes(first)).toEqual(["succeeded"]);
  });

  test("a cancel on a node reaches the job in its worker, which goes on with the next one", async () => {
    const { web, other, first } = await fleet();
    const job = await startJob([web.queued, other.queued], { count: 100_000 });
    await job.begun;
    expect((await fetch(`${other.queued}/${job.run}/cancel`, { method: "POST" })).status).toBe(202);
    expect(await finalState(job)).toMatchObject({ status: "cancelled", reason: "user" });
    const next = await startJob([other.queued, web.queued], { count: 5 });
    expect(await finalState(next)).toMatchObject({ text: counted(5) });
    await until(() => outcomes(first).length === 2);
    expect(outcomes(first)).toEqual(["cancelled", "succeeded"]);
  });

  test("a worker that is killed fails its run, and the job that the queue hands out again is not performed", async () => {
    const { redis, web, other, first, queue } = await fleet();
    const job = await startJob([web.queued, other.queued], { count: 100_000 });
    await job.begun;
    first.process.kill("SIGKILL");
    await first.exited;
    const second = await startWorker(redis, LEASE);
    expect(await queue.redeliver(first.consumer)).toBe(1);
    const state = await finalState(job);
    expect(state).toMatchObject({ status: "failed", error: { code: "producer_lost", retryable: true } });
    expect(counted(100_000).startsWith(state.text)).toBe(true);
    const [outcome] = await until(() => outcomes(second).length > 0 && outcomes(second));
    expect(["ended", "failed"]).toContain(outcome);
    expect(performed(second)).toEqual([]);
  });

  test("a job that may be resumed goes on in another worker, and its viewers see one text without a seam", async () => {
    const { redis, web, other, first, queue } = await fleet();
    const job = await startJob([web.queued, other.queued], { resume: true });
    await job.begun;
    first.process.kill("SIGKILL");
    await first.exited;
    const second = await startWorker(redis, LEASE);
    expect(await queue.redeliver(first.consumer)).toBe(1);
    expect(await finalState(job)).toMatchObject({ status: "succeeded", text: counted(200) });
    expect(performed(second)).toEqual([{ performs: job.run, from: expect.any(Number) }]);
    expect(performed(second)[0]?.["from"]).toBeGreaterThan(0);
  });

  test("a worker that stood still while another one resumed its job is refused when it wakes up", async () => {
    const { redis, web, other, first, queue } = await fleet();
    const job = await startJob([web.queued, other.queued], { resume: true });
    await job.begun;
    first.process.kill("SIGSTOP");
    const second = await startWorker(redis, LEASE);
    expect(await queue.redeliver(first.consumer)).toBe(1);
    await until(() => performed(second).length === 1);
    first.process.kill("SIGCONT");
    expect(await finalState(job)).toMatchObject({ status: "succeeded", text: counted(200) });
    await until(() => outcomes(first).length === 1);
    expect(outcomes(first)).toEqual(["lost"]);
  });

  test("a Redis that stands still for a while costs a worker's run no character", async () => {
    const { redis, web, other, first } = await fleet({ ...LEASE, leaseMs: 15_000 });
    const job = await startJob([web.queued, other.queued], { count: 300 });
    await job.begun;
    await redis.command("CLIENT", "PAUSE", "1500", "ALL");
    expect(await finalState(job)).toMatchObject({ status: "succeeded", text: counted(300) });
    await until(() => outcomes(first).length === 1);
    expect(first.logged.length).toBeLessThan(5);
  });

  test("a Redis that dies ends what a worker works on, and neither it nor the nodes", async () => {
    const { redis, web, other, first } = await fleet();
    const job = await startJob([web.queued, other.queued], { count: 100_000 });
    await job.begun;
    await redis.kill();
    for (let n = 0; n < 20; n++) {
      expect((await callSse(web.queued, { body: { count: 1 } })).status).toBe(503);
    }
    await redis.start();
    await until(() => outcomes(first)[0] === "lost");
    await Promise.all([job.answer, job.onOther]);
    await until(async () => (await fetch(`${web.queued}/${job.run}`)).status === 404);
    for (const { process, logged } of [web, other, first]) {
      expect(process.exitCode).toBeNull();
      expect(logged.length).toBeLessThan(10);
    }
  });

  test("a worker that is told to stop ends its run as shutdown, and leaves nothing that keeps it alive", async () => {
    const { redis, web, other, first } = await fleet();
    const job = await startJob([web.queued, other.queued], { count: 100_000 });
    await job.begun;
    first.process.kill("SIGTERM");
    expect(await finalState(job)).toMatchObject({ status: "cancelled", reason: "shutdown" });
    expect(await first.exited).toBe(0);
    const waiting = await startJob([web.queued, other.queued], { count: 5 });
    await startWorker(redis, LEASE);
    expect(await finalState(waiting)).toMatchObject({ status: "succeeded", text: counted(5) });
  });
});
