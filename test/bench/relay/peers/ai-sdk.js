/* The AI SDK: streamText, piped as its UI message stream. */
import { createServer } from "node:http";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { serve, upstreamUrl } from "../measure.js";

globalThis.AI_SDK_LOG_WARNINGS = false;
serve(createServer, (req, res) => {
  req.resume();
  const model = createOpenAICompatible({ name: "bench", baseURL: upstreamUrl(req.url) })("m");
  streamText({ model, prompt: "x" }).pipeUIMessageStreamToResponse(res);
});
