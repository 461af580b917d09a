import type { Provider } from "@ai-progress-stream/server";

/** A service that answers with lines of `{"token": "…"}` and at last `{"finished": true, "in": 7, "out": 3}`. */
export const exampleProvider = (apiKey: string, origin = "https://llm.example"): Provider => ({
  name: "example",
  request: ({ model, messages, maxOutputTokens }) => ({
    url: `${origin}/v2/complete`,
    headers: { "x-api-key": apiKey },
    body: { model, prompt: messages.map(({ content }) => content).join("\n\n"), max: maxOutputTokens },
    secrets: [apiKey], // never logged
  }),
  dialect: {
    name: "example",
    framing: "ndjson", // or "sse" or "text"
    createDecoder: () => ({
      decode({ data }) {
        const line = JSON.parse(data);
        if (line.error) return [{ type: "error", code: "upstream_rejected", detail: line.error }];
        if (!line.finished) return [{ type: "text", delta: line.token }];
        return [{ type: "usage", inputTokens: line.in, outputTokens: line.out }, { type: "done" }];
      },
      // Not reached after `done` or `error`.
      end: () => [{ type: "error", code: "upstream_truncated", detail: "no last line" }],
    }),
  },
});
