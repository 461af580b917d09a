import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { answerTo } from "./simulated-answers.js";

export interface SimulatedProvider {
  /** What an OpenAI client would take as its base URL. */
  readonly baseURL: string;
  close(): Promise<void>;
}

/** Between two tokens, in milliseconds: about 40 tokens a second. */
const TOKEN_MS = 25;

/**
 * Stands in for a model where no key is configured: a server of its own on loopback that speaks OpenAI's Chat
 * Completions with canned answers, so that the demo's relay is the real one.
 */
export async function startSimulatedProvider(): Promise<SimulatedProvider> {
  const app = express();
  app.post("/v1/chat/completions", express.json({ limit: "2mb" }), (req, res) => {
    const messages: { role: string; content: string }[] = req.body.messages ?? [];
    const prompt = messages.findLast(({ role }) => role === "user")?.content ?? "";
    const limit: number = req.body.max_tokens ?? Infinity;
    void streamAnswer(res, answerTo(prompt), Math.ceil(prompt.length / 4), limit);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { baseURL: `http://127.0.0.1:${port}/v1`, close: () => closeServer(server) };
}

async function streamAnswer(
  res: ServerResponse,
  text: string,
  inputTokens: number,
  maxTokens: number,
): Promise<void> {
  res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  const tokens = text.match(/\s*\S{1,6}|\s+$/gu) ?? [];
  const sent = tokens.slice(0, maxTokens);
  const send = (choices: unknown[], usage: unknown = null): void => {
    const chunk = { object: "chat.completion.chunk", model: "simulated", choices, usage };
    res.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  await pause(12 * TOKEN_MS);
  for (const content of sent) {
    if (res.closed) return;
    send([{ index: 0, delta: { content }, finish_reason: null }]);
    await pause(TOKEN_MS);
  }
  send([{ index: 0, delta: {}, finish_reason: sent.length < tokens.length ? "length" : "stop" }]);
  send([], { prompt_tokens: inputTokens, completion_tokens: sent.length });
  res.end("data: [DONE]\n\n");
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
