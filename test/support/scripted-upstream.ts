import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { listenOn } from "./listen.js";

export interface UpstreamCall {
  readonly headers: IncomingMessage["headers"];
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly socket: Socket;
  /** Resolves when the connection of this call is closed. */
  readonly closed: Promise<void>;
}

export interface ScriptedUpstream {
  /** For `openaiChat({ baseURL })`. */
  readonly baseURL: string;
  /** The calls so far, oldest first. */
  readonly calls: UpstreamCall[];
  /** Resolves with the next call that is not yet in `calls`. */
  nextCall(): Promise<UpstreamCall>;
}

/** What a scripted upstream does with a call; `index` counts the calls from 0. */
export type Script = (res: ServerResponse, call: UpstreamCall, index: number) => void | Promise<void>;

/** An OpenAI-compatible server whose behaviour the test writes. */
export async function scriptedUpstream(script: Script): Promise<ScriptedUpstream> {
  const calls: UpstreamCall[] = [];
  const waiting: ((call: UpstreamCall) => void)[] = [];
  const { origin } = await listenOn(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const call: UpstreamCall = {
      headers: req.headers,
      method: req.method ?? "",
      url: req.url ?? "",
      body: Buffer.concat(chunks).toString("utf8"),
      socket: req.socket,
      closed: new Promise((resolve) => res.on("close", resolve)),
    };
    const index = calls.push(call) - 1;
    waiting.shift()?.(call);
    await script(res, call, index);
  });
  return {
    baseURL: `${origin}/v1`,
    calls,
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** One chunk of Chat Completions, as a frame. */
export const chunkFrame = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;

export const finishFrame = (reason = "stop"): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })}\n\n`;

export const usageFrame = (input: number, output: number): string =>
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: input, completion_tokens: output } })}\n\n`;

export const DONE_FRAME = "data: [DONE]\n\n";

export function openStream(res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  res.flushHeaders();
}

/** A whole, good answer of these pieces. */
export function answerWith(...pieces: readonly string[]): Script {
  return (res) => {
    openStream(res);
    for (const piece of pieces) res.write(chunkFrame(piece));
    res.end(finishFrame() + usageFrame(7, pieces.length) + DONE_FRAME);
  };
}
