/* A worker: what a child process of a test runs. It counts for as long as it is told, and says how each job came out. */
import { createProgressWorker, type JobContext } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import { listQueue } from "./list-queue.js";
import type { CountingJob, WorkerSettings } from "./nodes.js";

const { redis, worker: options } = JSON.parse(process.env["NODE_SETTINGS"] ?? "") as WorkerSettings;
const worker = createProgressWorker({ ...options, store: redisStore(redis) });
const queue = listQueue<CountingJob>(redis.url);
const consumer = String(process.pid);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (what: object): boolean => process.stdout.write(`${JSON.stringify(what)}\n`);

/** Goes on behind the last number that an earlier attempt has said. */
async function count({ input, previous, runId, text, signal }: JobContext<CountingJob["input"]>) {
  const first = previous ? previous.text.split(" ").length - 1 : 0;
  say({ performs: runId, from: first });
  for (let n = first; n < input.count; n++) {
    signal.throwIfAborted();
    text(`${n} `);
    await pause(input.pauseMs);
  }
}

let isClosing = false;
process.once("SIGTERM", () => {
  isClosing = true;
  void worker.close({ drainMs: 0 });
});
say({ ready: consumer });
while (!isClosing) {
  const job = await queue.take(consumer);
  if (job === null) continue;
  const { runId, ...rest } = job;
  const outcome = await worker.perform(runId, { ...rest, resume: job.input.resume, run: count });
  say({ outcome, of: runId });
  await queue.done(consumer, job);
}
queue.close();
// Nothing is left to do: the process ends by itself, or hangs for the test to see.
