import { anthropicDialect } from "@ai-progress-stream/protocol/dialects";
import { conversationOf, instructionsOf } from "./messages.js";
import type { ModelRequest, Provider } from "./provider.js";
import { freezeService, type ServiceOptions } from "./service.js";

export interface AnthropicMessagesOptions extends ServiceOptions {
  /** Up to and without `/messages`. @defaultValue "https://api.anthropic.com/v1" */
  readonly baseURL?: string | undefined;
  /** Gateways that take the key as a bearer: "authorization". @defaultValue "x-api-key" */
  readonly keyHeader?: "x-api-key" | "authorization";
  /** Sent as `anthropic-version`. @defaultValue "2023-06-01" */
  readonly version?: string;
  /** Asked for where a request names no longest answer: the interface demands one. @defaultValue 4096 */
  readonly maxOutputTokens?: number;
}

/** Its temperatures end here; others go to 2. */
const MAX_TEMPERATURE = 1;

/**
 * Anthropic's Messages.
 *
 * @example
 * ```ts
 * anthropicMessages({ apiKey });
 * anthropicMessages({ apiKey, body: { thinking: { type: "enabled", budget_tokens: 2000 } } });  // shows reasoning
 * anthropicMessages({ apiKey, headers: { "anthropic-beta": "…" } });
 * ```
 * @throws TypeError if `baseURL` is no http(s) URL, or the key or a header cannot be sent
 */
export function anthropicMessages(options: AnthropicMessagesOptions = {}): Provider {
  const { keyHeader = "x-api-key", version = "2023-06-01", maxOutputTokens: defaultTokens = 4096 } = options;
  const { url, headers, secrets, extras } = freezeService(options, {
    defaultBaseURL: "https://api.anthropic.com/v1",
    path: "/messages",
    keyHeader,
    headers: { "anthropic-version": version },
  });
  return Object.freeze({
    name: "anthropic",
    dialect: anthropicDialect,
    ...(options.pricing ? { pricing: options.pricing } : {}),
    request: ({ model, messages, temperature, maxOutputTokens }: ModelRequest) => {
      const system = instructionsOf(messages);
      return {
        url,
        headers,
        secrets,
        body: {
          ...extras,
          model,
          ...(system === "" ? {} : { system }),
          messages: conversationOf(messages).map(({ role, content }) => ({ role, content })),
          stream: true,
          max_tokens: maxOutputTokens ?? defaultTokens,
          ...(temperature === undefined ? {} : { temperature: Math.min(temperature, MAX_TEMPERATURE) }),
        },
      };
    },
  });
}
