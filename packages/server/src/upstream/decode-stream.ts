import { StringDecoder } from "node:string_decoder";
import {
  anthropicDialect,
  type DialectMessage,
  type DialectPart,
  openaiChatDialect,
} from "@ai-progress-stream/protocol/dialects";
import { createParser } from "eventsource-parser";
import { RunFailure } from "../run/failure.js";
import type { StreamDialect } from "./provider.js";
import { createTextTemplate } from "./text-template.js";

export interface StreamDecoder {
  /** @throws RunFailure `upstream_malformed` past `maxLineChars`; whatever `onParts` throws */
  feed(bytes: Buffer): void;
  end(): void;
}

/**
 * Whose decoders a frame that gives one plain piece of text changes in nothing, but for what a template refuses. Ours, as
 * they are: a decoder of somebody else's, or one around these, may look at each message.
 */
const REPEATABLE: ReadonlySet<StreamDialect> = new Set([openaiChatDialect, anthropicDialect]);

/** Lines outside of the framing that are kept, in which some servers hide an error. */
const MAX_STRAY_LINES = 32;
const MAX_STRAY_CHARS = 65_536;

/** Bytes to the parts of a dialect: UTF-8 and lines may be split anywhere. */
export function createStreamDecoder(
  dialect: StreamDialect,
  maxLineChars: number,
  onParts: (parts: readonly DialectPart[]) => void,
): StreamDecoder {
  const utf8 = new StringDecoder("utf8");
  const decoder = dialect.createDecoder();
  const stray: string[] = [];
  let isFirst = true;
  let isOver = false;
  /** What the message gave that was decoded last. */
  let latest: readonly DialectPart[] = [];

  function keepStray(line: string): void {
    if (stray.length < MAX_STRAY_LINES && line.length <= MAX_STRAY_CHARS) stray.push(line);
  }

  /** Asks no more once `done` or `error` was said. A decoder throws nothing, but somebody else's may. */
  function pass(decode: () => readonly DialectPart[]): void {
    if (isOver) return;
    let parts: readonly DialectPart[];
    try {
      parts = decode();
    } catch (error) {
      throw new RunFailure("upstream_malformed", undefined, { cause: error });
    }
    for (const { type } of parts) isOver ||= type === "done" || type === "error";
    latest = parts;
    onParts(parts);
  }

  const take = (message: DialectMessage): void => pass(() => decoder.decode(message));
  const feedFraming =
    dialect.framing === "ndjson"
      ? createLineFeed(maxLineChars, (line) => take({ data: line }))
      : createSseFeed(maxLineChars, take, keepStray);
  const feedText = REPEATABLE.has(dialect) ? createRepeatFeed() : feedFraming;

  /** Passes by what is the same frame again in all but its text, and feeds the rest frame by frame. */
  function createRepeatFeed(): (text: string) => void {
    const template = createTextTemplate();
    let isBetweenFrames = true;
    return (text) => {
      for (let at = 0; at < text.length; ) {
        const repeated = isBetweenFrames && !isOver ? template.read(text, at) : null;
        if (repeated) {
          at = repeated.end;
          onParts([{ type: "text", delta: repeated.text }]);
          continue;
        }
        const close = text.indexOf("\n\n", at);
        const frame = close < 0 ? text.slice(at) : text.slice(at, close + 2);
        const isWhole = isBetweenFrames && close >= 0;
        latest = [];
        feedFraming(frame);
        isBetweenFrames = close >= 0;
        at += frame.length;
        const [part] = latest;
        if (isWhole && latest.length === 1 && part?.type === "text" && !part.channel && !part.replace) {
          template.learn(frame, part.delta);
        }
      }
    };
  }

  return {
    feed(bytes) {
      let text = utf8.write(bytes);
      if (isFirst && text !== "") {
        isFirst = false;
        if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      }
      feedText(text);
    },
    end() {
      // The format says to drop an event whose blank line is missing; its text is there, so it is shown.
      feedText(`${utf8.end()}\n\n`);
      pass(() => decoder.end(stray));
    },
  };
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
