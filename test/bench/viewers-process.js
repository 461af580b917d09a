/*
 * One process that performs runs and serves their viewers, on redisStore. REDIS_URL, DELTAS and PAUSE_MS in the
 * environment. POST /job makes a run, which waits; GET /go lets all go; GET /memory tells its own.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createProgressServer } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import express from "express";

const { REDIS_URL, DELTAS, PAUSE_MS } = process.env;
const deltas = Number(DELTAS);
const pauseMs = Number(PAUSE_MS);
const store = redisStore({ url: REDIS_URL, secret: "only for this benchmark" });
const progress = createProgressServer({ store });
let go = () => {};
const gone = new Promise((resolve) => {
  go = resolve;
});
const app = express();
app.use(
  "/job",
  progress.task({
    async run({ runId, text, signal }) {
      await gone;
      // Runs keep no time with each other.
      await pause(Math.random() * pauseMs, null, { signal });
      for (let n = 0; n < deltas; n++) {
        text(`${runId}:${n} `);
        await pause(pauseMs, null, { signal });
      }
    },
  }),
);
app.get("/go", (_req, res) => {
  go();
  res.end();
});
app.get("/memory", (_req, res) => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  res.json({ rss, heapUsed, cpuMs: (user + system) / 1000 });
});
const server = app.listen(0, "127.0.0.1", 4096, () => process.send?.(server.address().port));
