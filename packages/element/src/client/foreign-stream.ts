import {
  type ErrorCode,
  type LoggedEvent,
  parseEventId,
  parseMessage,
  runError,
  type SseMessage,
} from "@ai-progress-stream/protocol";
import type {
  Dialect,
  DialectDecoder,
  DialectPart,
  FinishReason,
} from "@ai-progress-stream/protocol/dialects";
import type { DialectDetector } from "./dialect-choice.js";
import type { StreamEnd } from "./message-stream.js";

/** Messages are kept no longer than this for a language to show. */
const MAX_UNDECIDED = 64;

/** Whole streams whose answers are not. */
const cutCodes: Readonly<Partial<Record<FinishReason, ErrorCode>>> = {
  length: "output_limit",
  content_filter: "content_filtered",
  cancelled: "upstream_truncated",
};

export interface Translator {
  read(message: SseMessage): void;
  /** The answer has come to its end. False: it was none that can be read, and nothing was told of it. */
  end(end: StreamEnd): boolean;
  /** The answer was cut, or is left: tells what was held back. */
  flush(): void;
}

export interface TranslatorOptions {
  readonly dialect: Dialect | DialectDetector;
  /** The head of the answer; null where there is none. */
  readonly response: Response | null;
  /** Whether the answer is JSON as a whole. */
  readonly isWhole: boolean;
  readonly now: () => number;
  /** A message of our own protocol. */
  readonly own: (message: SseMessage) => void;
  /** What a message in another language comes to. Nothing comes after an `end`. */
  readonly foreign: (event: LoggedEvent) => void;
}

/** Turns an answer in somebody else's language into events of a run, once it has shown which language that is. */
export function createTranslator(options: TranslatorOptions): Translator {
  const { dialect, response, own } = options;
  let isOwn = false;
  let decoder: DialectDecoder | null = null;
  let undecided: SseMessage[] = [];
  let finish: FinishReason | null = null;

  const tell = (parts: readonly DialectPart[]): void => {
    for (const part of parts) {
      const event = eventOf(part);
      if (event) options.foreign(event);
    }
  };

  function eventOf(part: DialectPart): LoggedEvent | null {
    const at = options.now();
    if (part.type === "finish") {
      finish = part.reason;
      return null;
    }
    if (part.type === "done") {
      const code = finish === null ? undefined : cutCodes[finish];
      return code === undefined
        ? { type: "end", at, status: "succeeded" }
        : { type: "end", at, status: "failed", error: runError(code) };
    }
    if (part.type !== "error") return { ...part, at };
    const { type: _type, code, detail, ...advice } = part;
    // The upstream's own words may quote anything: for whoever looks for the cause, never for the page.
    console.debug(`ai-progress-stream: ${code}: ${detail}`);
    return { type: "end", at, status: "failed", error: runError(code, advice) };
  }

  function settle(found: Dialect | "run"): void {
    isOwn = found === "run";
    if (found !== "run") decoder = found.createDecoder();
    const kept = undecided;
    undecided = [];
    for (const message of kept) read(message);
  }

  function detect(firstMessage: SseMessage | null): Dialect | "run" | null {
    if (!("detect" in dialect)) return dialect;
    if (firstMessage && isOurs(firstMessage)) return "run";
    const headers = (name: string): string | null => response?.headers.get(name) ?? null;
    // The type alone decides nothing: lines of JSON may be anybody's.
    if (firstMessage === null) return dialect.detect({ headers });
    return dialect.detect({ contentType: headers("content-type"), headers, firstMessage });
  }

  function read(message: SseMessage): void {
    if (isOwn) {
      own(message);
    } else if (decoder) {
      tell(decoder.decode(message));
    } else {
      undecided.push(message);
      const found = detect(message);
      if (found) settle(found);
      else if (undecided.length > MAX_UNDECIDED && "detect" in dialect) settle(dialect.fallback);
    }
  }

  function endWhole(text: string): boolean {
    let parts: readonly DialectPart[] | null = null;
    try {
      const body: unknown = JSON.parse(text);
      parts = "detect" in dialect ? dialect.decodeJson(body) : decodeWhole(dialect, body);
    } catch {
      // Not JSON, whatever its type says.
    }
    tell(parts ?? []);
    return parts !== null;
  }

  const known = options.isWhole ? null : detect(null);
  if (known) settle(known);

  return {
    read,
    end({ rest, unclosed }) {
      if (options.isWhole) return endWhole(unclosed[0]?.data ?? "");
      if (isOwn) return true;
      // The format says to drop a message whose blank line is missing; its text is there, so it is shown.
      for (const message of unclosed) read(message);
      const hasAny = undecided.length > 0 || rest.length > 0;
      if (!decoder && hasAny && "detect" in dialect) settle(dialect.fallback);
      if (!decoder) return isOwn;
      tell((decoder as DialectDecoder).end(rest));
      return true;
    },
    flush() {
      const parts = decoder?.flush?.() ?? [];
      // How it ends is said by whoever leaves it
      tell(parts.filter(({ type }) => type !== "done" && type !== "error"));
    },
  };
}

/** An event of ours has an id of our form, or our name and every field that belongs to it. */
export const isOurs = (message: SseMessage): boolean =>
  parseEventId(message.id ?? "") !== null || parseMessage(message).kind === "event";

export const saysSomething = ({ type }: DialectPart): boolean =>
  type === "text" || type === "result" || type === "custom" || type === "error";

/**
 * The parts of a JSON answer; null where it is none of the dialect's. In a dialect that knows only streams it is
 * read as the one message of a stream.
 */
export function decodeWhole(dialect: Dialect, body: unknown): readonly DialectPart[] | null {
  if (dialect.decodeJson) return dialect.decodeJson(body);
  const parts = dialect.createDecoder().decode({ data: JSON.stringify(body) });
  if (parts.some(({ type }) => type === "done" || type === "error")) return parts;
  return parts.some(saysSomething) ? [...parts, { type: "done" }] : null;
}
