import type { Usage } from "@ai-progress-stream/protocol";

/** What tokens cost, per million of them. */
export interface Pricing {
  readonly input: number;
  readonly output: number;
  /** Those of the input that came from a cache. @defaultValue `input` */
  readonly cachedInput?: number;
  /** ISO 4217. @defaultValue "USD" */
  readonly currency?: string;
}

const PER = 1_000_000;

/** The prices of a model; null where none are known. */
export function pricingOf(
  pricing: Pricing | Readonly<Record<string, Pricing>> | undefined,
  model: string,
): Pricing | null {
  if (pricing === undefined) return null;
  if (isPricing(pricing)) return pricing;
  return Object.hasOwn(pricing, model) ? (pricing[model] ?? null) : null;
}

/**
 * A usage with its cost. The provider's own cost stands; where input or output are not counted there is none.
 */
export function priced(usage: Usage, pricing: Pricing | null): Usage {
  const { inputTokens, outputTokens, cachedInputTokens = 0, reasoningTokens = 0 } = usage;
  if (!pricing || usage.cost || inputTokens === undefined || outputTokens === undefined) return usage;
  // A service that does not count may say nought.
  if (inputTokens + outputTokens === 0) return usage;
  const cached = Math.min(cachedInputTokens, inputTokens);
  // More reasoning than output is a provider that counts them apart (xAI), and both are paid.
  const output = reasoningTokens > outputTokens ? outputTokens + reasoningTokens : outputTokens;
  const amount =
    ((inputTokens - cached) * pricing.input +
      cached * (pricing.cachedInput ?? pricing.input) +
      output * pricing.output) /
    PER;
  // Past the twelfth digit there is only the rounding of binary fractions.
  return { ...usage, cost: { amount: Number(amount.toFixed(12)), currency: pricing.currency ?? "USD" } };
}

const isPricing = (pricing: Pricing | Readonly<Record<string, Pricing>>): pricing is Pricing =>
  typeof pricing.input === "number";
