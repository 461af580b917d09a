import type { Usage } from "@ai-progress-stream/protocol";
import type { Dialect, FinishReason } from "@ai-progress-stream/protocol/dialects";
import type { Pricing } from "./pricing.js";
import type { RetryNotice } from "./retry.js";
import type { UpstreamTimeouts } from "./timeouts.js";

/** One message of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What is asked of a model, whoever provides it. */
export interface ModelRequest {
  /** The provider's own name of the model. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Left to the provider where absent. */
  readonly temperature?: number;
  /** The longest answer, in tokens. Left to the provider where absent. */
  readonly maxOutputTokens?: number;
}

/** What came of it. */
export interface ModelAnswer {
  readonly text: string;
  readonly reasoning: string;
  readonly usage: Usage | null;
  /** Why the model stopped; null where its service does not say. `length`: the answer was cut. */
  readonly finishReason: FinishReason | null;
}

/** How one upstream is asked. */
export interface CallOptions {
  /** How long it may take. @defaultValue the server's */
  readonly timeouts?: Partial<UpstreamTimeouts>;
  /** What the viewer reads while a busy upstream is waited for. @defaultValue the server's */
  readonly retryMessage?: (retry: RetryNotice) => string;
  /**
   * What tokens cost, or that by the provider's name of the model. Turns usage into `cost` where the provider
   * names none. @defaultValue the provider's; without one no cost is told
   */
  readonly pricing?: Pricing | Readonly<Record<string, Pricing>>;
}

/** How a model is asked. */
export interface AnswerOptions extends CallOptions {
  /**
   * How long such an answer usually is, in tokens. The bar then shows an estimate: it says so in `estimateMessage`,
   * stops at 95 %, and only the end makes it 100. @defaultValue none: no percentage is invented
   */
  readonly expectedTokens?: number;
  /** Told with that bar. @defaultValue "Estimated by the usual length" */
  readonly estimateMessage?: string;
}

/** One HTTP request to an upstream. */
export interface UpstreamRequest {
  readonly url: string;
  /** @defaultValue "POST" */
  readonly method?: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; not with GET. */
  readonly body?: unknown;
  /** What must never appear in a log: keys, in whatever form they are sent. */
  readonly secrets: readonly string[];
}

/** The language of an answer: one of the `dialects`, or your own. */
export type StreamDialect = Omit<Dialect, "name"> & {
  /** For logs. */
  readonly name: string;
  /** Characters of one event. @defaultValue `limits.upstreamLineChars` */
  readonly maxLineChars?: number;
};

/**
 * Where models are asked: one frozen pair of origin and key, and the language that is spoken there. No part of a
 * client's request reaches the URL or the headers.
 */
export interface Provider {
  /** For logs. */
  readonly name: string;
  readonly dialect: StreamDialect;
  /** What its tokens cost. */
  readonly pricing?: CallOptions["pricing"];
  /** The request for one answer. A promise where a token must be fetched first. */
  request(input: ModelRequest): UpstreamRequest | Promise<UpstreamRequest>;
}
