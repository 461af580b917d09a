/* progress.relay() with everything on: log, ids, state, limits, heartbeat, resume. REDIS_URL: in Redis. */
import { createServer } from "node:http";
import { createProgressServer, openaiChat } from "@ai-progress-stream/server";
import express from "express";
import { serve, upstreamUrl } from "../measure.js";

const { REDIS_URL: url } = process.env;
const store = url
  ? (await import("@ai-progress-stream/server/redis")).redisStore({
      url,
      secret: "a secret of the bench only",
    })
  : null;
const progress = createProgressServer({
  ...(store ? { store } : {}),
  limits: { textChars: 64_000_000, upstreamBytes: Infinity },
});
const app = express();
const endpoints = new Map();
app.use((req, res, next) => {
  const path = req.url;
  if (!endpoints.has(path)) {
    const provider = openaiChat({ baseURL: upstreamUrl(path) });
    endpoints.set(path, progress.relay({ provider, models: { default: "m" } }));
  }
  req.url = "/";
  endpoints.get(path)(req, res, next);
});
serve(createServer, app);
