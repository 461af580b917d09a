/* A progress server in a process of its own: PORT, UPSTREAM in the environment. Tells its memory on GET /memory. */
import { createProgressServer, openaiChat } from "@ai-progress-stream/server";
import express from "express";

const progress = createProgressServer({ abandonAfterMs: Infinity });
const provider = openaiChat({ baseURL: process.env.UPSTREAM });
const app = express();
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
app.get("/memory", (_req, res) => {
  globalThis.gc?.();
  res.json({ rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed, peak });
  peak = process.memoryUsage.rss();
});
app.use("/chat", progress.relay({ provider, models: { default: "m" } }));
const server = app.listen(0, "127.0.0.1", () => process.send?.(server.address().port));
