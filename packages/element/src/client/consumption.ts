import type { RunEvent, SseMessage } from "@ai-progress-stream/protocol";
import { closedEarly, dropped, fellSilent, StreamFailure } from "./failure.js";
import { createMessageReader, type MessageReader } from "./message-stream.js";
import { mediaTypeOf, refusalOf } from "./problem.js";
import { watchSilence } from "./silence.js";
import {
  MISSED_HEARTBEATS,
  type Transport,
  type TransportHandler,
  type TransportSettings,
} from "./transport.js";

/** What a stream may be made of: its bytes, its text, or events of the protocol; `at` may be left out. */
export type StreamChunk = Uint8Array | string | RunEvent;
/** A stream that the page has opened itself. */
export type StreamSource = Response | ReadableStream<StreamChunk> | AsyncIterable<StreamChunk>;

/** Reads a stream that somebody else has opened: once, for there is nothing to be asked for again. */
export function openConsumption(
  source: StreamSource,
  settings: TransportSettings,
  handler: TransportHandler,
): Transport {
  const { clock } = settings;
  const controller = new AbortController();
  const { signal } = controller;
  let leave = (): void => {};
  signal.addEventListener("abort", () => leave(), { once: true });
  const silence = watchSilence(clock, settings.idleTimeoutMs, () => controller.abort(fellSilent()));
  signal.addEventListener("abort", silence.stop);

  async function read(): Promise<void> {
    let messages: MessageReader | null = null;
    const whole: SseMessage[] = [];
    const decoder = new TextDecoder();
    const open = (mediaType: string, start: string): MessageReader => {
      const known = handler.framing(mediaType);
      const framing = known ?? (/^\s*[[{]/.test(start) ? "ndjson" : "sse");
      return createMessageReader(framing, settings.maxEventLength, (message) => whole.push(message));
    };
    async function tell(): Promise<void> {
      for (const message of whole.splice(0)) {
        const loading = signal.aborted ? null : handler.prepare(message);
        if (loading) await loading;
        if (!signal.aborted) handler.message(message);
      }
    }
    await handler.prepare(null);
    if (source instanceof Response) {
      const mediaType = mediaTypeOf(source);
      if (source.status !== 200 || source.body === null || handler.framing(mediaType) === null) {
        throw await refusalOf(source, clock.now());
      }
      messages = open(mediaType, "");
      handler.opened(source);
    } else {
      handler.opened(null);
    }
    const chunks = iteratorOf(source);
    try {
      while (!signal.aborted) {
        // Not a race with one promise for the whole stream: that would keep every chunk's in memory.
        const next = await new Promise<IteratorResult<StreamChunk> | null>((resolve, reject) => {
          leave = () => resolve(null);
          chunks.next().then(resolve, (cause: unknown) => reject(dropped(cause)));
        });
        if (next === null || signal.aborted) break;
        silence.heard();
        if (next.done) {
          if (messages) {
            const end = messages.end();
            await handler.prepare(end);
            if (!signal.aborted) handler.finished(end);
          }
          throw closedEarly();
        }
        const { value } = next;
        if (typeof value === "object" && !(value instanceof Uint8Array)) {
          const { type: event, ...fields } = value;
          whole.push({ event, data: JSON.stringify({ at: clock.now(), ...fields }) });
          await tell();
          continue;
        }
        const text = typeof value === "string" ? value : decoder.decode(value, { stream: true });
        // White space tells of no framing; to that of a text it belongs.
        if (!messages && text.trim() === "" && handler.framing("") === null) continue;
        messages ??= open("", text);
        try {
          messages.feed(text);
        } finally {
          // What was whole before a fault counts.
          await tell();
        }
      }
    } finally {
      chunks.return?.(undefined)?.catch(() => {});
    }
  }

  const done = Promise.resolve()
    .then(read)
    .then(
      () => (signal.reason instanceof StreamFailure ? handler.judge(signal.reason).giveUp() : null),
      (cause: unknown) => {
        // What was told in time counts: the stream is over, and the run with it.
        if (signal.aborted) return null;
        const failure = handler.judge(cause instanceof StreamFailure ? cause : dropped(cause));
        return failure.giveUp();
      },
    )
    .finally(() => controller.abort());
  return {
    done,
    expectHeartbeat: (ms) => silence.allow(ms > 0 ? ms * MISSED_HEARTBEATS : settings.idleTimeoutMs),
    countAnew: () => {},
    retryNow: () => {},
    stop: () => controller.abort(),
  };
}

function iteratorOf(source: StreamSource): AsyncIterator<StreamChunk> {
  if (
    !(source instanceof Response) &&
    Symbol.asyncIterator in source &&
    !(source instanceof ReadableStream)
  ) {
    return source[Symbol.asyncIterator]();
  }
  // Not every browser iterates streams.
  const stream = source instanceof Response ? source.body : (source as ReadableStream<StreamChunk>);
  const reader = (stream as ReadableStream<StreamChunk>).getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<StreamChunk>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
