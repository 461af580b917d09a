/* The AI SDK with resumable-stream on Redis: what it takes there to survive a reload. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { JsonToSseTransformStream, streamText } from "ai";
import { createClient } from "redis";
import { createResumableStreamContext } from "resumable-stream";
import { serve, upstreamUrl } from "../measure.js";

globalThis.AI_SDK_LOG_WARNINGS = false;
const publisher = await createClient({ url: process.env.REDIS_URL }).connect();
const subscriber = await createClient({ url: process.env.REDIS_URL }).connect();
const context = createResumableStreamContext({ waitUntil: () => {}, publisher, subscriber });
serve(createServer, async (req, res) => {
  req.resume();
  if (req.method === "GET") {
    const resumed = await context.resumeExistingStream(req.url.slice(1));
    res.writeHead(resumed ? 200 : 204, { "content-type": "text/event-stream" });
    if (resumed) Readable.fromWeb(resumed).pipe(res);
    else res.end();
    return;
  }
  const run = randomUUID();
  const model = createOpenAICompatible({ name: "bench", baseURL: upstreamUrl(req.url) })("m");
  const stream = await context.createNewResumableStream(run, () =>
    streamText({ model, prompt: "x" }).toUIMessageStream().pipeThrough(new JsonToSseTransformStream()),
  );
  res.writeHead(200, { "content-type": "text/event-stream", "content-location": `/${run}` });
  Readable.fromWeb(stream).pipe(res);
});
