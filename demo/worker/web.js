/* The web node: makes runs, enqueues their jobs, and streams what the workers publish. It performs nothing itself. */
import { fileURLToPath } from "node:url";
import { createProgressServer } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import { Queue } from "bullmq";
import express from "express";
import { port, producerConnection, QUEUE, redis } from "./settings.js";

const queue = new Queue(QUEUE, { connection: producerConnection });
queue.on("error", () => {}); // redisStore says it already, once.
const progress = createProgressServer({ store: redisStore(redis) });
const app = express();

app.use(
  "/api/proofread",
  progress.task({
    stages: [
      { id: "split", label: "Splitting the document", weight: 5 },
      { id: "proofread", label: "Proofreading", weight: 95 },
    ],
    queueTimeoutMs: 300_000,
    enqueue: (job) =>
      queue.add("proofread", job, {
        // A run is one job, however often it is added.
        jobId: job.runId,
        // Of the attempts that found no store. What the job itself throws is its run's failure and no reason for another.
        attempts: 5,
        backoff: { type: "exponential", delay: 1_000 },
        removeOnComplete: true,
        removeOnFail: 1_000,
      }),
  }),
);
app.use(express.static(fileURLToPath(new URL("public", import.meta.url))));
app.use(express.static(fileURLToPath(new URL("../../packages/element/dist", import.meta.url))));

const server = app.listen(port, () => console.log(`http://localhost:${port}`));

async function shutDown() {
  server.close();
  await progress.close();
  await queue.close();
  server.closeAllConnections();
}
process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);
