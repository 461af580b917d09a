import type { Usage } from "@ai-progress-stream/protocol";
import type { Recorder } from "./recorder.js";

/** Adds up what the model calls of one run use, each of which reports its own total again and again. */
export interface UsageMeter {
  /** A further call. Gives the function that takes its total so far. */
  open(): (usage: Usage) => void;
}

const COUNTS = ["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens"] as const;

export function createUsageMeter(recorder: Pick<Recorder, "record">, before: Usage | null): UsageMeter {
  const totals: Usage[] = before ? [before] : [];
  return {
    open() {
      const call = totals.push({}) - 1;
      return (usage) => {
        totals[call] = { ...totals[call], ...usage };
        recorder.record({ type: "usage", ...sum(totals) });
      };
    },
  };
}

function sum(totals: readonly Usage[]): Usage {
  let all: Usage = {};
  for (const usage of totals) {
    for (const count of COUNTS) {
      const value = usage[count];
      if (value !== undefined) all = { ...all, [count]: (all[count] ?? 0) + value };
    }
    if (usage.estimated) all = { ...all, estimated: true };
    // Costs in two currencies have no sum; the first one stands.
    const { cost } = usage;
    if (cost && (!all.cost || all.cost.currency === cost.currency)) {
      all = { ...all, cost: { amount: (all.cost?.amount ?? 0) + cost.amount, currency: cost.currency } };
    }
  }
  return all;
}
