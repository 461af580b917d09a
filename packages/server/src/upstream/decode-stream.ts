import { StringDecoder } from "node:string_decoder";
import type { Dialect, DialectPart } from "@ai-progress-stream/protocol/dialects";
import { createParser } from "eventsource-parser";
import { RunFailure } from "../run/failure.js";

export interface StreamDecoder {
  /** @throws RunFailure `upstream_malformed` past `maxLineChars`; whatever `onParts` throws */
  feed(bytes: Buffer): void;
  end(): void;
}

/** Lines outside of the framing that are kept, in which some servers hide an error. */
const MAX_STRAY_LINES = 32;
const MAX_STRAY_CHARS = 65_536;

/** Bytes to the parts of a dialect: UTF-8 and lines may be split anywhere. */
export function createStreamDecoder(
  dialect: Dialect,
  maxLineChars: number,
  onParts: (parts: readonly DialectPart[]) => void,
): StreamDecoder {
  const utf8 = new StringDecoder("utf8");
  const decoder = dialect.createDecoder();
  const stray: string[] = [];
  let isFirst = true;

  function keepStray(line: string): void {
    if (stray.length < MAX_STRAY_LINES && line.length <= MAX_STRAY_CHARS) stray.push(line);
  }

  const feedText =
    dialect.framing === "ndjson"
      ? createLineFeed(maxLineChars, (line) => onParts(decoder.decode({ data: line })))
      : createSseFeed(maxLineChars, (message) => onParts(decoder.decode(message)), keepStray);

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
      onParts(decoder.end(stray));
    },
  };
}

function createSseFeed(
  maxLineChars: number,
  onMessage: (message: { event?: string | undefined; data: string }) => void,
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
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineChars) throw tooLong(maxLineChars);
    for (const line of lines) if (line.trim() !== "") onLine(line);
  };
}

const tooLong = (maxLineChars: number): RunFailure =>
  new RunFailure("upstream_malformed", undefined, {
    cause: new Error(
      `An event of the upstream is longer than ${maxLineChars} characters (limits.upstreamLineChars).`,
    ),
  });
