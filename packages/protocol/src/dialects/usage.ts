import type { Usage } from "../events.js";
import type { Emit } from "./decoder.js";
import { countOf, defined, type Fields, fieldsOf } from "./fields.js";

/** xAI: `cost_in_usd_ticks`, ten thousand million of them to the dollar. */
const TICKS_PER_USD = 1e10;

/** Passes a provider's counts on, once each: some repeat the same numbers on every chunk. */
export function createUsage(emit: Emit): (usage: Usage) => void {
  let last = "{}";
  return (usage) => {
    const written = JSON.stringify(usage);
    if (written === last) return;
    last = written;
    emit({ type: "usage", ...usage });
  };
}

/** The counts as both of OpenAI's interfaces write them, and what the compatible ones add. */
export function readOpenaiUsage(counted: Fields): Usage {
  const input = fieldsOf(counted["prompt_tokens_details"] ?? counted["input_tokens_details"]);
  const output = fieldsOf(counted["completion_tokens_details"] ?? counted["output_tokens_details"]);
  const ticks = countOf(counted["cost_in_usd_ticks"]) ?? 0;
  // OpenRouter counts in credits, which are US dollars; Perplexity's `cost` is an object without a currency
  const amount = countOf(counted["cost"]) ?? (ticks > 0 ? ticks / TICKS_PER_USD : undefined);
  return defined<Usage>({
    inputTokens: countOf(counted["prompt_tokens"] ?? counted["input_tokens"]),
    // xAI leaves the reasoning out of completion_tokens; the number is passed on as it stands
    outputTokens: countOf(counted["completion_tokens"] ?? counted["output_tokens"]),
    cachedInputTokens: countOf(input["cached_tokens"] ?? counted["prompt_cache_hit_tokens"]),
    reasoningTokens: countOf(output["reasoning_tokens"]),
    cost: amount === undefined ? undefined : { amount, currency: "USD" },
  });
}
