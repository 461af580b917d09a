import type { IncomingMessage } from "node:http";
import {
  type DialectDecoder,
  type DialectMessage,
  type DialectName,
  detectDialect,
  dialects,
} from "@ai-progress-stream/protocol/dialects";
import { headerReader } from "./call.js";
import type { StreamDialect } from "./provider.js";

const NDJSON = /ndjson|jsonl|json-lines|stream\+json/i;

/** Messages that may come before one tells the language. */
const MAX_UNTOLD = 50;

/** The language of an answer whose language is not known: by its headers, else by its first messages. */
export function autoDialect(response: IncomingMessage, runDialect: StreamDialect): StreamDialect {
  const headers = headerReader(response);
  const contentType = headers("content-type");
  const named = (name: DialectName | "run"): StreamDialect => (name === "run" ? runDialect : dialects[name]);
  // The type alone decides nothing: lines of JSON may be anybody's, not Ollama's alone
  const told = detectDialect({ headers });
  if (told) return named(told);

  function createDecoder(): DialectDecoder {
    let decoder: DialectDecoder | null = null;
    let untold: DialectMessage[] = [];

    function decide(name: DialectName | "run"): DialectDecoder {
      decoder = named(name).createDecoder();
      return decoder;
    }

    return {
      decode(message) {
        if (decoder) return decoder.decode(message);
        untold.push(message);
        const name = detectDialect({ contentType, headers, firstMessage: message });
        if (!name && untold.length < MAX_UNTOLD) return [];
        const decided = decide(name ?? "progress-json");
        const parts = untold.flatMap((earlier) => decided.decode(earlier));
        untold = [];
        return parts;
      },
      end(rest) {
        if (decoder) return decoder.end(rest);
        const decided = decide("progress-json");
        return [...untold.flatMap((earlier) => decided.decode(earlier)), ...decided.end(rest)];
      },
      flush: () => decoder?.flush?.() ?? [],
    };
  }

  return {
    name: "auto",
    framing: NDJSON.test(contentType ?? "") ? "ndjson" : "sse",
    createDecoder,
    decodeJson(body) {
      const firstMessage = { data: JSON.stringify(body) };
      const dialect = named(detectDialect({ firstMessage }) ?? "progress-json");
      if (dialect.decodeJson) return dialect.decodeJson(body);
      const decoder = dialect.createDecoder();
      return [...decoder.decode(firstMessage), ...decoder.end()];
    },
  };
}
