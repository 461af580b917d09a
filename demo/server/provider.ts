import {
  anthropicMessages,
  gemini,
  ollama,
  openaiChat,
  openaiResponses,
  type Provider,
} from "@ai-progress-stream/server";

/** A real service, as the environment names it. */
export interface UpstreamConfig {
  readonly provider: ProviderName;
  /** Undefined: the provider's own. */
  readonly baseURL: string | undefined;
  readonly apiKey: string | undefined;
  readonly model: string;
}

/** What AI_PROVIDER takes: how each is made, and the model that is asked where AI_MODEL names none. */
export const providers = {
  "openai-chat": { make: openaiChat, model: "gpt-4.1-mini" },
  "openai-responses": { make: openaiResponses, model: "gpt-4.1-mini" },
  anthropic: { make: anthropicMessages, model: "claude-haiku-4-5" },
  gemini: { make: gemini, model: "gemini-2.5-flash" },
  ollama: { make: ollama, model: "llama3.2" },
} as const;

export type ProviderName = keyof typeof providers;

export const createProvider = ({ provider, baseURL, apiKey }: UpstreamConfig): Provider =>
  providers[provider].make({ baseURL, apiKey });
