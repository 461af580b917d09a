import type { JobContext, Provider, StagePlan, StageReporter, TaskOptions } from "@ai-progress-stream/server";
import { type AnalyzeInput, analyzeInput } from "./analyze-input.js";
import { analyzeTexts } from "./analyze-texts.js";

/** How long the two stages that ask no model take in all, in milliseconds: fast work, slowed down to be watched. */
const EXTRACT_MS = 1_500;
const ANALYZE_MS = 5_000;
/** What a model writes here as a rule: the bar of its stages goes by it, and is told to. */
const EXPECTED_TOKENS = 160;
/** Progress is told at most this often: more than a screen shows is wasted. */
const TICK_MS = 40;

/** A job of four weighted stages over a document: two of our own work, two of a model's. */
export function analyzeTask(provider: Provider, model: string): TaskOptions<AnalyzeInput> {
  return {
    input: analyzeInput,
    stages: ({ lang }): StagePlan[] => {
      const { extract, analyze, summarize, insights } = analyzeTexts[lang].stages;
      return [
        { id: "extract", label: extract, weight: 20 },
        { id: "analyze", label: analyze, weight: 35 },
        { id: "summarize", label: summarize, weight: 25 },
        { id: "insights", label: insights, weight: 20 },
      ];
    },
    run: (context) => analyzeDocument(context, provider, model),
  };
}

interface Analysis {
  readonly extracted: { readonly pages: number; readonly words: number };
  readonly entities: readonly string[];
  readonly summary: string;
  readonly insights: string;
}

async function analyzeDocument(
  { input, signal, stage, text }: JobContext<AnalyzeInput>,
  provider: Provider,
  model: string,
): Promise<Analysis> {
  const texts = analyzeTexts[input.lang];
  const pages = await stage("extract", async (s) => {
    s.progress({ message: texts.opening });
    const slices = splitPages(input.document, input.pages);
    await paced(slices.length, EXTRACT_MS, signal, (n) => s.progress(n, slices.length));
    return slices;
  });
  const entities = await stage("analyze", async (s) => {
    const found = new Map<string, number>();
    await paced(pages.length, ANALYZE_MS, signal, (n, from) => {
      for (const page of pages.slice(from, n)) countNames(page, found);
      s.progress(n, pages.length, texts.page(n, pages.length));
    });
    return mostFrequent(found, 8);
  });
  const ask = (content: string) => (s: StageReporter) =>
    s.relay(
      provider,
      { model, messages: [{ role: "user", content }], maxOutputTokens: 1_000 },
      {
        expectedTokens: EXPECTED_TOKENS,
        estimateMessage: texts.estimated,
        retryMessage: ({ seconds }) => texts.retrying(seconds),
      },
    );
  const summary = await stage("summarize", ask(texts.summaryPrompt(input.document)));
  text("\n\n");
  const insights = await stage("insights", ask(texts.insightsPrompt(entities)));
  const words = pages.reduce((sum, page) => sum + page.split(/\s+/).filter(Boolean).length, 0);
  return {
    extracted: { pages: pages.length, words },
    entities,
    summary: summary.text,
    insights: insights.text,
  };
}

function splitPages(document: string, count: number): string[] {
  const size = Math.max(1, Math.ceil(document.length / count));
  return Array.from({ length: count }, (_, page) => document.slice(page * size, (page + 1) * size));
}

/** Calls `step` with how many are done and how many were before, until all `count` are, over `durationMs`. */
async function paced(
  count: number,
  durationMs: number,
  signal: AbortSignal,
  step: (done: number, before: number) => void,
): Promise<void> {
  const ticks = Math.min(count, Math.ceil(durationMs / TICK_MS));
  let before = 0;
  for (let tick = 1; tick <= ticks; tick++) {
    await new Promise((resolve) => setTimeout(resolve, durationMs / ticks));
    signal.throwIfAborted();
    const done = Math.round((count * tick) / ticks);
    step(done, before);
    before = done;
  }
}

function countNames(page: string, found: Map<string, number>): void {
  for (const [name] of page.matchAll(/(?<![.!?]\s)(?<=\s)\p{Lu}\p{Ll}{3,}(?:\s\p{Lu}\p{Ll}+)*/gu)) {
    found.set(name, (found.get(name) ?? 0) + 1);
  }
}

function mostFrequent(found: ReadonlyMap<string, number>, count: number): string[] {
  const byCount = [...found].sort(([, a], [, b]) => b - a);
  return byCount.slice(0, count).map(([name]) => name);
}
