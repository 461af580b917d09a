import type { ErrorCode } from "../errors.js";
import type { DialectDecoder, DialectMessage, DialectPart } from "./dialect.js";
import { isFields, parseJson } from "./fields.js";
import { classifyUpstreamError } from "./upstream-error.js";

/** Takes the parts of the message that is being read, in order. */
export type Emit = (part: DialectPart) => void;

/** What a dialect itself has to know; {@link createDecoder} does what all have in common. */
export interface DialectReader {
  /** Reads the JSON of one message. False: it is nothing of this dialect's. */
  read(json: unknown, message: DialectMessage): boolean;
  /** Whether a stream that ends here is complete, although it has not said so. */
  isComplete(): boolean;
  /** The stream is complete: emits what was held back until now. */
  close?(): void;
  /** The stream is over, whole or not: emits the text that was held back until now. */
  flush?(): void;
}

const NOTHING: readonly DialectPart[] = [];

/** A piece of text, if it is one. */
export function emitText(emit: Emit, delta: unknown, channel?: "reasoning"): void {
  if (typeof delta !== "string" || delta === "") return;
  emit(channel ? { type: "text", delta, channel } : { type: "text", delta });
}

/** The failure that a stream's own error object describes. */
export function failure(body: unknown): DialectPart {
  return { type: "error", ...classifyUpstreamError({ body }) };
}

/** A stream that was cancelled at its far end: what came until then stands, and it is not whole. */
export function emitCancelled(emit: Emit, raw: string): void {
  emit({ type: "finish", reason: "cancelled", raw });
  emit(broken("upstream_truncated", `the stream was cancelled at its source: ${raw}`));
}

export const broken = (code: ErrorCode, detail: string): DialectPart => ({ type: "error", code, detail });

/** The parts of a whole answer that is read as if it were the one message of a stream; null: it is none. */
export function decodeWhole(
  createReader: (emit: Emit) => DialectReader,
  body: unknown,
): readonly DialectPart[] | null {
  const parts: DialectPart[] = [];
  const reader = createReader((part) => parts.push(part));
  if (!reader.read(body, { data: "" })) return null;
  const isOver = (part: DialectPart) => part.type === "done" || part.type === "error";
  if (!parts.some(isOver)) {
    reader.close?.();
    if (!parts.some(isOver)) parts.push({ type: "done" });
  }
  return parts.slice(0, parts.findIndex(isOver) + 1);
}

/**
 * Wraps a reader: parses each message once, passes over what is not JSON, takes `[DONE]` and `event: error` as
 * every dialect means them, lets nothing pass after the one `done` or `error`, and judges the end of the stream.
 */
export function createDecoder(createReader: (emit: Emit) => DialectReader): DialectDecoder {
  let parts: DialectPart[] | null = null;
  let isOver = false;
  let hasMessages = false;
  let isUnderstood = false;

  const emit: Emit = (part) => {
    if (isOver) return;
    // What has come counts, however it ends
    if (part.type === "done" || part.type === "error") reader.flush?.();
    isOver = part.type === "done" || part.type === "error";
    if (parts === null) parts = [part];
    else parts.push(part);
  };
  const reader = createReader(emit);
  const take = (): readonly DialectPart[] => {
    const taken = parts ?? NOTHING;
    parts = null;
    return taken;
  };
  const complete = (): void => {
    reader.close?.();
    emit({ type: "done" });
  };

  return {
    decode(message) {
      if (isOver) return NOTHING;
      hasMessages = true;
      const { data } = message;
      if (data === "[DONE]") {
        if (isUnderstood) complete();
        else emit(broken("upstream_malformed", "the stream ended before anything that can be read"));
        return take();
      }
      const json = parseJson(data);
      if (message.event === "error") emit(failure(json ?? data));
      else if (reader.read(json, message)) isUnderstood = true;
      return take();
    },
    end(rest = []) {
      if (isOver) return NOTHING;
      const hidden = hiddenError(rest);
      if (hidden !== undefined) emit(failure(hidden));
      else if (reader.isComplete()) complete();
      else if (isUnderstood || (!hasMessages && rest.length === 0)) {
        emit(broken("upstream_truncated", "the stream broke off"));
      } else {
        emit(
          broken("upstream_malformed", `nothing in the stream can be read ${rest.join("\n")}`.slice(0, 1000)),
        );
      }
      return take();
    },
    flush() {
      if (!isOver) reader.flush?.();
      return take();
    },
  };
}

/** Finds an error among lines that are no event: `error: {…}` as a field, or bare JSON on one line or many. */
function hiddenError(lines: readonly string[]): unknown {
  const texts = lines.map((line) => (line.startsWith("error:") ? line.slice("error:".length) : line));
  for (const text of [texts.join("\n"), ...texts]) {
    const parsed = parseJson(text);
    const body = Array.isArray(parsed) ? parsed[0] : parsed;
    if (isFields(body) && ["error", "errors", "message", "detail"].some((key) => body[key])) return body;
  }
  return lines.find((line) => line.startsWith("error:"));
}
