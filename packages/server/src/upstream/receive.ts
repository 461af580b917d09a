import type { IncomingMessage } from "node:http";
import type { DialectPart } from "@ai-progress-stream/protocol/dialects";
import type { Clock } from "../clock.js";
import { RunFailure } from "../run/failure.js";
import type { Recorder } from "../run/recorder.js";
import { StreamDecoder } from "./decode-stream.js";
import type { StreamDialect } from "./provider.js";
import type { Watchdog } from "./timeouts.js";

/** Of one read, for which a socket gives 65,536 at the most: a model at its own pace never fills half of that. */
const FLOOD_BYTES = 32_768;

/** What an answer says, as long as it neither fails nor ends. */
export type AnswerPart = Exclude<DialectPart, { readonly type: "error" | "done" }>;

export interface Reading {
  readonly dialect: StreamDialect;
  readonly watchdog: Watchdog;
  readonly signal: AbortSignal;
  /** Bytes of one whole answer, and characters of one event in it. */
  readonly limits: { readonly upstreamBytes: number; readonly upstreamLineChars: number };
  readonly take: (part: AnswerPart) => void;
  /** Where it goes, and whose pace is kept. */
  readonly recorder: Pick<Recorder, "isFlooded" | "isFull" | "ready">;
}

/**
 * Reads an accepted answer to its end, be it a stream or one JSON value.
 * @throws RunFailure where the answer is broken, too long, or says itself that it failed
 */
export async function receive(response: IncomingMessage, reading: Reading): Promise<void> {
  const { dialect, watchdog, signal, limits, recorder } = reading;
  let isDone = false;

  function takeAll(parts: readonly DialectPart[]): void {
    for (const part of parts) {
      if (part.type === "error") throw failureOf(part);
      if (part.type === "done") isDone = true;
      else reading.take(part);
    }
  }

  const contentType = mediaTypeOf(response);
  if (contentType === "text/html") throw malformed("The upstream answered with HTML.");
  if (contentType === "application/json" && dialect.decodeJson) {
    const body = parseJson(await readWhole(response, watchdog, limits.upstreamBytes, signal));
    const parts = body === undefined ? null : dialect.decodeJson(body);
    if (parts === null) throw malformed("The upstream answered with JSON of another kind.");
    takeAll(parts);
    return;
  }
  const readSize = createReadSize(response);
  // A text that needs no messages may come in some
  const isFramed = dialect.framing === "text" && contentType === "text/event-stream";
  const framed = isFramed ? { ...dialect, framing: "sse" as const } : dialect;
  const decoder = new StreamDecoder(framed, dialect.maxLineChars ?? limits.upstreamLineChars, takeAll);
  try {
    await pump(response, watchdog, limits.upstreamBytes, signal, (chunk) => {
      recorder.isFlooded = readSize() >= FLOOD_BYTES;
      decoder.feed(chunk);
      if (isDone) return "enough";
      return recorder.isFull() ? recorder.ready() : null;
    });
    if (!isDone) decoder.end();
  } catch (error) {
    showRest(decoder);
    throw error;
  } finally {
    recorder.isFlooded = false;
  }
}

/** Why the answer broke off counts, and not what may be wrong with the rest. */
function showRest(decoder: StreamDecoder): void {
  try {
    decoder.flush();
  } catch {
    // Somebody else's decoder, or a part that the recorder does not take.
  }
}

/** Bytes of the read that the newest chunk came in: one read may hold a thousand chunks. */
function createReadSize({ socket }: IncomingMessage): () => number {
  let seen = socket.bytesRead;
  let size = 0;
  return () => {
    const all = socket.bytesRead;
    if (all !== seen) size = all - seen;
    seen = all;
    return size;
  };
}

/** The content type without its parameters. */
export const mediaTypeOf = (response: IncomingMessage): string =>
  (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureOf(part: Extract<DialectPart, { readonly type: "error" }>): RunFailure {
  const { code, detail, retryable, retryAfterMs } = part;
  return new RunFailure(code, undefined, {
    cause: new Error(detail),
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const malformed = (detail: string): RunFailure =>
  new RunFailure("upstream_malformed", undefined, { cause: new Error(detail) });

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

/**
 * After the terminal marker, or where nothing is left to learn: the few bytes that close the answer free its connection for
 * the next request.
 */
export function letGo(response: IncomingMessage, clock: Clock): void {
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
  const goOn = (): void => void response.resume();
  wait.then(goOn, goOn);
}
