/*
 * progress.relay() with everything on: log, ids, state, limits, heartbeat, resume. REDIS_URL: in Redis.
 * DEFAULT_LIMITS: those of a server that was given none.
 */
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
  logger: { info() {}, warn() {}, error: (fields) => console.error(fields) },
  ...(process.env.DEFAULT_LIMITS ? {} : { limits: { textChars: 64_000_000, upstreamBytes: Infinity } }),
});
const app = express();
const endpoints = new Map();
app.use((req, res, next) => {
  // A run is found by any of them: they share the store, and their mount.
  const path = req.method === "GET" ? [...endpoints.keys()][0] : req.url;
  if (!endpoints.has(path)) {
    const provider = openaiChat({ baseURL: upstreamUrl(path) });
    endpoints.set(path, progress.relay({ provider, models: { default: "m" } }));
  }
  if (req.method !== "GET") req.url = "/";
  endpoints.get(path)(req, res, next);
});
serve(createServer, app);
