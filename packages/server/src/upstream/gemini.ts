import { geminiDialect } from "@ai-progress-stream/protocol/dialects";
import { conversationOf, instructionsOf } from "./messages.js";
import type { ModelRequest, Provider } from "./provider.js";
import { freezeService, type ServiceOptions } from "./service.js";

export interface GeminiOptions extends ServiceOptions {
  /** Up to and without `/models`. @defaultValue "https://generativelanguage.googleapis.com/v1beta" */
  readonly baseURL?: string | undefined;
  /** Vertex takes an access token as a bearer: "authorization". @defaultValue "x-goog-api-key" */
  readonly keyHeader?: "x-goog-api-key" | "authorization";
  /** Further fields of `generationConfig`; those that the relay sends itself win. */
  readonly generationConfig?: Readonly<Record<string, unknown>>;
}

/** One or more names of letters that a path takes as they stand; none of them is "..". */
const MODEL = /^[A-Za-z0-9][\w.@-]*(\/[A-Za-z0-9][\w.@-]*)*$/;

/**
 * Google's Gemini, by the Gemini API or Vertex. A model is `gemini-…`, or with its collection `tunedModels/…`.
 *
 * @example
 * ```ts
 * gemini({ apiKey });
 * gemini({ apiKey, generationConfig: { thinkingConfig: { includeThoughts: true } } });  // shows reasoning
 * gemini({                                                                              // Vertex
 *   apiKey: accessToken,
 *   keyHeader: "authorization",
 *   baseURL: "https://aiplatform.googleapis.com/v1/projects/PROJECT/locations/global/publishers/google",
 * });
 * ```
 * @throws TypeError if `baseURL` is no http(s) URL, or the key or a header cannot be sent
 */
export function gemini(options: GeminiOptions = {}): Provider {
  const { keyHeader = "x-goog-api-key" } = options;
  const { url, headers, secrets, extras } = freezeService(options, {
    defaultBaseURL: "https://generativelanguage.googleapis.com/v1beta",
    path: "",
    keyHeader,
    query: { alt: "sse" },
  });
  const config = Object.freeze(structuredClone(options.generationConfig ?? {}));
  return Object.freeze({
    name: "gemini",
    dialect: geminiDialect,
    ...(options.pricing ? { pricing: options.pricing } : {}),
    request: ({ model, messages, temperature, maxOutputTokens }: ModelRequest) => {
      const instructions = instructionsOf(messages);
      return {
        url: urlOf(url, model),
        headers,
        secrets,
        body: {
          ...extras,
          ...(instructions === "" ? {} : { systemInstruction: { parts: [{ text: instructions }] } }),
          contents: conversationOf(messages).map(({ role, content }) => ({
            role: role === "assistant" ? "model" : "user",
            parts: [{ text: content }],
          })),
          generationConfig: {
            ...config,
            ...(temperature === undefined ? {} : { temperature }),
            ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
          },
        },
      };
    },
  });
}

/** @throws TypeError for a name that would leave its place in the path */
function urlOf(base: string, model: string): string {
  if (!MODEL.test(model)) throw new TypeError("The model's name is none that a URL can hold.");
  const url = new URL(base);
  url.pathname += `/${model.includes("/") ? model : `models/${model}`}:streamGenerateContent`;
  return url.href;
}
