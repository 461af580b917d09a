import type { TextChannel, Usage } from "@ai-progress-stream/protocol";
import type { FinishReason } from "@ai-progress-stream/protocol/dialects";
import { RunFailure } from "../run/failure.js";
import type { Caller, CallTarget } from "./call.js";
import { createEstimate } from "./estimate.js";
import { createForwarder } from "./forward.js";
import { priced, pricingOf } from "./pricing.js";
import type { AnswerOptions, ModelAnswer, ModelRequest, Provider } from "./provider.js";

/**
 * Asks a provider and streams its answer into a run.
 * @throws RunFailure with a code and a fixed sentence
 */
export type Relay = (
  provider: Provider,
  request: ModelRequest,
  target: CallTarget,
  options?: AnswerOptions,
) => Promise<ModelAnswer>;

export function createRelay(callUpstream: Caller): Relay {
  return async function relay(provider, modelRequest, target, options = {}) {
    const { recorder, stage } = target;
    const pricing = pricingOf(options.pricing ?? provider.pricing, modelRequest.model);
    const forward = createForwarder(recorder, stage);
    const estimate = createEstimate(options, (amount) => {
      recorder.record({ type: "progress", ...(stage === null ? {} : { stage }), ...amount });
    });
    let counted: Usage = {};
    // In pieces, joined at the end: a string that grows by each token is an object more for each of them.
    const pieces: Record<TextChannel, string[]> = { answer: [], reasoning: [] };
    let usage: Usage | null = null;
    let finishReason: FinishReason | null = null;

    await callUpstream({
      ...options,
      name: provider.name,
      request: () => provider.request(sendable(modelRequest)),
      target,
      dialectOf: () => provider.dialect,
      take(part) {
        switch (part.type) {
          case "text": {
            const channel = part.channel === "reasoning" ? "reasoning" : "answer";
            if (part.replace) pieces[channel] = [];
            pieces[channel].push(part.delta);
            recorder.record(part);
            estimate?.text(part.delta.length);
            return;
          }
          case "usage": {
            const { type: _type, ...counts } = part;
            counted = { ...counted, ...counts };
            usage = priced(counted, pricing);
            target.onUsage(usage);
            estimate?.tokens(counted.outputTokens ?? 0);
            return;
          }
          case "finish":
            finishReason = part.reason;
            return;
          default:
            forward(part);
        }
      },
    });
    estimate?.close();
    return {
      text: pieces.answer.join(""),
      reasoning: pieces.reasoning.join(""),
      usage,
      finishReason,
    };
  };
}

/**
 * An answer that was cut, filtered or called off is told, although its text is kept.
 * @throws RunFailure
 */
export function requireWhole(reason: FinishReason | null): void {
  if (reason === "length") throw new RunFailure("output_limit");
  if (reason === "content_filter") throw new RunFailure("content_filtered");
  if (reason === "cancelled") throw new RunFailure("upstream_truncated");
}

/** Of no bound there is nothing to say, and JSON has no Infinity: the provider's own default holds. */
const sendable = ({ maxOutputTokens = Infinity, ...request }: ModelRequest): ModelRequest =>
  Number.isFinite(maxOutputTokens) ? { ...request, maxOutputTokens } : request;
