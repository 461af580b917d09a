import { openaiResponsesDialect } from "@ai-progress-stream/protocol/dialects";
import { conversationOf, instructionsOf } from "./messages.js";
import type { ModelRequest, Provider } from "./provider.js";
import { freezeService, type ServiceOptions } from "./service.js";

export interface OpenaiResponsesOptions extends ServiceOptions {
  /** Up to and without `/responses`. @defaultValue "https://api.openai.com/v1" */
  readonly baseURL?: string | undefined;
  /** Azure: the key goes into `api-key` instead. @defaultValue "authorization" */
  readonly keyHeader?: "authorization" | "api-key";
  /** Whether the service may keep the answer; OpenAI does for 30 days unless it is told not to. @defaultValue false */
  readonly store?: boolean;
}

/**
 * OpenAI's Responses, also as OpenRouter, xAI, LM Studio, Azure and Bedrock's mantle speak it.
 *
 * @example
 * ```ts
 * openaiResponses({ apiKey });
 * openaiResponses({ apiKey, body: { reasoning: { effort: "low", summary: "auto" } } });  // shows reasoning
 * openaiResponses({ apiKey, body: { tools: [{ type: "web_search" }] } });                // its phases become stages
 * openaiResponses({ apiKey, baseURL: "https://RESOURCE.openai.azure.com/openai/v1", keyHeader: "api-key" });
 * ```
 * @throws TypeError if `baseURL` is no http(s) URL, or the key or a header cannot be sent
 */
export function openaiResponses(options: OpenaiResponsesOptions = {}): Provider {
  const { keyHeader = "authorization", store = false } = options;
  const { url, headers, secrets, extras } = freezeService(options, {
    defaultBaseURL: "https://api.openai.com/v1",
    path: "/responses",
    keyHeader,
  });
  return Object.freeze({
    name: "openai-responses",
    dialect: openaiResponsesDialect,
    ...(options.pricing ? { pricing: options.pricing } : {}),
    request: ({ model, messages, temperature, maxOutputTokens }: ModelRequest) => {
      const instructions = instructionsOf(messages);
      return {
        url,
        headers,
        secrets,
        body: {
          ...extras,
          model,
          ...(instructions === "" ? {} : { instructions }),
          input: conversationOf(messages).map(({ role, content }) => ({ role, content })),
          stream: true,
          store,
          ...(temperature === undefined ? {} : { temperature }),
          ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
        },
      };
    },
  });
}
