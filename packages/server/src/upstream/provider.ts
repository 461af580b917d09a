import type { Usage } from "@ai-progress-stream/protocol";
import type { Dialect, FinishReason } from "@ai-progress-stream/protocol/dialects";

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

/** One HTTP request to a provider. */
export interface UpstreamRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
  /** What must never appear in a log: keys, in whatever form they are sent. */
  readonly secrets: readonly string[];
}

/**
 * Where models are asked: one frozen pair of origin and key, and the language that is spoken there. No part of a
 * client's request reaches the URL or the headers.
 */
export interface Provider {
  /** For logs. */
  readonly name: string;
  readonly dialect: Dialect;
  request(input: ModelRequest): UpstreamRequest;
}
