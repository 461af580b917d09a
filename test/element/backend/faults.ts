import { encodeFrame, formatEventId, type LoggedEvent, parseEventId } from "@ai-progress-stream/protocol";
import type { Request, Response } from "express";
import { openFrame, snapshotFrame, tailFrames, wholeLog } from "./log.js";
import type { Room, Run } from "./room.js";

/** One exchange with a viewer, and what a fault may do with it. */
export interface Exchange {
  readonly req: Request;
  readonly res: Response;
  readonly room: Room;
  readonly mount: string;
  /** The number behind a fault's name: `/cut-7/`. */
  readonly count: number;
  /** How many requests of this method came, this one included. */
  readonly nth: number;
}

type Fault = (exchange: Exchange) => unknown;

/** A run held back after its first text, until it is released or cancelled. */
const HELD = 6;

const keyOf = ({ req }: Exchange): string => req.get("idempotency-key") ?? `none-${Math.random()}`;

/** The head of an event stream. Without a run it names no Content-Location, as a server that knows no runs. */
function head({ res, mount }: Exchange, run: Run | null, status = 200): void {
  res.status(status).set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-store, no-transform",
    ...(run ? { "Content-Location": `${mount}/${run.id}` } : {}),
  });
  res.flushHeaders();
}

function runOf(exchange: Exchange): Run | null {
  const { req, room, res } = exchange;
  if (req.method === "POST" || req.params["run"] === undefined) return room.runOf(keyOf(exchange), wholeLog);
  const run = room.find(String(req.params["run"]));
  if (!run) problem(res, 410, { code: "run_lost", title: "This run is no longer known." });
  return run ?? null;
}

/** What this viewer is to be sent of the first `until` events: the tail after its cursor, else a snapshot. */
function frames({ req, nth }: Exchange, run: Run, until = run.events.length): string {
  const events = run.events.slice(0, until);
  const cursor = parseEventId(req.get("last-event-id") ?? "");
  if (cursor) return openFrame(run.id) + tailFrames(run.id, events, cursor.seq);
  if (req.method === "POST" && nth === 1) return openFrame(run.id) + tailFrames(run.id, events, 0);
  return openFrame(run.id) + snapshotFrame(run.id, events);
}

function problem(res: Response, status: number, fields: Record<string, unknown>): void {
  res.status(status).type("application/problem+json").send(JSON.stringify(fields));
}

/**
 * Sends what fits, then cuts the connection. Chromium drops what its page has not read when a connection fails,
 * hence the moment in between: without it, hardly a byte would count.
 */
function cut(res: Response, bytes: Buffer, length: number): void {
  if (length >= bytes.length) return void res.end(bytes);
  if (length > 0) res.write(bytes.subarray(0, length));
  setTimeout(() => res.socket?.destroy(), 30);
}

/** Sends the first events and leaves the connection as it is. */
function begin(exchange: Exchange): void {
  const run = runOf(exchange);
  if (!run) return;
  head(exchange, run);
  exchange.res.write(frames(exchange, run, HELD));
}

function whole(exchange: Exchange): void {
  const run = runOf(exchange);
  if (!run) return;
  head(exchange, run);
  exchange.res.end(frames(exchange, run));
}

export function cancel(run: Run): void {
  if (run.isCancelled) return;
  run.isCancelled = true;
  run.events.length = HELD;
  run.events.push({ type: "end", at: 1, status: "cancelled", reason: "user" });
}

async function held(exchange: Exchange): Promise<unknown> {
  const { res, room } = exchange;
  const run = runOf(exchange);
  if (!run) return;
  head(exchange, run);
  if (run.isCancelled) return res.end(frames(exchange, run));
  res.write(frames(exchange, run, HELD));
  await room.until(() => room.isReleased || run.isCancelled || res.closed);
  res.end(tailFrames(run.id, run.events, HELD));
}

/** Every way a server may behave, by the name that stands in the path. */
export const faults: Readonly<Record<string, Fault>> = {
  whole,
  held,
  /** `count` bytes of the body, then the connection is cut; every request after the first is served. */
  "cut-once": (exchange) => {
    if (exchange.room.calls.length > 1) return whole(exchange);
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    cut(exchange.res, Buffer.from(frames(exchange, run)), exchange.count);
  },
  /** `count` more events on each connection, which then stays open until it is cut. */
  steps: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const seq = parseEventId(exchange.req.get("last-event-id") ?? "")?.seq ?? 0;
    exchange.res.write(frames(exchange, run, seq + exchange.count));
  },
  /** The run is made, but nobody hears of it, `count` times. */
  "lost-headers": (exchange) => {
    if (exchange.nth > exchange.count) return whole(exchange);
    runOf(exchange);
    exchange.res.socket?.destroy();
  },
  down: ({ res }) => res.socket?.destroy(),
  /** No server after the first connection, until it is released. */
  flaky: (exchange) => {
    const { room, res } = exchange;
    if (room.isReleased) return whole(exchange);
    if (room.calls.length > 1) return res.socket?.destroy();
    begin(exchange);
  },
  busy: (exchange) => {
    if (exchange.nth > 1) return whole(exchange);
    exchange.res.set("Retry-After", String(exchange.count));
    problem(exchange.res, 429, { code: "rate_limited", title: "Slow down.", retryable: true });
  },
  /** Given up by whoever stands in front, in words of its own. */
  "timed-out": ({ res }) => res.status(408).type("html").send("<h1>Request Time-out</h1>"),
  quota: ({ res }) =>
    problem(res, 429, {
      code: "quota_exceeded",
      detail: "The month's budget is spent.",
      retryable: false,
      requestId: "req-1",
    }),
  invalid: ({ res }) =>
    problem(res, 422, {
      code: "invalid_input",
      detail: "Say what to ask.",
      retryable: false,
      issues: [{ message: "Say what to ask.", path: ["prompt"] }],
    }),
  error: ({ res }) => res.status(500).type("text/plain").send("secret stack trace"),
  html: ({ res }) => res.status(200).type("html").send("<!doctype html><title>Sign in</title>"),
  redirect: ({ res }) => res.redirect(307, "/api/elsewhere"),
  /** The run is forgotten by the second request. */
  gone: (exchange) => {
    if (exchange.room.calls.length === 1) return begin(exchange);
    problem(exchange.res, 410, { code: "run_lost", title: "Gone.", requestId: "req-2" });
  },
  /** Silence after the first events, without even a heartbeat. The next request is served. */
  silent: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    if (exchange.room.calls.length > 1) return whole(exchange);
    head(exchange, run);
    const events = run.events.slice(0, HELD);
    exchange.res.write(openFrame(run.id, exchange.count) + tailFrames(run.id, events, 0));
  },
  /** Heartbeats only, ten times as often as it promises, until it is released. */
  beating: async (exchange) => {
    const { res, room, count } = exchange;
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    res.write(openFrame(run.id, count));
    const timer = setInterval(() => res.write(": hb\n\n"), count / 10);
    await room.until(() => room.isReleased || res.closed);
    clearInterval(timer);
    res.end(tailFrames(run.id, run.events, 0));
  },
  /** Leaves out the third event on the first connection. */
  gap: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    if (exchange.room.calls.length > 1) return whole(exchange);
    head(exchange, run);
    const { id, events } = run;
    exchange.res.write(openFrame(id) + tailFrames(id, events.slice(0, 2), 0) + tailFrames(id, events, 3));
  },
  /** Repeats on each connection all that it has sent, and leaves the third event out of it. */
  "gap-always": (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const { id, events } = run;
    exchange.res.end(openFrame(id) + tailFrames(id, events.slice(0, 2), 0) + tailFrames(id, events, 3));
  },
  /** Unknown events between the others, and each of them sent twice. */
  noisy: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const tail = run.events.map((event, index) => encodeFrame(event, formatEventId(run.id, index + 1)));
    const pings = "event: ping\ndata: now\n\ndata: keepalive\n\nevent: ping\ndata: [1]\n\n";
    const noise = `event: weather\ndata: {"at":1}\n\n${pings}: a comment\n\nfoo: bar\n\n`;
    exchange.res.end(openFrame(run.id) + tail.map((frame) => frame + noise + frame).join(""));
  },
  /** Its fourth event is of a later version. */
  later: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const { id, events } = run;
    const later = `id: ${formatEventId(id, 4)}\nevent: citation\ndata: {"at":1}\n\n`;
    const rest = events.slice(3).map((event, index) => encodeFrame(event, formatEventId(id, index + 5)));
    exchange.res.end(openFrame(id) + tailFrames(id, events.slice(0, 3), 0) + later + rest.join(""));
  },
  /** Answers a start by 201. */
  created: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run, 201);
    exchange.res.end(frames(exchange, run));
  },
  /** Promises a heartbeat every 50 ms, and then sends on the second connection its head and one comment. */
  hushed: (exchange) => {
    const { res, room } = exchange;
    if (room.calls.length > 2) return whole(exchange);
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const isFirst = room.calls.length === 1;
    // Firefox tells of a head when the first byte of its body has come.
    res.write(isFirst ? openFrame(run.id, 50) + tailFrames(run.id, run.events.slice(0, HELD), 0) : ":\n\n");
  },
  version: (exchange) => {
    head(exchange, null);
    const open = {
      type: "open",
      protocol: exchange.count,
      run: "r",
      status: "running",
      heartbeatMs: 0,
    } as const;
    exchange.res.write(encodeFrame(open));
  },
  /** Answers a resume with a run that nobody asked for. */
  swapped: (exchange) => {
    if (exchange.room.calls.length === 1) return begin(exchange);
    const run = exchange.room.runOf("another", wholeLog);
    head(exchange, run);
    exchange.res.end(openFrame(run.id) + tailFrames(run.id, run.events, 0));
  },
  malformed: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const sound = openFrame(run.id) + tailFrames(run.id, run.events.slice(0, HELD), 0);
    exchange.res.write(`${sound}id: ${run.id}.${HELD + 1}\nevent: text\ndata: {"at":1,"delta":7}\n\n`);
  },
  "too-long": (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    exchange.res.write(openFrame(run.id) + tailFrames(run.id, run.events.slice(0, HELD), 0));
    for (let piece = 0; piece < 4; piece++) exchange.res.write(`data: ${"x".repeat(exchange.count)}`);
  },
  /** One event of so many letters. */
  long: (exchange) => {
    head(exchange, null);
    const events: LoggedEvent[] = [
      { type: "start", at: 1 },
      { type: "text", at: 2, delta: "x".repeat(exchange.count) },
      { type: "end", at: 3, status: "succeeded" },
    ];
    exchange.res.end(events.map((event) => encodeFrame(event)).join(""));
  },
  /** A server that knows no ids. */
  "no-ids": (exchange) => {
    head(exchange, null);
    for (const event of wholeLog.slice(0, HELD)) exchange.res.write(encodeFrame(event));
  },
  "no-ids-whole": (exchange) => {
    head(exchange, null);
    exchange.res.end(wholeLog.map((event) => encodeFrame(event)).join(""));
  },
  /** Names as the run's URL one at another origin. */
  lured: (exchange) => {
    if (exchange.room.calls.length > 1) return whole(exchange);
    exchange.res.set("Content-Location", "http://127.0.0.1:9/stolen");
    const run = exchange.room.runOf(keyOf(exchange), wholeLog);
    head(exchange, null);
    exchange.res.write(frames(exchange, run, HELD));
  },
  /** A stream of somebody else's. */
  foreign: (exchange) => {
    head(exchange, null);
    exchange.res.end('data: {"choices":[]}\n\n');
  },
  /** Every connection ends cleanly after six more events, without the run's end. */
  eof: (exchange) => {
    const run = runOf(exchange);
    if (!run) return;
    head(exchange, run);
    const seq = parseEventId(exchange.req.get("last-event-id") ?? "")?.seq ?? 0;
    exchange.res.end(frames(exchange, run, seq + HELD));
  },
  /** The head of a stream and nothing else, from a server that knows no runs. */
  "silent-head": (exchange) => head(exchange, null),
  /** The same, and a comment. */
  wordless: (exchange) => {
    head(exchange, null);
    exchange.res.write(": connected\n\n");
  },
  empty: (exchange) => {
    head(exchange, null);
    exchange.res.end();
  },
  accepted: (exchange) => {
    if (exchange.req.method === "GET") return whole(exchange);
    const run = runOf(exchange);
    exchange.res
      .status(202)
      .set("Location", `${exchange.mount}/${run?.id}`)
      .json({ run: run?.id, status: "running" });
  },
  named: (exchange) => {
    if (exchange.req.method === "GET") return whole(exchange);
    const run = runOf(exchange);
    exchange.res.json({ id: 1, stream_url: `${exchange.mount}/${run?.id}?topic=two words` });
  },
  "named-elsewhere": ({ res }) => res.json({ url: "https://elsewhere.invalid/stream" }),
  /** "Nothing for you" to an attach with a cursor, or to each one where `count` is 2. */
  nothing: (exchange) => {
    const { req, res, count } = exchange;
    if (req.method === "POST") return begin(exchange);
    if (count === 2 || req.get("last-event-id") !== undefined) return res.status(204).end();
    whole(exchange);
  },
  /** Takes the request and never answers. The next one is served. */
  mute: (exchange) => {
    const run = runOf(exchange);
    if (run && exchange.room.calls.length > 1) whole(exchange);
  },
  /** Held; refuses the first `count` cancels with 503, and without a count takes them all and does nothing. */
  deaf: held,
};
