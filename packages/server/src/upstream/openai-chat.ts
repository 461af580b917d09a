import { openaiChatDialect } from "@ai-progress-stream/protocol/dialects";
import { parseBaseUrl } from "./base-url.js";
import type { ModelRequest, Provider } from "./provider.js";

export interface OpenaiChatOptions {
  /** Up to and without `/chat/completions`. @defaultValue "https://api.openai.com/v1" */
  readonly baseURL?: string | undefined;
  /** Sent as `Authorization: Bearer`. Absent: none is sent, as local servers like it. */
  readonly apiKey?: string | undefined;
  /** Further headers, such as an organisation's. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further query parameters, such as `{ stream: "true" }` or Azure's `{ "api-version": "…" }`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Azure: the key goes into `api-key` instead. @defaultValue "authorization" */
  readonly keyHeader?: "authorization" | "api-key";
  /** What `maxOutputTokens` is called there. @defaultValue "max_tokens" */
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens";
  /** Asks for token counts by `stream_options`; a few old servers refuse that. @defaultValue true */
  readonly includeUsage?: boolean;
}

/**
 * OpenAI's Chat Completions and all that speak it: HolySheep, DeepSeek, OpenRouter, Groq, Mistral, Perplexity,
 * vLLM, Ollama's `/v1`, llama.cpp, and Azure by `keyHeader` and `query`.
 * @throws TypeError if `baseURL` is no http(s) URL
 */
export function openaiChat(options: OpenaiChatOptions = {}): Provider {
  const {
    baseURL,
    apiKey,
    keyHeader = "authorization",
    maxTokensField = "max_tokens",
    includeUsage = true,
  } = options;
  const url = parseBaseUrl(baseURL, "https://api.openai.com/v1", "/chat/completions", options.query);
  const headers = {
    ...options.headers,
    ...(apiKey ? { [keyHeader]: keyHeader === "authorization" ? `Bearer ${apiKey}` : apiKey } : {}),
  };
  const secrets = apiKey ? [apiKey] : [];

  return {
    name: "openai-chat",
    dialect: openaiChatDialect,
    request: ({ model, messages, temperature, maxOutputTokens }: ModelRequest) => ({
      url,
      headers,
      secrets,
      body: {
        model,
        messages: messages.map(({ role, content }) => ({ role, content })),
        stream: true,
        ...(includeUsage ? { stream_options: { include_usage: true } } : {}),
        ...(temperature === undefined ? {} : { temperature }),
        ...(maxOutputTokens === undefined ? {} : { [maxTokensField]: maxOutputTokens }),
      },
    }),
  };
}
