import { StringDecoder } from "node:string_decoder";
import {
  anthropicDialect,
  type DialectDecoder,
  type DialectMessage,
  type DialectPart,
  openaiChatDialect,
} from "@ai-progress-stream/protocol/dialects";
import { createParser } from "eventsource-parser";
import { RunFailure } from "../run/failure.js";
import type { StreamDialect } from "./provider.js";
import { TextTemplate } from "./text-template.js";

/**
 * Whose decoders a frame that gives one plain piece of text changes in nothing, but for what a template refuses. Ours, as
 * they are: a decoder of somebody else's, or one around these, may look at each message.
 */
const REPEATABLE: ReadonlySet<StreamDialect> = new Set([openaiChatDialect, anthropicDialect]);

/** Lines outside of the framing that are kept, in which some servers hide an error. */
const MAX_STRAY_LINES = 32;
const MAX_STRAY_CHARS = 65_536;

/** Bytes to the parts of a dialect: UTF-8 and lines may be split anywhere. */
export class StreamDecoder {
  readonly #onParts: (parts: readonly DialectPart[]) => void;
  readonly #utf8 = new StringDecoder("utf8");
  readonly #decoder: DialectDecoder;
  readonly #framing: StreamDialect["framing"];
  readonly #feedFraming: (text: string) => void;
  /** Null where each frame has to be decoded. */
  readonly #template: TextTemplate | null;
  readonly #stray: string[] = [];
  #isFirst = true;
  #isBetweenFrames = true;
  #isOver = false;
  /** What the message gave that was decoded last. */
  #latest: readonly DialectPart[] = [];

  constructor(
    dialect: StreamDialect,
    maxLineChars: number,
    onParts: (parts: readonly DialectPart[]) => void,
  ) {
    this.#onParts = onParts;
    this.#decoder = dialect.createDecoder();
    this.#template = REPEATABLE.has(dialect) ? new TextTemplate() : null;
    const take = (message: DialectMessage): void => this.#pass(() => this.#decoder.decode(message));
    this.#framing = dialect.framing;
    const feeds = {
      sse: () => createSseFeed(maxLineChars, take, (line) => this.#keepStray(line)),
      ndjson: () => createLineFeed(maxLineChars, (data) => take({ data })),
      text: () => (data: string) => take({ data }),
    };
    this.#feedFraming = feeds[dialect.framing]();
  }

  /** @throws RunFailure `upstream_malformed` past `maxLineChars`; whatever `onParts` throws */
  feed(bytes: Buffer): void {
    let text = this.#utf8.write(bytes);
    if (this.#isFirst && text !== "") {
      this.#isFirst = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    this.#feedText(text);
  }

  end(): void {
    // The format says to drop an event whose blank line is missing; its text is there, so it is shown.
    this.#feedText(this.#utf8.end());
    if (this.#framing !== "text") this.#feedText("\n\n");
    this.#pass(() => this.#decoder.end(this.#stray));
  }

  /** The answer broke off: the text that the decoder has held back. */
  flush(): void {
    if (this.#isOver) return;
    const parts = this.#decoder.flush?.() ?? [];
    this.#onParts(parts.filter(({ type }) => type !== "done" && type !== "error"));
  }

  /** Passes by what is the same frame again in all but its text, and feeds the rest frame by frame. */
  #feedText(text: string): void {
    const template = this.#template;
    if (template === null) {
      this.#feedFraming(text);
      return;
    }
    for (let at = 0; at < text.length; ) {
      const repeated = this.#isBetweenFrames && !this.#isOver ? template.read(text, at) : null;
      if (repeated) {
        at = repeated.end;
        this.#onParts([{ type: "text", delta: repeated.text }]);
        continue;
      }
      const close = text.indexOf("\n\n", at);
      const frame = close < 0 ? text.slice(at) : text.slice(at, close + 2);
      const isWhole = this.#isBetweenFrames && close >= 0;
      this.#latest = [];
      this.#feedFraming(frame);
      this.#isBetweenFrames = close >= 0;
      at += frame.length;
      const [part] = this.#latest;
      if (isWhole && this.#latest.length === 1 && part?.type === "text" && !part.channel && !part.replace) {
        template.learn(frame, part.delta);
      }
    }
  }

  /** Asks no more once `done` or `error` was said. A decoder throws nothing, but somebody else's may. */
  #pass(decode: () => readonly DialectPart[]): void {
    if (this.#isOver) return;
    let parts: readonly DialectPart[];
    try {
      parts = decode();
    } catch (error) {
      throw new RunFailure("upstream_malformed", undefined, { cause: error });
    }
    for (const { type } of parts) this.#isOver ||= type === "done" || type === "error";
    this.#latest = parts;
    this.#onParts(parts);
  }

  #keepStray(line: string): void {
    if (this.#stray.length < MAX_STRAY_LINES && line.length <= MAX_STRAY_CHARS) this.#stray.push(line);
  }
}

function createSseFeed(
  maxLineChars: number,
  onMessage: (message: DialectMessage) => void,
  onStray: (line: string) => void,
): (text: string) => void {
  const parser = createParser({
    maxBufferSize: maxLineChars,
    onEvent: onMessage,
    onError(error) {
      if (error.type === "max-buffer-size-exceeded") throw tooLong(maxLineChars);
      if (error.line !== undefined) onStray(error.line);
    },
  });
  return (text) => parser.feed(text);
}

function createLineFeed(maxLineChars: number, onLine: (line: string) => void): (text: string) => void {
  /** Of a line that has not ended. Joined once, when it has: to search it anew with each piece is O(n²). */
  let pieces: string[] = [];
  let chars = 0;
  return (text) => {
    const [first = "", ...lines] = text.split("\n");
    pieces.push(first);
    chars += first.length;
    for (const next of lines) {
      const line = pieces.join("");
      pieces = [next];
      chars = next.length;
      if (line.trim() !== "") onLine(line);
    }
    if (chars > maxLineChars) throw tooLong(maxLineChars);
  };
}

const tooLong = (maxLineChars: number): RunFailure =>
  new RunFailure("upstream_malformed", undefined, {
    cause: new Error(
      `An event of the upstream is longer than ${maxLineChars} characters (limits.upstreamLineChars).`,
    ),
  });
