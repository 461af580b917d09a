import type { IncomingMessage } from "node:http";
import type { Usage } from "@ai-progress-stream/protocol";
import {
  classifyUpstreamError,
  type DialectPart,
  type FinishReason,
} from "@ai-progress-stream/protocol/dialects";
import { type Clock, delay } from "../clock.js";
import { describeError, type Logger } from "../logger.js";
import { RunFailure } from "../run/failure.js";
import type { Recorder } from "../run/recorder.js";
import { createStreamDecoder } from "./decode-stream.js";
import { ConnectionRefused, type Connections, exchange, readShort } from "./exchange.js";
import type { ModelAnswer, ModelRequest, Provider, UpstreamRequest } from "./provider.js";
import { redact } from "./redact.js";
import { backoffMs, MAX_WAIT_MS } from "./retry.js";
import { createWatchdog, timeoutFailure, type UpstreamTimeouts, type Watchdog } from "./timeouts.js";

export interface RelayOptions {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeouts: UpstreamTimeouts;
  readonly maxRetries: number;
  /** Bytes of one whole answer, and characters of one event in it. */
  readonly limits: { readonly upstreamBytes: number; readonly upstreamLineChars: number };
  readonly random?: () => number;
}

/** The run that an answer is streamed into. */
export interface RelayTarget {
  readonly runId: string;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  /** The stage it belongs to; null: the whole run. */
  readonly stage: string | null;
  /** Takes what this answer has used so far. */
  readonly onUsage: (usage: Usage) => void;
}

/**
 * Asks a provider and streams its answer into a run. It is asked again only as long as it has accepted nothing:
 * after a refused connection, 408, 429 or 5xx.
 * @throws RunFailure with a code and a fixed sentence; the upstream's own words go into `cause`, without secrets
 */
export type Relay = (provider: Provider, request: ModelRequest, target: RelayTarget) => Promise<ModelAnswer>;

/** An upstream's error body is read this far. */
const MAX_ERROR_BYTES = 65_536;

/** Not accepted: may be asked again. */
class Refusal extends Error {
  readonly failure: RunFailure;
  constructor(failure: RunFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function createRelay(options: RelayOptions): Relay {
  const { clock, logger, timeouts, maxRetries, random = Math.random } = options;

  return async function relay(provider, modelRequest, target) {
    const request = provider.request(modelRequest);
    const { runId: run, recorder, stage } = target;
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(target.signal.reason);
    if (target.signal.aborted) onAbort();
    target.signal.addEventListener("abort", onAbort);
    const callOffTotal = clock.after(timeouts.totalMs, () =>
      controller.abort(timeoutFailure("totalMs", timeouts.totalMs)),
    );
    const tell = (message: string): void =>
      recorder.record({ type: "progress", message, ...(stage === null ? {} : { stage }) });
    try {
      for (let retry = 0; ; retry++) {
        try {
          return await ask(provider, request, target, controller, options);
        } catch (error) {
          if (!(error instanceof Refusal) || controller.signal.aborted) throw error;
          const { failure } = error;
          const waitMs = Math.max(failure.retryAfterMs ?? 0, backoffMs(retry, random));
          if (!failure.retryable || retry >= maxRetries || waitMs > MAX_WAIT_MS) throw failure;
          logger.warn(
            { run, provider: provider.name, retry: retry + 1, waitMs, code: failure.code },
            "retrying",
          );
          tell(`The model is busy, trying again in ${Math.ceil(waitMs / 1000)} s`);
          await delay(clock, waitMs, controller.signal);
          tell("");
        }
      }
    } catch (error) {
      throw safeFailure(controller.signal.aborted ? controller.signal.reason : error, request);
    } finally {
      callOffTotal();
      target.signal.removeEventListener("abort", onAbort);
    }
  };
}

async function ask(
  provider: Provider,
  request: UpstreamRequest,
  target: RelayTarget,
  controller: AbortController,
  options: RelayOptions,
): Promise<ModelAnswer> {
  const watchdog = createWatchdog(options.clock, options.timeouts, (wait, ms) => {
    controller.abort(timeoutFailure(wait, ms));
  });
  try {
    let response: IncomingMessage;
    try {
      response = await exchange(request, options.connections, watchdog, controller.signal);
    } catch (error) {
      if (!(error instanceof ConnectionRefused)) throw error;
      throw new Refusal(new RunFailure("upstream_unavailable", undefined, { cause: error.cause }));
    }
    try {
      if (response.statusCode !== 200) throw await refusalOf(response);
      return await receive(provider, response, target, watchdog, controller.signal, options);
    } catch (error) {
      response.destroy();
      throw error;
    } finally {
      letGo(response, options.clock);
    }
  } finally {
    watchdog.expect(null);
  }
}

async function refusalOf(response: IncomingMessage): Promise<Error> {
  const status = response.statusCode ?? 0;
  const text = await readShort(response, MAX_ERROR_BYTES);
  if (status < 400) {
    const cause = new Error(`The upstream answered with status ${status}; redirects are not followed.`);
    return new RunFailure("upstream_rejected", undefined, { cause });
  }
  const error = classifyUpstreamError({
    status,
    body: parseJson(text) ?? text,
    headers: headerReader(response),
  });
  const failure = new RunFailure(error.code, undefined, {
    retryable: error.retryable,
    cause: new Error(`HTTP ${status}: ${error.detail}`),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
  return status === 408 || status === 429 || status >= 500 ? new Refusal(failure) : failure;
}

/** Reads the answer of a provider that has accepted the request: from here on nothing is asked again. */
async function receive(
  provider: Provider,
  response: IncomingMessage,
  { recorder, stage, onUsage }: RelayTarget,
  watchdog: Watchdog,
  signal: AbortSignal,
  { limits }: RelayOptions,
): Promise<ModelAnswer> {
  const answer = {
    text: "",
    reasoning: "",
    usage: null as Usage | null,
    finishReason: null as FinishReason | null,
  };
  let isDone = false;

  function take(parts: readonly DialectPart[]): void {
    for (const part of parts) {
      switch (part.type) {
        case "text": {
          const channel = part.channel === "reasoning" ? "reasoning" : "text";
          answer[channel] = part.replace ? part.delta : answer[channel] + part.delta;
          recorder.record(part);
          break;
        }
        case "usage": {
          const { type: _type, ...usage } = part;
          answer.usage = { ...answer.usage, ...usage };
          onUsage(answer.usage);
          break;
        }
        case "finish":
          answer.finishReason = part.reason;
          break;
        case "done":
          isDone = true;
          break;
        case "error":
          throw new RunFailure(part.code, undefined, {
            cause: new Error(part.detail),
            ...(part.retryable === undefined ? {} : { retryable: part.retryable }),
            ...(part.retryAfterMs === undefined ? {} : { retryAfterMs: part.retryAfterMs }),
          });
        case "progress":
          recorder.record(stage === null || part.stage !== undefined ? part : { ...part, stage });
          break;
        default:
          recorder.record(part);
      }
    }
  }

  const contentType = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (contentType === "text/html") {
    throw new RunFailure("upstream_malformed", undefined, {
      cause: new Error("The upstream answered with HTML."),
    });
  }
  if (contentType === "application/json" && provider.dialect.decodeJson) {
    const body = parseJson(await readWhole(response, watchdog, limits.upstreamBytes, signal));
    const parts = body === undefined ? null : provider.dialect.decodeJson(body);
    if (parts === null) throw new RunFailure("upstream_malformed");
    take(parts);
    return answer;
  }
  const decoder = createStreamDecoder(provider.dialect, limits.upstreamLineChars, take);
  await pump(response, watchdog, limits.upstreamBytes, signal, (chunk) => {
    decoder.feed(chunk);
    if (isDone) return "enough";
    return recorder.isFull ? recorder.ready() : null;
  });
  if (!isDone) decoder.end();
  return answer;
}

async function readWhole(
  response: IncomingMessage,
  watchdog: Watchdog,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  await pump(response, watchdog, maxBytes, signal, (chunk) => {
    chunks.push(chunk);
    return null;
  });
  return Buffer.concat(chunks).toString("utf8");
}

/** After the terminal marker: the few bytes that close the answer free its connection for the next request. */
function letGo(response: IncomingMessage, clock: Clock): void {
  if (response.destroyed || response.complete) return;
  const callOff = clock.after(1_000, () => response.destroy());
  response.removeAllListeners("data");
  response.on("error", () => {});
  response.on("close", callOff);
  response.resume();
}

/** Hands on each chunk as it comes; pauses the source while `onChunk` asks it to wait. */
function pump(
  response: IncomingMessage,
  watchdog: Watchdog,
  maxBytes: number,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => Promise<void> | "enough" | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let isFirst = true;
    const fail = (error: unknown): void => {
      response.destroy();
      reject(error);
    };
    response.on("data", (chunk: Buffer) => {
      if (isFirst) watchdog.expect("idleMs");
      else watchdog.feed();
      isFirst = false;
      bytes += chunk.length;
      if (bytes > maxBytes) {
        const cause = new Error(`The upstream sent more than ${maxBytes} bytes (limits.upstreamBytes).`);
        return fail(new RunFailure("output_limit", undefined, { cause }));
      }
      try {
        const wait = onChunk(chunk);
        if (wait === "enough") return resolve();
        if (wait !== null && response.readableFlowing) pauseUntil(response, wait);
      } catch (error) {
        fail(error);
      }
    });
    response.on("end", resolve);
    response.on("error", (error) => {
      if (signal.aborted) return reject(signal.reason);
      // A socket that breaks is an answer that broke off: what the decoder makes of its end says which.
      if (response.complete) return resolve();
      reject(new RunFailure("upstream_truncated", undefined, { cause: error }));
    });
  });
}

function pauseUntil(response: IncomingMessage, wait: Promise<void>): void {
  response.pause();
  void wait.then(() => response.resume());
}

/** What may leave this file: a failure of ours, or an abort; nothing in it quotes a secret. */
function safeFailure(error: unknown, request: UpstreamRequest): unknown {
  const failure = error instanceof Refusal ? error.failure : error;
  if (!(failure instanceof RunFailure) || failure.cause === undefined) return failure;
  const { name, detail } = describeError(failure.cause);
  const cause = Object.assign(new Error(redact(detail, request.secrets)), { name });
  const { code, message, retryable, retryAfterMs } = failure;
  return new RunFailure(code, message, {
    cause,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const headerReader =
  (response: IncomingMessage) =>
  (name: string): string | null => {
    const value = response.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
