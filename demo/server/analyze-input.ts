import type { InputSchema } from "@ai-progress-stream/server";

export interface AnalyzeInput {
  readonly document: string;
  readonly pages: number;
  readonly lang: "en" | "de";
}

const MAX_PAGES = 5_000;

/**
 * What the analysis takes: `{ "document": "…", "pages": 500, "lang": "en" }`. A Standard Schema by hand; zod,
 * valibot or arktype would give the same.
 */
export const analyzeInput: InputSchema<AnalyzeInput> = {
  "~standard": { version: 1, vendor: "demo", validate },
};

function validate(
  value: unknown,
): { value: AnalyzeInput } | { issues: { message: string; path: string[] }[] } {
  const {
    document,
    pages = 12,
    lang,
  } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  // A form's fields are text.
  const count = typeof pages === "string" ? Number(pages) : pages;
  if (typeof document !== "string" || document.trim() === "") {
    return { issues: [{ path: ["document"], message: "Paste the text of a document." }] };
  }
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > MAX_PAGES) {
    return {
      issues: [{ path: ["pages"], message: `Give a whole number of pages, from 1 to ${MAX_PAGES}.` }],
    };
  }
  return { value: { document, pages: count, lang: lang === "de" ? "de" : "en" } };
}
