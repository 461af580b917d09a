import type { SseMessage } from "@ai-progress-stream/protocol";
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { type BackoffOptions, backoffDelay } from "./backoff.js";
import type { Clock } from "./clock.js";
import {
  closedEarly,
  connectTimedOut,
  dropped,
  fellSilent,
  isSilence,
  StreamFailure,
  unprepared,
  unreachable,
} from "./failure.js";
import { type Framing, type Piece, reframe, type StreamEnd } from "./message-stream.js";
import { isOffline, watchPage } from "./page.js";
import { createPause } from "./pause.js";
import { mediaTypeOf, refusalOf } from "./problem.js";
import type { HeadersSource, Retry } from "./session.js";
import { type SilenceWatch, watchSilence } from "./silence.js";

/** Nobody waits longer than this for a server that asks to be left alone: the connection is given up. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;
/**
 * A connection that stood this long was a good one: its loss is counted as the first. Less than the half minute after which
 * some proxies cut every one.
 */
const STABLE_MS = 10_000;
/** As many missed heartbeats, and the connection counts as lost. */
export const MISSED_HEARTBEATS = 3;

export interface StreamRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly body: string | null;
  /** Names in lower case. They win over those of the {@link HeadersSource}. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface TransportSettings {
  readonly headers: HeadersSource;
  readonly credentials: RequestCredentials;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly backoff: BackoffOptions;
  readonly maxRetries: number;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxEventLength: number;
}

/** What the transport asks and tells. What is told is synchronous: fetch-event-source loses the rest. */
export interface TransportHandler {
  /** The request to send now; asked at each attempt, for a resume is another request than a start. */
  request(): StreamRequest;
  /** Another request to send instead, where the answer only says where the stream is. */
  follow(response: Response, request: StreamRequest): Promise<StreamRequest | null>;
  /**
   * Loads what it takes to understand an answer: asked before its framing (null) and before each piece of it is
   * told. Null: all is there.
   */
  prepare(piece: Piece | null): Promise<void> | null;
  /** How messages are told apart in an answer of this media type; null: it is no stream. */
  framing(mediaType: string): Framing | null;
  opened(response: Response | null): void;
  /** One whole message. Throwing a {@link StreamFailure} ends the attempt. */
  message(message: SseMessage): void;
  /** The answer has come to its end. Throwing a {@link StreamFailure} says why that is none. */
  finished(end: StreamEnd): void;
  /** An attempt has failed. What it gives back decides whether there is another. */
  judge(failure: StreamFailure): StreamFailure;
  waiting(retry: Omit<Retry, "maxRetries">): void;
}

export interface Transport {
  /** Resolves with null when stopped, else with why it gave up. Never rejects. */
  readonly done: Promise<StreamFailure | null>;
  /** The server promised a sign of life this often; 0: none promised. */
  expectHeartbeat(ms: number): void;
  /** The run has moved on: losses are counted anew. */
  countAnew(): void;
  /** Cuts the wait before the next attempt short. */
  retryNow(): void;
  /** Leaves no timer, listener or request. Idempotent. */
  stop(): void;
}

/** Plain, lower-case headers: fetch-event-source's neighbours included, two spellings of a name are one. */
export async function headersOf(source: HeadersSource): Promise<Record<string, string>> {
  try {
    return Object.fromEntries(new Headers(typeof source === "function" ? await source() : source));
  } catch (cause) {
    throw unprepared(cause);
  }
}

/**
 * Opens an event stream and keeps it open: the one place that uses fetch-event-source. That package brings the
 * loop (request, parse, ask what to do about an error, request again); everything it leaves open or gets wrong
 * is done in `guardedFetch`, which validates, waits, watches for silence, and hands it only whole events.
 */
export function openTransport(settings: TransportSettings, handler: TransportHandler): Transport {
  const { clock } = settings;
  // Fresh per call: fetch-event-source never takes its listener off the signal.
  const call = new AbortController();
  const pause = createPause(clock);
  let attempt = new AbortController();
  let silence: SilenceWatch | null = null;
  let openedAt: number | null = null;
  let allowedMs = settings.idleTimeoutMs;
  let losses = 0;
  let refusal: Pick<Retry, "error"> = {};

  const send = async (request: StreamRequest, signal: AbortSignal): Promise<Response> => {
    const headers = await unlessAborted(headersOf(settings.headers), signal);
    return settings.fetch(request.url, {
      method: request.method,
      headers: { ...headers, accept: "text/event-stream", ...request.headers },
      body: request.body,
      credentials: settings.credentials,
      cache: "no-store",
      // Followed, a 302 would turn the POST into a GET without a body, and a 307 carry it to another origin.
      redirect: "manual",
      signal,
    });
  };

  const connect = async (
    controller: AbortController,
  ): Promise<{ response: Response; body: ReadableStream<Uint8Array>; framing: Framing }> => {
    let request = handler.request();
    let response = await send(request, controller.signal);
    const next = await handler.follow(response, request);
    if (next !== null) {
      request = next;
      response = await send(request, controller.signal);
    }
    await handler.prepare(null);
    const { body, ok } = response;
    const framing = ok ? handler.framing(mediaTypeOf(response)) : null;
    if (framing === null || body === null) throw await refusalOf(response, clock.now());
    controller.signal.throwIfAborted();
    return { response, body, framing };
  };

  const guardedFetch = async (_input: unknown, init: RequestInit | undefined): Promise<Response> => {
    // A retry that was already scheduled when the call was stopped must not open a request nobody can stop.
    call.signal.throwIfAborted();
    const controller = new AbortController();
    attempt = controller;
    init?.signal?.addEventListener("abort", () => controller.abort());
    await pause.over(controller.signal);
    const timer = clock.setTimeout(() => controller.abort(connectTimedOut()), settings.connectTimeoutMs);
    try {
      const { response, body, framing } = await connect(controller);
      const watch = watchSilence(clock, allowedMs, () => controller.abort(fellSilent()));
      controller.signal.addEventListener("abort", watch.stop);
      silence = watch;
      openedAt = clock.now();
      handler.opened(response);
      const { maxEventLength } = settings;
      const prepare = (piece: Piece): Promise<void> | null => handler.prepare(piece);
      return new Response(reframe(body, { framing, maxEventLength, onBytes: watch.heard, prepare }));
    } catch (cause) {
      throw cause instanceof StreamFailure ? cause : unreachable(cause);
    } finally {
      clock.clearTimeout(timer);
    }
  };

  const onMessage = (envelope: { data: string }): void => {
    // What is left of a chunk is still delivered after an abort.
    if (call.signal.aborted || attempt.signal.aborted) return;
    const piece: Piece = JSON.parse(envelope.data);
    if ("rest" in piece) handler.finished(piece);
    else handler.message(piece);
  };

  const onError = (cause: unknown): number => {
    const reason: unknown = attempt.signal.aborted ? attempt.signal.reason : null;
    // fetch-event-source leaves the old request open when a handler throws.
    attempt.abort();
    if (call.signal.aborted) throw cause;
    const found = reason instanceof StreamFailure ? reason : cause;
    const failure = handler.judge(found instanceof StreamFailure ? found : dropped(found));
    const retryAfterMs = failure.error.retryAfterMs ?? 0;
    if (failure.retry === "never" || retryAfterMs > MAX_RETRY_AFTER_MS) throw failure;

    // The silence that ended it is no part of how long a connection was good.
    const goodUntil = isSilence(failure) ? (silence?.heardAt ?? 0) : clock.now();
    if (openedAt !== null && goodUntil - openedAt >= STABLE_MS) losses = 0;
    openedAt = null;
    const delayMs =
      failure.retry === "now" && losses === 0 ? 0 : backoffDelay(losses, settings.backoff, retryAfterMs);
    // Without a network an attempt says nothing about the server. It is made, for the browser may err.
    losses = isOffline() ? Math.max(1, Math.min(losses + 1, settings.maxRetries)) : losses + 1;
    if (losses > settings.maxRetries) throw failure;

    const now = clock.now();
    pause.set(now + delayMs, now + retryAfterMs);
    refusal = failure.kind === "refused" ? { error: failure.error } : {};
    handler.waiting({ attempt: losses, dueAt: pause.dueAt, ...refusal });
    if (call.signal.aborted) throw failure;
    return 0; // guardedFetch waits itself, so that the wait can be cut short
  };

  const retryNow = (): void => {
    if (losses > 0 && pause.cutShort()) {
      handler.waiting({ attempt: losses, dueAt: pause.dueAt, ...refusal });
    }
  };
  const unwatchPage = watchPage({
    onOnline: retryNow,
    onVisible: () => {
      silence?.check();
      retryNow();
    },
  });
  const stop = (): void => {
    unwatchPage();
    call.abort();
    attempt.abort();
  };

  const first = handler.request();
  const done = fetchEventSource(first.url, {
    method: first.method,
    body: first.body,
    signal: call.signal,
    // Otherwise a hidden tab drops the connection, and showing it sends the POST again.
    openWhenHidden: true,
    fetch: guardedFetch,
    onopen: async () => {},
    onmessage: onMessage,
    // End of file proves nothing: a body cut short can look clean. Only the run's `end` stops the call.
    onclose: () => {
      throw closedEarly();
    },
    onerror: onError,
  }).then(
    () => null,
    (failure: unknown) => {
      if (call.signal.aborted) return null;
      return failure instanceof StreamFailure ? failure : dropped(failure);
    },
  );
  return {
    done: done.finally(stop),
    expectHeartbeat(ms) {
      allowedMs = ms > 0 ? ms * MISSED_HEARTBEATS : settings.idleTimeoutMs;
      silence?.allow(allowedMs);
    },
    countAnew: () => {
      losses = 0;
    },
    retryNow,
    stop,
  };
}

/** The promise's outcome, or a rejection as soon as the signal aborts: not every promise knows of signals. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
    signal.throwIfAborted();
  });
}
