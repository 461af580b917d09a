import type { IncomingMessage } from "node:http";
import type { Usage } from "@ai-progress-stream/protocol";
import { classifyUpstreamError } from "@ai-progress-stream/protocol/dialects";
import { type Clock, delay } from "../clock.js";
import { describeError, type Logger } from "../logger.js";
import { checkNumbers } from "../options.js";
import { RunFailure } from "../run/failure.js";
import type { Recorder } from "../run/recorder.js";
import { withDefaults } from "../with-defaults.js";
import { ConnectionRefused, type Connections, exchange, readShort } from "./exchange.js";
import type { CallOptions, StreamDialect, UpstreamRequest } from "./provider.js";
import { type AnswerPart, letGo, parseJson, receive } from "./receive.js";
import { redact } from "./redact.js";
import { backoffMs, MAX_WAIT_MS, type RetryNotice } from "./retry.js";
import { timeoutFailure, type UpstreamTimeouts, Watchdog } from "./timeouts.js";

export interface CallerOptions {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeouts: UpstreamTimeouts;
  readonly maxRetries: number;
  readonly retryMessage: (retry: RetryNotice) => string;
  /** Bytes of one whole answer, and characters of one event in it. */
  readonly limits: { readonly upstreamBytes: number; readonly upstreamLineChars: number };
  /** Takes note of what must never be logged. */
  readonly onSecrets: (secrets: readonly string[]) => void;
  readonly random?: () => number;
}

/** The run that an answer is streamed into. */
export interface CallTarget {
  readonly runId: string;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  /** The stage it belongs to; null: the whole run. */
  readonly stage: string | null;
  /** Takes what this answer has used so far. */
  readonly onUsage: (usage: Usage) => void;
}

export interface Call extends Pick<CallOptions, "timeouts" | "retryMessage"> {
  /** For logs. */
  readonly name: string;
  /** Makes it. What that waits for counts as well. */
  readonly request: () => UpstreamRequest | Promise<UpstreamRequest>;
  readonly target: CallTarget;
  /** The language of an answer, by what its headers say. */
  readonly dialectOf: (response: IncomingMessage) => StreamDialect;
  readonly take: (part: AnswerPart) => void;
}

/**
 * Asks an upstream and hands its answer on. It is asked again only as long as it has accepted nothing: after a
 * refused connection, 408, 429 or 5xx.
 * @throws RunFailure with a code and a fixed sentence; the upstream's own words go into `cause`, without secrets
 */
export type Caller = (call: Call) => Promise<void>;

/** An upstream's error body is read this far. */
const MAX_ERROR_BYTES = 65_536;
/** And waited for so long, in milliseconds. */
const ERROR_BODY_MS = 2_000;

/** Not accepted: may be asked again. */
class Refusal extends Error {
  readonly failure: RunFailure;
  constructor(failure: RunFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function createCaller(options: CallerOptions): Caller {
  const { clock, logger, maxRetries, random = Math.random } = options;

  return async function callUpstream(call) {
    const { name, target } = call;
    const { runId: run, recorder, stage } = target;
    if (call.timeouts) checkNumbers({ timeouts: call.timeouts });
    const timeouts = withDefaults(options.timeouts, call.timeouts);
    const retryMessage = call.retryMessage ?? options.retryMessage;
    let secrets: readonly string[] = [];
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
      const request = await unlessAborted(call.request, controller.signal);
      secrets = request.secrets;
      options.onSecrets(secrets);
      for (let retry = 0; ; retry++) {
        try {
          return await attempt(call, request, controller, { ...options, timeouts });
        } catch (error) {
          if (!(error instanceof Refusal) || controller.signal.aborted) throw error;
          const { failure } = error;
          const { code } = failure;
          const waitMs = Math.max(failure.retryAfterMs ?? 0, backoffMs(retry, random));
          if (!failure.retryable || retry >= maxRetries || waitMs > MAX_WAIT_MS) throw failure;
          logger.warn(
            { run, provider: name, retry: retry + 1, waitMs: Math.round(waitMs), code },
            "retrying",
          );
          tell(retryMessage({ seconds: Math.ceil(waitMs / 1000), retry: retry + 1, maxRetries, code }));
          await delay(clock, waitMs, controller.signal);
          tell("");
        }
      }
    } catch (error) {
      throw safeFailure(controller.signal.aborted ? controller.signal.reason : error, secrets);
    } finally {
      callOffTotal();
      target.signal.removeEventListener("abort", onAbort);
    }
  };
}

/** What it gives, or the signal's reason if that comes first. The signal is one call's, and its listener goes with it. */
function unlessAborted<T>(give: () => T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    Promise.resolve(give()).then(resolve, reject);
  });
}

async function attempt(
  call: Call,
  request: UpstreamRequest,
  controller: AbortController,
  options: CallerOptions,
): Promise<void> {
  const { signal } = controller;
  const watchdog = new Watchdog(options.clock, options.timeouts, (wait, ms) => {
    controller.abort(timeoutFailure(wait, ms));
  });
  try {
    let response: IncomingMessage;
    try {
      response = await exchange(request, options.connections, watchdog, signal);
    } catch (error) {
      if (!(error instanceof ConnectionRefused)) throw error;
      throw new Refusal(new RunFailure("upstream_unavailable", undefined, { cause: error.cause }));
    }
    try {
      if (response.statusCode !== 200) {
        // Its words have a deadline of their own: what it refuses is known by its status.
        watchdog.expect(null);
        throw await refusalOf(response, options.clock);
      }
      const { recorder } = call.target;
      const { take, dialectOf } = call;
      const { limits } = options;
      await receive(response, { dialect: dialectOf(response), watchdog, signal, limits, take, recorder });
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

async function refusalOf(response: IncomingMessage, clock: Clock): Promise<Error> {
  const status = response.statusCode ?? 0;
  const callOff = clock.after(ERROR_BODY_MS, () => response.destroy());
  const text = await readShort(response, MAX_ERROR_BYTES);
  callOff();
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
    // It begins with the status.
    cause: new Error(`HTTP ${error.detail}`),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
  return status === 408 || status === 429 || status >= 500 ? new Refusal(failure) : failure;
}

/** What may leave this file: a failure of ours, or an abort; nothing in it quotes a secret. */
function safeFailure(error: unknown, secrets: readonly string[]): unknown {
  const failure = error instanceof Refusal ? error.failure : error;
  if (!(failure instanceof RunFailure) || failure.cause === undefined) return failure;
  const { name, detail } = describeError(failure.cause);
  const cause = Object.assign(new Error(redact(detail, secrets)), { name });
  const { code, message, retryable, retryAfterMs } = failure;
  return new RunFailure(code, message, {
    cause,
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Reads an answer's headers by their lower-case names. */
export const headerReader =
  (response: IncomingMessage) =>
  (name: string): string | null => {
    const value = response.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  };
