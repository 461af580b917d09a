import type { SseMessage } from "@ai-progress-stream/protocol";
import { dropped, type StreamFailure, unreadable } from "./failure.js";

/** How messages are told apart in the bytes of an answer; `json`: it is one as a whole; `text`: each read is one. */
export type Framing = "sse" | "ndjson" | "json" | "text";

/** What the end of an answer leaves over. */
export interface StreamEnd {
  /** Lines outside of the framing, in which some servers hide an error. */
  readonly rest: readonly string[];
  /** What only lacked the mark of its end: a message without its blank line, a line without its line feed. */
  readonly unclosed: readonly SseMessage[];
}

/** Takes text in any portions, and hands on what is whole. */
export interface MessageReader {
  /** @throws StreamFailure past the longest event */
  feed(text: string): void;
  end(): StreamEnd;
}

/** Lines outside of the framing that are kept. */
const MAX_STRAY_LINES = 32;
const MAX_STRAY_LENGTH = 65_536;

export function createMessageReader(
  framing: Framing,
  maxEventLength: number,
  onMessage: (message: SseMessage) => void,
): MessageReader {
  if (framing === "text") return createTextReader(onMessage);
  return framing === "sse"
    ? createSseReader(maxEventLength, onMessage)
    : createLineReader(framing === "ndjson" ? /\n/g : null, maxEventLength, onMessage);
}

/** Text in lines. What a portion leaves open is kept in pieces: joined at each, long lines would cost their square. */
function createLines(
  ends: RegExp | null,
  maxLength: number,
  onLine: (line: string) => void,
): { feed(text: string): void; finish(): void } {
  let pieces: string[] = [];
  let length = 0;
  const take = (piece: string): void => {
    pieces.push(piece);
    length += piece.length;
    if (length > maxLength) throw tooLong();
  };
  const finish = (): void => {
    const line = pieces.join("");
    pieces = [];
    length = 0;
    onLine(line);
  };
  return {
    feed(text) {
      let from = 0;
      for (const { 0: end, index } of ends ? text.matchAll(ends) : []) {
        take(text.slice(from, index));
        from = index + end.length;
        finish();
      }
      take(text.slice(from));
    },
    finish,
  };
}

/** Server-Sent Events (WHATWG HTML, 9.2.6). `retry` has no say: how long to wait is settled elsewhere. */
function createSseReader(maxEventLength: number, onMessage: (message: SseMessage) => void): MessageReader {
  const rest: string[] = [];
  let take = onMessage;
  let data: string[] = [];
  let length = 0;
  let event: string | undefined;
  let id: string | undefined;
  let isFirst = true;
  let endsInCr = false;

  const fields: Readonly<Record<string, (value: string) => void>> = {
    data(value) {
      data.push(value);
      length += value.length + 1; // A flood of empty lines grows too.
      if (length > maxEventLength) throw tooLong();
    },
    event: (value) => {
      event = value || undefined;
    },
    id: (value) => {
      if (!value.includes("\0")) id = value;
    },
    retry() {},
    "": () => {},
  };
  function dispatch(): void {
    const message: SseMessage = { id, event, data: data.join("\n") };
    const hasData = data.length > 0;
    data = [];
    length = 0;
    id = event = undefined;
    if (hasData) take(message);
  }
  const lines = createLines(/\r\n?|\n/g, maxEventLength, (line) => {
    if (line === "") return dispatch();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    const read = Object.hasOwn(fields, name) ? fields[name] : null;
    if (read) read(value);
    else if (rest.length < MAX_STRAY_LINES && line.length <= MAX_STRAY_LENGTH) rest.push(line);
  });
  return {
    feed(text) {
      if (text === "") return;
      // A byte order mark, and the other half of a line's end.
      const from = (isFirst && text[0] === "\ufeff") || (endsInCr && text[0] === "\n") ? 1 : 0;
      isFirst = false;
      endsInCr = text.endsWith("\r");
      lines.feed(text.slice(from));
    },
    end() {
      const unclosed: SseMessage[] = [];
      take = (message) => unclosed.push(message);
      lines.feed("\n\n");
      return { rest, unclosed };
    },
  };
}

function createLineReader(
  separator: RegExp | null,
  maxEventLength: number,
  onMessage: (message: SseMessage) => void,
): MessageReader {
  let take = onMessage;
  const lines = createLines(separator, maxEventLength, (data) => {
    if (data.trim() !== "") take({ data });
  });
  return {
    feed: lines.feed,
    end() {
      const unclosed: SseMessage[] = [];
      take = (message) => unclosed.push(message);
      lines.finish();
      return { rest: [], unclosed };
    },
  };
}

const createTextReader = (onMessage: (message: SseMessage) => void): MessageReader => ({
  feed(data) {
    if (data !== "") onMessage({ data });
  },
  end: () => ({ rest: [], unclosed: [] }),
});

const tooLong = (): StreamFailure => unreadable("The server sent an event that is too long to be read.");

/** What stands in one frame of {@link reframe}. */
export type Piece = SseMessage | StreamEnd;

/**
 * The messages of an answer, reframed: each as one `data:` line that holds the whole message as JSON, the last
 * one what the end has left over. fetch-event-source then sees only whole events, finds no id to turn into a
 * header, and has no empty line, byte order mark or half of an event to lose. Its buffering is quadratic only in
 * a frame that is spread over chunks; here a chunk holds whole frames.
 */
export function reframe(
  body: ReadableStream<Uint8Array>,
  options: {
    readonly framing: Framing;
    readonly maxEventLength: number;
    readonly onBytes: () => void;
    /** What has to be waited for before this first piece and all behind it can be read. */
    readonly prepare: (first: Piece) => Promise<void> | null;
  },
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let frames = "";
  let first: Piece | null = null;
  let isPrepared = false;
  let failure: unknown = null;
  let isOver = false;
  const write = (piece: Piece): void => {
    first ??= piece;
    frames += `data: ${JSON.stringify(piece)}\n\n`;
  };
  const messages = createMessageReader(options.framing, options.maxEventLength, write);
  return new ReadableStream({
    async pull(controller) {
      while (frames === "") {
        // What was whole before the fault has been handed on by now.
        if (failure !== null) throw failure;
        if (isOver) {
          controller.close();
          return;
        }
        const { done, value } = await reader.read().catch((cause: unknown) => {
          throw dropped(cause);
        });
        isOver = done;
        if (value) options.onBytes();
        try {
          messages.feed(decoder.decode(value, { stream: !done }));
          if (done) write(messages.end());
        } catch (cause) {
          failure = cause;
        }
      }
      if (first && !isPrepared) {
        isPrepared = true;
        await options.prepare(first);
      }
      controller.enqueue(encoder.encode(frames));
      frames = "";
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
