import {
  anthropicMessages,
  gemini,
  ollama,
  openaiChat,
  openaiResponses,
  type Provider,
} from "@ai-progress-stream/server";
import { describe, expect, test } from "vitest";
import { progressApp } from "../support/progress-app.js";
import { type Script, scriptedUpstream } from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";

const KEY = "key-of-the-provider-0123456789";

interface Case {
  readonly make: (baseURL: string) => Provider;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  /** What its service answers: some reasoning, "Hello", counts of 7 and 3, and a normal end. */
  readonly answer: string;
  readonly contentType: string;
  /** The same, cut at its length, and stopped by a filter. */
  readonly cut: string;
  readonly filtered: string;
}

const sse = (...messages: readonly object[]): string =>
  messages
    .map((message) => {
      const { type } = message as { type?: string };
      return `${type ? `event: ${type}\n` : ""}data: ${JSON.stringify(message)}\n\n`;
    })
    .join("");
const lines = (...objects: readonly object[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join("");

const choice = (delta: object, finish: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const chat = (finish: string) => {
  const usage = { prompt_tokens: 7, completion_tokens: 3 };
  const thought = choice({ role: "assistant", reasoning_content: "Hm." });
  const frames = sse(thought, choice({ content: "Hello" }), choice({}, finish), { choices: [], usage });
  return `${frames}data: [DONE]\n\n`;
};
const responses = (status: string, reason?: string) =>
  sse(
    { type: "response.created", response: {} },
    { type: "response.reasoning_summary_text.delta", delta: "Hm." },
    { type: "response.output_text.delta", delta: "Hello" },
    {
      type: `response.${status}`,
      response: {
        status,
        ...(reason ? { incomplete_details: { reason } } : {}),
        usage: { input_tokens: 7, output_tokens: 3 },
      },
    },
  );
const messages = (stop: string) =>
  sse(
    { type: "message_start", message: { usage: { input_tokens: 7, output_tokens: 1 } } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
    { type: "ping" },
    { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hello" } },
    { type: "message_delta", delta: { stop_reason: stop }, usage: { output_tokens: 3 } },
    { type: "message_stop" },
  );
const candidates = (finishReason: string) =>
  sse(
    { candidates: [{ content: { parts: [{ text: "Hm.", thought: true }] } }] },
    {
      candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason }],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 2, thoughtsTokenCount: 1 },
    },
  ).replaceAll("\n", "\r\n");
const local = (reason: string) =>
  lines(
    { message: { role: "assistant", content: "", thinking: "Hm." }, done: false },
    { message: { role: "assistant", content: "Hello" }, done: false },
    { done: true, done_reason: reason, prompt_eval_count: 7, eval_count: 3 },
  );

const cases: Record<string, Case> = {
  "openai-chat": {
    make: (baseURL) => openaiChat({ baseURL, apiKey: KEY }),
    url: "/v1/chat/completions",
    headers: { authorization: `Bearer ${KEY}` },
    body: {
      model: "model-1",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Yes?" },
        { role: "user", content: "Tell me." },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 1.5,
      max_tokens: 500,
    },
    answer: chat("stop"),
    cut: chat("length"),
    filtered: chat("content_filter"),
    contentType: "text/event-stream",
  },
  "openai-chat as Azure has it": {
    make: (baseURL) =>
      openaiChat({
        baseURL: baseURL.replace("/v1", "/openai/deployments/d1"),
        apiKey: KEY,
        keyHeader: "api-key",
        query: { "api-version": "2024-10-21" },
        maxTokensField: "max_completion_tokens",
        includeUsage: false,
        body: { reasoning_effort: "low", model: "not this one" },
        headers: { "X-Team": "progress" },
      }),
    url: "/openai/deployments/d1/chat/completions?api-version=2024-10-21",
    headers: { "api-key": KEY, "x-team": "progress" },
    body: {
      reasoning_effort: "low",
      model: "model-1",
      messages: expect.any(Array),
      stream: true,
      temperature: 1.5,
      max_completion_tokens: 500,
    },
    // Azure: a first chunk without choices, and annotations after the text.
    answer: sse({ choices: [], model: "", prompt_filter_results: [{ prompt_index: 0 }] }) + chat("stop"),
    cut: chat("length"),
    filtered: chat("content_filter"),
    contentType: "text/event-stream",
  },
  "openai-chat as HolySheep has it": {
    make: (baseURL) => openaiChat({ baseURL, apiKey: KEY, query: { stream: "true" } }),
    url: "/v1/chat/completions?stream=true",
    headers: { authorization: `Bearer ${KEY}` },
    body: expect.objectContaining({ model: "model-1", stream: true }),
    answer: `: keep-alive\n\n${chat("stop")}`,
    cut: chat("length"),
    filtered: chat("content_filter"),
    contentType: "text/event-stream",
  },
  "openai-responses": {
    make: (baseURL) => openaiResponses({ baseURL, apiKey: KEY, body: { reasoning: { summary: "auto" } } }),
    url: "/v1/responses",
    headers: { authorization: `Bearer ${KEY}` },
    body: {
      reasoning: { summary: "auto" },
      model: "model-1",
      instructions: "Be kind.",
      input: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Yes?" },
        { role: "user", content: "Tell me." },
      ],
      stream: true,
      store: false,
      temperature: 1.5,
      max_output_tokens: 500,
    },
    answer: responses("completed"),
    cut: responses("incomplete", "max_output_tokens"),
    filtered: responses("incomplete", "content_filter"),
    contentType: "text/event-stream; charset=utf-8",
  },
  anthropic: {
    make: (baseURL) => anthropicMessages({ baseURL, apiKey: KEY }),
    url: "/v1/messages",
    headers: { "x-api-key": KEY, "anthropic-version": "2023-06-01" },
    body: {
      model: "model-1",
      system: "Be kind.",
      messages: [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Yes?" },
        { role: "user", content: "Tell me." },
      ],
      stream: true,
      max_tokens: 500,
      temperature: 1,
    },
    answer: messages("end_turn"),
    cut: messages("max_tokens"),
    filtered: messages("refusal"),
    contentType: "text/event-stream",
  },
  gemini: {
    make: (baseURL) =>
      gemini({ baseURL, apiKey: KEY, generationConfig: { thinkingConfig: { includeThoughts: true } } }),
    url: "/v1/models/model-1:streamGenerateContent?alt=sse",
    headers: { "x-goog-api-key": KEY },
    body: {
      systemInstruction: { parts: [{ text: "Be kind." }] },
      contents: [
        { role: "user", parts: [{ text: "Hi" }] },
        { role: "model", parts: [{ text: "Yes?" }] },
        { role: "user", parts: [{ text: "Tell me." }] },
      ],
      generationConfig: {
        thinkingConfig: { includeThoughts: true },
        temperature: 1.5,
        maxOutputTokens: 500,
      },
    },
    answer: candidates("STOP"),
    cut: candidates("MAX_TOKENS"),
    filtered: candidates("SAFETY"),
    contentType: "text/event-stream",
  },
  ollama: {
    make: (baseURL) =>
      ollama({
        baseURL: baseURL.replace("/v1", ""),
        apiKey: KEY,
        body: { think: true },
        options: { num_ctx: 8192 },
      }),
    url: "/api/chat",
    headers: { authorization: `Bearer ${KEY}` },
    body: {
      think: true,
      model: "model-1",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Yes?" },
        { role: "user", content: "Tell me." },
      ],
      stream: true,
      options: { num_ctx: 8192, temperature: 1.5, num_predict: 500 },
    },
    answer: local("stop"),
    cut: local("length"),
    filtered: local("content_filter"),
    contentType: "application/x-ndjson",
  },
};

async function ask(make: Case["make"], script: Script) {
  const upstream = await scriptedUpstream(script);
  const app = await progressApp((express, progress) => {
    express.use(
      progress.relay({
        provider: make(upstream.baseURL),
        models: { default: "model-1" },
        instructions: "Be kind.",
      }),
    );
  });
  const body = {
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Yes?" },
      { role: "user", content: "Tell me." },
    ],
    temperature: 1.5,
    maxOutputTokens: 500,
  };
  const answer = await callSse(app.origin, { body });
  return { ...app, upstream, answer, state: reduceAnswers([answer]) };
}

const send =
  (contentType: string, text: string): Script =>
  (res) => {
    res.writeHead(200, { "content-type": contentType });
    res.end(text);
  };

describe.each(Object.entries(cases))("%s", (_, { make, contentType, ...expected }) => {
  test("is asked by exactly this request, and its answer is read whole", async () => {
    const { upstream, state } = await ask(make, send(contentType, expected.answer));
    const [call] = upstream.calls;
    expect(upstream.calls).toHaveLength(1);
    expect(call?.method).toBe("POST");
    expect(call?.url).toBe(expected.url);
    expect(call?.headers).toMatchObject({ "content-type": "application/json", ...expected.headers });
    const keys = Object.values(call?.headers ?? {}).filter((value) => String(value).includes(KEY));
    expect(keys).toHaveLength(1);
    expect(JSON.parse(call?.body ?? "")).toEqual(expected.body);
    expect(state).toMatchObject({
      status: "succeeded",
      text: "Hello",
      reasoning: "Hm.",
      usage: { inputTokens: 7, outputTokens: 3 },
    });
  });

  test("a cut at the length and a filter are told, and what came is kept", async () => {
    const cut = await ask(make, send(contentType, expected.cut));
    expect(cut.state).toMatchObject({ status: "failed", text: "Hello", error: { code: "output_limit" } });
    const filtered = await ask(make, send(contentType, expected.filtered));
    expect(filtered.state).toMatchObject({ text: "Hello", error: { code: "content_filtered" } });
  });

  test("an error of its making is a code and a fixed sentence", async () => {
    const { answer, state } = await ask(make, (res) => {
      res.writeHead(401, { "content-type": "application/json" });
      res.end(JSON.stringify({ error: { message: `Bad key ${KEY}`, type: "authentication_error" } }));
    });
    expect(state.error).toMatchObject({ code: "upstream_rejected", retryable: false });
    expect(answer.body).not.toContain(KEY);
  });

  test("an answer that comes byte by byte is the same", async () => {
    const { state } = await ask(make, async (res) => {
      res.writeHead(200, { "content-type": contentType });
      for (const byte of Buffer.from(expected.answer.replaceAll("Hello", "H\u00e9llo \u{1f600}"))) {
        res.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    });
    expect(state).toMatchObject({ status: "succeeded", text: "H\u00e9llo \u{1f600}", reasoning: "Hm." });
  });

  test("an answer that breaks off is told", async () => {
    const half = expected.answer.slice(0, Math.floor(expected.answer.length * 0.6));
    const { state } = await ask(make, send(contentType, half));
    expect(state).toMatchObject({ status: "failed", error: { code: "upstream_truncated" } });
  });
});

test("one endpoint may offer the models of several providers, each with its own key", async () => {
  const upstream = await scriptedUpstream((res, call) => {
    const isChat = call.url.endsWith("/chat/completions");
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.end(isChat ? chat("stop") : messages("end_turn"));
  });
  const { baseURL } = upstream;
  const { origin } = await progressApp((express, progress) => {
    const claude = {
      provider: anthropicMessages({ baseURL, apiKey: "key-of-anthropic" }),
      model: "claude-1",
    };
    const models = { default: "gpt-1", claude };
    express.use(progress.relay({ provider: openaiChat({ baseURL, apiKey: "key-of-openai" }), models }));
  });
  for (const model of [undefined, "claude"]) {
    const state = reduceAnswers([await callSse(origin, { body: { prompt: "Hi", model } })]);
    expect(state).toMatchObject({ status: "succeeded", text: "Hello" });
  }
  const asked = upstream.calls.map(({ url, headers, body }) => [
    url,
    headers["authorization"] ?? headers["x-api-key"],
    JSON.parse(body).model,
  ]);
  expect(asked).toEqual([
    ["/v1/chat/completions", "Bearer key-of-openai", "gpt-1"],
    ["/v1/messages", "key-of-anthropic", "claude-1"],
  ]);
});

test("a prompt that Gemini blocks is told as filtered, although nothing of an answer came", async () => {
  const { state } = await ask(
    (baseURL) => gemini({ baseURL, apiKey: KEY }),
    send("text/event-stream", sse({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" } })),
  );
  expect(state).toMatchObject({ status: "failed", text: "", error: { code: "content_filtered" } });
});

test("counts that come with every chunk are logged once a turn, and never the same twice", async () => {
  const chunk = (text: string, count: number): object => ({
    candidates: [{ content: { parts: [{ text }] }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 7, candidatesTokenCount: count },
  });
  const { answer, state } = await ask(
    (baseURL) => gemini({ baseURL }),
    async (res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write(sse(...Array.from({ length: 50 }, (_, index) => chunk("x", index + 1))));
      await new Promise((resolve) => setTimeout(resolve, 20));
      res.end(sse(chunk("y", 50), chunk("z", 51)));
    },
  );
  const usages = answer.events.filter(({ type }) => type === "usage");
  expect(usages.length).toBeLessThanOrEqual(10);
  expect(new Set(usages.map((event) => JSON.stringify({ ...event, at: 0 }))).size).toBe(usages.length);
  expect(state).toMatchObject({
    text: `${"x".repeat(50)}yz`,
    usage: { inputTokens: 7, outputTokens: 51 },
  });
});

test("a run that was cancelled at its source has not succeeded", async () => {
  const { state } = await ask(
    (baseURL) => openaiChat({ baseURL }),
    send("text/event-stream", chat("cancelled")),
  );
  expect(state).toMatchObject({ status: "failed", text: "Hello", error: { code: "upstream_truncated" } });
});

test("Anthropic is asked for a longest answer even if nobody names one", async () => {
  const provider = anthropicMessages({ apiKey: KEY, maxOutputTokens: 99 });
  const request = await provider.request({ model: "m", messages: [{ role: "user", content: "x" }] });
  expect(request.body).toEqual({
    model: "m",
    messages: [{ role: "user", content: "x" }],
    stream: true,
    max_tokens: 99,
  });
  expect(request.url).toBe("https://api.anthropic.com/v1/messages");
});

test.each(["../../steal", "a b", "m?key=1", "m#x", "models/../x", "", "https://evil.example/"])(
  "a model named %j cannot leave its place in Gemini's URL",
  async (model) => {
    expect(() => gemini({ apiKey: KEY }).request({ model, messages: [] })).toThrow(/model's name/);
  },
);

test("a model of a collection keeps its path", async () => {
  const { url } = await gemini().request({ model: "tunedModels/mine-1", messages: [] });
  expect(new URL(url).pathname).toBe("/v1beta/tunedModels/mine-1:streamGenerateContent");
});

test("a key with a line break at its end works, one with something else in it is refused unquoted", async () => {
  const { headers } = await openaiChat({ apiKey: `${KEY}\n` }).request({ model: "m", messages: [] });
  expect(headers["authorization"]).toBe(`Bearer ${KEY}`);
  expect(() => openaiChat({ apiKey: `${KEY}\r\nx-evil: 1` })).toThrow(/apiKey/);
  expect(() => openaiChat({ apiKey: `${KEY}\r\nx-evil: 1` })).not.toThrow(KEY);
  expect(() => openaiChat({ headers: { "x-a": "1\r\nx-evil: 1" } })).toThrow(/header "x-a"/);
});
