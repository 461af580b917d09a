import type { Request, Response } from "express";
import type { Room } from "./room.js";

/**
 * Servers as tutorials teach to write them, none of which has heard of us. Each takes the prompt "fail" for a
 * request that its model service refuses; one of them "hold" for a stream that goes no further.
 */
type Tutorial = (req: Request, res: Response, room: Room) => unknown;

export const TUTORIAL_TEXT = "Grüße aus dem Modell 🌍";
const PIECES = ["Grüße ", "aus dem ", "Modell 🌍"];
const REFUSAL = "401 Unauthorized: key sk-SECRET";

const pause = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

function openStream(res: Response): void {
  res.status(200).set({
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    Connection: "keep-alive",
    "X-Accel-Buffering": "no",
  });
  res.flushHeaders();
}

async function send(res: Response, event: string | null, data: unknown, eol = "\n"): Promise<void> {
  res.write(`${event === null ? "" : `event: ${event}${eol}`}data: ${JSON.stringify(data)}${eol}${eol}`);
  await pause();
}

/** FastAPI with sse-starlette: GET, named events, CRLF, and pings. */
async function fastapi(res: Response, prompt: string, taskId: string): Promise<void> {
  openStream(res);
  const status = (fields: object): Promise<void> => send(res, "status", fields, "\r\n");
  await status({ stage: "initializing", progress: 0, task_id: taskId });
  await status({ stage: "sending_request", progress: 10 });
  res.write(": ping - 2026-01-01 00:00:00\r\n\r\n");
  await status({ stage: "processing", progress: 25, message: "KI-Modell verarbeitet Ihre Anfrage..." });
  if (prompt === "fail") {
    await send(res, "error", { error: REFUSAL, stage: "failed" }, "\r\n");
    return void res.end();
  }
  await status({ stage: "receiving", progress: 50, message: "Antwort wird empfangen..." });
  let text = "";
  // What a refusal of the model service looks like where nobody looked at its status.
  for (const chunk of prompt === "empty" ? [] : PIECES) {
    text += chunk;
    const progress = Math.min(90, 50 + text.length / 10);
    await send(res, "progress", { chunk, progress, total_length: text.length }, "\r\n");
    if (prompt === "hold") return;
  }
  await send(res, "complete", { response: text, progress: 100, completed_at: "2026-01-01T00:00:00" }, "\r\n");
  res.end();
}

/** Express: POST, progress and content in turn, all of the text once more at the end. */
async function express(req: Request, res: Response): Promise<void> {
  const { prompt, task_id = "task_1763600000" } = req.body;
  openStream(res);
  res.write(": heartbeat\n\n");
  let content = "";
  for (const [index, chunk] of PIECES.entries()) {
    if (prompt === "fail" && index === 1) {
      await send(res, "error", { message: REFUSAL });
      return void res.end();
    }
    content += chunk;
    const step = index + 4; // it counts past its estimate
    await send(res, "progress", { progress: Math.min(95, 30 * (index + 1)), step, estimatedSteps: 4 });
    await send(res, "content", { chunk });
  }
  await send(res, "complete", { task_id, status: "completed", total_content: content });
  res.end();
}

const STAGES = [
  { name: "Extracting text", weight: 20 },
  { name: "Analyzing content", weight: 35 },
  { name: "Generating summary", weight: 25 },
  { name: "Formatting results", weight: 20 },
];

/** Weighted stages, whose progress the server adds up. */
async function stages(req: Request, res: Response, room: Room): Promise<void> {
  openStream(res);
  let finished = 0;
  for (const [index, { name, weight }] of STAGES.entries()) {
    const stage = index + 1;
    const description = `Working on ${name.toLowerCase()}`;
    await send(res, "stage_start", { stage, total_stages: STAGES.length, stage_name: name, description });
    await send(res, "progress", { stage, stage_name: name, progress: finished + weight / 2 });
    if (req.body.prompt === "wait" && index === 1) await room.until(() => room.isReleased || res.closed);
    if (req.body.prompt === "fail" && index === 2) {
      await send(res, "error", { message: REFUSAL, progress: 0 });
      return void res.end();
    }
    finished += weight;
    await send(res, "stage_complete", { stage, stage_name: name, progress: finished });
  }
  await send(res, "complete", { status: "completed", results: { entities: 3, summary: "Short." } });
  res.end();
}

/** Go: GET, data only, a status in each message, and the result in the last. */
async function go(req: Request, res: Response): Promise<void> {
  openStream(res);
  const update = (status: string, progress: number, message: string, step: string, data: unknown = null) =>
    send(res, null, { status, progress, message, step, data });
  await update("processing", 10, "Fetching the pages", "Fetching data");
  await update("processing", 50, "Clustering 127 pages", "Processing");
  if (req.query["prompt"] === "fail") await update("error", 0, REFUSAL, "Processing");
  else await update("completed", 100, "Ready", "Processing complete", { clusters: 7 });
  res.end();
}

/** What a proxy passes through: OpenAI's own stream, or its own refusal under the type of a stream. */
async function proxy(req: Request, res: Response): Promise<void> {
  openStream(res);
  if (req.body.prompt === "fail") {
    return void res.end(
      JSON.stringify({ error: { message: REFUSAL, type: "invalid_request_error", code: 401 } }),
    );
  }
  const chunk = (delta: object, finish_reason: string | null = null): object => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason }],
  });
  await send(res, null, chunk({ role: "assistant", content: "" }));
  for (const content of PIECES) await send(res, null, chunk({ content }));
  await send(res, null, chunk({}, "stop"));
  res.end("data: [DONE]\n\n");
}

export const tutorials: Readonly<Record<string, Tutorial>> = {
  fastapi: (req, res) => fastapi(res, String(req.query["prompt"] ?? ""), "1"),
  express,
  stages,
  go,
  proxy,
  /** First a task, then its stream at an address in which the prompt stands as it was typed. */
  process: (req, res) => {
    const { name, room } = req.params;
    if (req.method === "GET") return fastapi(res, String(req.query["prompt"] ?? ""), "1");
    res.json({
      task_id: "1",
      stream_url: `/api/tutorials/${name}/${room}/stream/1?prompt=${req.body.prompt}`,
    });
  },
};
