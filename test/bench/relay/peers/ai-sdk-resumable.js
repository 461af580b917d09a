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
  const model = createOpenAICompatible({ name: "bench", baseURL: upstreamUrl(req.url) })("m");
  const stream = await context.createNewResumableStream(randomUUID(), () =>
    streamText({ model, prompt: "x" }).toUIMessageStream().pipeThrough(new JsonToSseTransformStream()),
  );
  res.writeHead(200, { "content-type": "text/event-stream" });
  Readable.fromWeb(stream).pipe(res);
});
