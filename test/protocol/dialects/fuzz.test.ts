import { errorDescriptions, parseRunEvent } from "@ai-progress-stream/protocol";
import {
  classifyUpstreamError,
  type DialectPart,
  detectDialect,
  dialects,
} from "@ai-progress-stream/protocol/dialects";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foreignJson, foreignMessage } from "../../support/arbitraries.js";

const rest = fc.array(
  fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `error: ${json}`),
  ),
  { maxLength: 3 },
);

/** What a run would make of a part: it must be an event that our own protocol accepts. */
function isLawful(part: DialectPart): boolean {
  if (part.type === "done") return true;
  if (part.type === "error")
    return Object.hasOwn(errorDescriptions, part.code) && typeof part.detail === "string";
  if (part.type === "finish") return typeof part.raw === "string" && part.raw !== "";
  return parseRunEvent({ at: 0, ...part }).kind === "event";
}

describe.each(Object.values(dialects))("the decoder of $name", (dialect) => {
  test("throws at nothing, gives lawful parts, and ends exactly once", () => {
    fc.assert(
      fc.property(fc.array(foreignMessage, { maxLength: 12 }), rest, (messages, lines) => {
        const decoder = dialect.createDecoder();
        const parts = [...messages.flatMap((message) => decoder.decode(message)), ...decoder.end(lines)];
        expect(parts.filter((part) => !isLawful(part))).toEqual([]);
        const ends = parts.filter((part) => part.type === "done" || part.type === "error");
        expect(ends).toEqual(parts.slice(-1));
        expect(decoder.end(lines)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test("throws at no whole answer, and ends it exactly once", () => {
    fc.assert(
      fc.property(foreignJson, (body) => {
        const parts = dialect.decodeJson?.(body);
        if (!parts) return;
        expect(parts.filter((part) => !isLawful(part))).toEqual([]);
        expect(parts.filter((part) => part.type === "done" || part.type === "error")).toEqual(
          parts.slice(-1),
        );
      }),
      { numRuns: 400 },
    );
  });
});

test("detection throws at nothing and is the same each time", () => {
  fc.assert(
    fc.property(foreignMessage, fc.option(fc.string()), (firstMessage, contentType) => {
      expect(detectDialect({ contentType, firstMessage })).toBe(detectDialect({ contentType, firstMessage }));
    }),
  );
});

test("classification throws at nothing, and its wait is positive where it is given", () => {
  const headers = fc.dictionary(
    fc.constantFrom("retry-after", "retry-after-ms", "date", "x-should-retry"),
    fc.string(),
  );
  fc.assert(
    fc.property(foreignJson, fc.option(fc.nat(700), { nil: undefined }), headers, (body, status, sent) => {
      const { code, retryAfterMs = 1 } = classifyUpstreamError({
        ...(status === undefined ? {} : { status }),
        body,
        headers: (name) => sent[name] ?? null,
        now: 0,
      });
      expect(errorDescriptions).toHaveProperty(code);
      expect(retryAfterMs).toBeGreaterThan(0);
    }),
  );
});
