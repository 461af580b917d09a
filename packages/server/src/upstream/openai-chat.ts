import { openaiChatDialect } from "@ai-progress-stream/protocol/dialects";
import type { ModelRequest, Provider } from "./provider.js";
import { freezeService, type ServiceOptions } from "./service.js";

export interface OpenaiChatOptions extends ServiceOptions {
  /** Up to and without `/chat/completions`. @defaultValue "https://api.openai.com/v1" */
  readonly baseURL?: string | undefined;
  /** Further query parameters, such as `{ stream: "true" }` or Azure's `{ "api-version": "…" }`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Azure: the key goes into `api-key` instead. @defaultValue "authorization" */
  readonly keyHeader?: "authorization" | "api-key";
  /** What `maxOutputTokens` is called there. OpenAI's reasoning models want the other. @defaultValue "max_tokens" */
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens";
  /** Asks for token counts by `stream_options`; a few old servers refuse that. @defaultValue true */
  readonly includeUsage?: boolean;
}

/**
 * OpenAI's Chat Completions and all that speak it. Whether the answer is a stream is judged by the answer: a
 * service that sends plain JSON instead works as well.
 *
 * @example
 * ```ts
 * openaiChat({ apiKey });                                                          // OpenAI
 * openaiChat({ apiKey, maxTokensField: "max_completion_tokens" });                 // its reasoning models
 * openaiChat({ apiKey, baseURL: "https://api.holysheep.ai/v1", query: { stream: "true" } });
 * openaiChat({ apiKey, baseURL: "https://api.deepseek.com/v1" });
 * openaiChat({ apiKey, baseURL: "https://openrouter.ai/api/v1", body: { usage: { include: true } } });
 * openaiChat({ apiKey, baseURL: "https://api.groq.com/openai/v1" });
 * openaiChat({ apiKey, baseURL: "https://api.mistral.ai/v1", includeUsage: false }); // sends counts unasked
 * openaiChat({ apiKey, baseURL: "https://api.perplexity.ai" });
 * openaiChat({ baseURL: "http://localhost:8000/v1" });                             // vLLM
 * openaiChat({ baseURL: "http://localhost:11434/v1" });                            // Ollama; or `ollama()`
 * openaiChat({ baseURL: "http://localhost:8080/v1", body: { return_progress: true } }); // llama.cpp
 * openaiChat({                                                                     // Azure, a deployment
 *   apiKey,
 *   baseURL: "https://RESOURCE.openai.azure.com/openai/deployments/DEPLOYMENT",
 *   keyHeader: "api-key",
 *   query: { "api-version": "2024-10-21" },
 * });
 * ```
 * @throws TypeError if `baseURL` is no http(s) URL, or the key or a header cannot be sent
 */
export function openaiChat(options: OpenaiChatOptions = {}): Provider {
  const { keyHeader = "authorization", maxTokensField = "max_tokens", includeUsage = true } = options;
  const { url, headers, secrets, extras } = freezeService(options, {
    defaultBaseURL: "https://api.openai.com/v1",
    path: "/chat/completions",
    keyHeader,
  });
  return Object.freeze({
    name: "openai-chat",
    dialect: openaiChatDialect,
    ...(options.pricing ? { pricing: options.pricing } : {}),
    request: ({ model, messages, temperature, maxOutputTokens }: ModelRequest) => ({
      url,
      headers,
      secrets,
      body: {
        ...extras,
        model,
        messages: messages.map(({ role, content }) => ({ role, content })),
        stream: true,
        ...(includeUsage ? { stream_options: { include_usage: true } } : {}),
        ...(temperature === undefined ? {} : { temperature }),
        ...(maxOutputTokens === undefined ? {} : { [maxTokensField]: maxOutputTokens }),
      },
    }),
  });
}
