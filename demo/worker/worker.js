/* A worker: performs what the web nodes have enqueued. Start as many as you like. */
import { setTimeout as pause } from "node:timers/promises";
import { createProgressWorker } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import { Worker } from "bullmq";
import { consumerConnection, QUEUE, redis } from "./settings.js";

const PAGES = 60;

/** A page's line and its count are said in one turn, so they are stored together: a next attempt goes on behind them. */
async function proofread({ stage, skip, previous, signal }) {
  const done = previous?.stages.find(({ id }) => id === "proofread")?.completed ?? 0;
  if (done > 0) skip("split");
  else await stage("split", () => pause(500, null, { signal }));
  await stage("proofread", async (s) => {
    for (let page = done + 1; page <= PAGES; page++) {
      await pause(250, null, { signal });
      s.text(`Page ${page}: ${page % 7 === 0 ? "one comma is missing" : "nothing to mend"}.\n`);
      s.progress({ completed: page, total: PAGES, unit: "pages", message: `Page ${page} of ${PAGES}` });
    }
  });
  return { pages: PAGES };
}

// BullMQ finds out that a worker is dead after its lock and a round of looking, 25 s here; the run is kept for longer.
const worker = createProgressWorker({ store: redisStore(redis), resumeWithinMs: 60_000 });
const consumer = new Worker(
  QUEUE,
  async ({ data }) => {
    const { runId, input, principal } = data;
    const outcome = await worker.perform(runId, { input, principal, resume: true, run: proofread });
    console.log(`${runId}: ${outcome}`);
    return outcome;
  },
  { connection: consumerConnection, concurrency: 5, lockDuration: 15_000, stalledInterval: 10_000 },
);
consumer.on("error", () => {}); // redisStore says it already, once.
consumer.on("failed", (job, error) => console.error(`${job?.data.runId}: ${error.message}`));
console.log("waiting for jobs");

async function shutDown() {
  // BullMQ waits for a Redis that is away for as long as it takes.
  setTimeout(() => process.exit(1), 30_000).unref();
  // First no further job, then the end of those that run.
  const idle = consumer.close();
  await worker.close({ drainMs: 20_000 });
  await idle;
}
process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);
