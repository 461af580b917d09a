/* A node of a fleet: what a child process of a test runs. Told by its environment, heard by one line on stdout. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createProgressServer, openaiChat } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import express from "express";
import { listQueue } from "./list-queue.js";
import type { CountingJob, NodeSettings } from "./nodes.js";

const { redis, upstream, server, store } = JSON.parse(process.env["NODE_SETTINGS"] ?? "") as NodeSettings;
const progress = createProgressServer({ ...server, store: redisStore({ ...redis, ...store }) });
const queue = listQueue<CountingJob>(redis.url);
const app = express();
app.use(
  "/chat",
  progress.relay({ provider: openaiChat({ baseURL: upstream, apiKey: "unused" }), models: { default: "m" } }),
);
app.use("/queued", progress.task<CountingJob["input"]>({ enqueue: (job) => queue.add(job) }));
const listening = createServer(app).listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(listening.address() as AddressInfo).port}\n`);
});
process.once("SIGTERM", async () => {
  listening.close();
  await progress.close({ drainMs: 0 });
  queue.close();
  // Nothing is left to do: the process ends by itself, or hangs for the test to see.
});
