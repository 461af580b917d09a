import type { Dialect, DialectMessage, DialectPart } from "@ai-progress-stream/protocol/dialects";
import { createParser } from "eventsource-parser";

/** Cuts bytes into messages as a client does, and hands them to a decoder; `end` gives what stands at the end. */
interface Framing {
  feed(text: string): void;
  end(): readonly DialectPart[];
}

/** The parts that a stream of a dialect holds, however its bytes are cut. */
export function decodeStream(dialect: Dialect, chunks: Iterable<Uint8Array>): DialectPart[] {
  const parts: DialectPart[] = [];
  const decoder = dialect.createDecoder();
  const take = (message: DialectMessage) => parts.push(...decoder.decode(message));
  const framings: Record<Dialect["framing"], () => Framing> = {
    sse: () => sse(take, (rest) => decoder.end(rest)),
    ndjson: () => ndjson(take, () => decoder.end()),
    text: () => ({ feed: (data) => take({ data }), end: () => decoder.end() }),
  };
  const framing = framings[dialect.framing]();
  const utf8 = new TextDecoder();
  for (const chunk of chunks) framing.feed(utf8.decode(chunk, { stream: true }));
  framing.feed(utf8.decode());
  parts.push(...framing.end());
  return parts;
}

/** With what follows one another as text joined: in how many pieces it comes is nobody's business. */
export function joinText(parts: readonly DialectPart[]): DialectPart[] {
  const joined: DialectPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const goesOn = last?.type === "text" && part.type === "text" && last.channel === part.channel;
    if (goesOn && !part.replace) joined.splice(-1, 1, { ...last, delta: last.delta + part.delta });
    else joined.push(part);
  }
  return joined;
}

/** {@link decodeStream} for a text in one piece. */
export const decodeText = (dialect: Dialect, text: string): DialectPart[] =>
  decodeStream(dialect, [new TextEncoder().encode(text)]);

/** A message as a test writes it: its JSON, its raw data, or a pair of event name and either. */
export type TestMessage = object | string | readonly [event: string, data: object | string];

/** The same for messages that are already framed; `rest` is what stood outside of the framing. */
export function decodeMessages(
  dialect: Dialect,
  messages: readonly TestMessage[],
  rest?: readonly string[],
): DialectPart[] {
  const decoder = dialect.createDecoder();
  const parts = messages.flatMap((message) => decoder.decode(framed(message)));
  return [...parts, ...decoder.end(rest)];
}

function framed(message: TestMessage): DialectMessage {
  const [event, data] = Array.isArray(message) ? message : [undefined, message];
  return { event, data: typeof data === "string" ? data : JSON.stringify(data) };
}

function sse(
  take: (message: DialectMessage) => void,
  end: (rest: string[]) => readonly DialectPart[],
): Framing {
  const rest: string[] = [];
  const parser = createParser({
    onEvent: take,
    onError: (error) => {
      if (error.line !== undefined) rest.push(error.line);
    },
  });
  return {
    feed: (text) => parser.feed(text),
    end() {
      // What a blank line would still have closed
      parser.feed("\n\n");
      return end(rest);
    },
  };
}

function ndjson(take: (message: DialectMessage) => void, end: () => readonly DialectPart[]): Framing {
  let buffer = "";
  const drain = () => {
    const lines = buffer.split("\n");
    buffer = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") take({ data: line });
  };
  return {
    feed(text) {
      buffer += text;
      drain();
    },
    end() {
      buffer += "\n";
      drain();
      return end();
    },
  };
}

/** What a sequence of parts amounts to. */
export interface Outcome {
  text: string;
  reasoning: string;
  finish: string | null;
  usage: Record<string, unknown> | null;
  error: string | null;
  isDone: boolean;
  tools: { id: string; name: string; arguments: unknown }[];
}

export function outcomeOf(parts: readonly DialectPart[]): Outcome {
  const outcome: Outcome = {
    text: "",
    reasoning: "",
    finish: null,
    usage: null,
    error: null,
    isDone: false,
    tools: [],
  };
  for (const part of parts) {
    if (part.type === "text") {
      const channel = part.channel === "reasoning" ? "reasoning" : "text";
      outcome[channel] = part.replace ? part.delta : outcome[channel] + part.delta;
    } else if (part.type === "finish") outcome.finish = part.raw;
    else if (part.type === "usage") {
      const { type: _type, ...usage } = part;
      outcome.usage = { ...outcome.usage, ...usage };
    } else if (part.type === "error") outcome.error = part.code;
    else if (part.type === "done") outcome.isDone = true;
    else if (part.type === "custom" && part.name === "tool-call")
      outcome.tools.push(part.value as Outcome["tools"][number]);
  }
  return outcome;
}
