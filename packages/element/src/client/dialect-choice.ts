import {
  type Dialect,
  type DialectEvidence,
  type DialectName,
  type DialectPart,
  detectDialect,
  dialects,
} from "@ai-progress-stream/protocol/dialects";
import { decodeWhole, saysSomething } from "./foreign-stream.js";

/** Tells in which language an answer is. */
export interface DialectDetector {
  /** Null as long as nothing is certain; `"run"` for our own protocol. */
  detect(evidence: DialectEvidence): Dialect | "run" | null;
  /** What stands in an answer that is JSON as a whole; null where it is of no language that is known. */
  decodeJson(body: unknown): readonly DialectPart[] | null;
  /** Judges a stream in which nothing was ever certain. */
  readonly fallback: Dialect;
}

/** Every language there is, told by content type, header and first message. Costs the code of them all. */
export const autoDialect: DialectDetector = {
  detect: (evidence) => {
    const name = detectDialect(evidence);
    return name === null || name === "run" ? name : dialects[name];
  },
  decodeJson: (body) => {
    const name = detectDialect({ firstMessage: { data: JSON.stringify(body) } });
    // The home-made ones take any word for theirs, so they come last.
    const home = dialects["progress-json"];
    const likely = name === null || name === "run" ? home : dialects[name];
    const providers = Object.values(dialects).filter(({ decodeJson }) => decodeJson);
    for (const dialect of [...(likely === home ? [] : [likely]), ...providers, home]) {
      const parts = decodeWhole(dialect, body);
      if (parts?.some(saysSomething)) return parts;
    }
    return null;
  },
  fallback: dialects["progress-json"],
};

export const dialectFor = (name: DialectName | "auto"): Dialect | DialectDetector =>
  name === "auto" ? autoDialect : dialects[name];
