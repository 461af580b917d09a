import { ollamaDialect } from "@ai-progress-stream/protocol/dialects";
import type { ModelRequest, Provider } from "./provider.js";
import { freezeService, type ServiceOptions } from "./service.js";

export interface OllamaOptions extends ServiceOptions {
  /** Up to and without `/api/chat`. @defaultValue "http://localhost:11434" */
  readonly baseURL?: string | undefined;
  /** Of ollama.com or of a proxy before it, sent as a bearer. A local one needs none. */
  readonly apiKey?: string | undefined;
  /** Further model options, such as `{ num_ctx: 8192 }`; those that the relay sends itself win. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/**
 * Ollama's own interface.
 *
 * @example
 * ```ts
 * ollama();
 * ollama({ body: { think: true, keep_alive: "10m" } });       // shows reasoning
 * ollama({ baseURL: "https://ollama.com", apiKey });
 * ```
 * @throws TypeError if `baseURL` is no http(s) URL, or the key or a header cannot be sent
 */
export function ollama(options: OllamaOptions = {}): Provider {
  const { url, headers, secrets, extras } = freezeService(options, {
    defaultBaseURL: "http://localhost:11434",
    path: "/api/chat",
    keyHeader: "authorization",
  });
  const fixed = Object.freeze(structuredClone(options.options ?? {}));
  return Object.freeze({
    name: "ollama",
    dialect: ollamaDialect,
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
        options: {
          ...fixed,
          ...(temperature === undefined ? {} : { temperature }),
          ...(maxOutputTokens === undefined ? {} : { num_predict: maxOutputTokens }),
        },
      },
    }),
  });
}
