import { openaiChat, type Pricing, type RelayOptions, type Usage } from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { progressApp } from "../support/progress-app.js";
import {
  answerWith,
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  type Script,
  scriptedUpstream,
  usageFrame,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";

async function ask(script: Script, rules: Partial<RelayOptions> = {}, model = "default") {
  const upstream = await scriptedUpstream(script);
  const { origin } = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL });
    const models = { default: "small-1", large: "large-1" };
    express.use(progress.relay({ provider, models, ...rules }));
  });
  const answer = await callSse(origin, { body: { prompt: "x", model } });
  return { answer, state: reduceAnswers([answer]) };
}

const counting =
  (usage: object): Script =>
  (res) => {
    openStream(res);
    const frame = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
    res.end(chunkFrame("Hello") + finishFrame() + frame + DONE_FRAME);
  };

const perMillion: Pricing = { input: 2, output: 8, cachedInput: 0.5 };

test.each([
  ["input and output", { prompt_tokens: 1_000, completion_tokens: 500 }, 0.006],
  [
    "a cached part at its own price",
    { prompt_tokens: 1_000, completion_tokens: 500, prompt_tokens_details: { cached_tokens: 400 } },
    0.0054,
  ],
  [
    "reasoning that is counted apart",
    { prompt_tokens: 0, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 300 } },
    0.002416,
  ],
  ["sums that binary fractions blur", { prompt_tokens: 100, completion_tokens: 700 }, 0.0058],
] as const)("usage becomes cost by what a million tokens cost: %s", async (_, usage, amount) => {
  const { state } = await ask(counting(usage), { pricing: perMillion });
  expect(state.usage?.cost).toEqual({ amount, currency: "USD" });
});

test("each model has its own price and currency, and one without a price has no cost", async () => {
  const pricing = { "large-1": { input: 10, output: 20, currency: "EUR" } };
  const usage = { prompt_tokens: 100_000, completion_tokens: 100_000 };
  expect((await ask(counting(usage), { pricing }, "large")).state.usage?.cost).toEqual({
    amount: 3,
    currency: "EUR",
  });
  expect((await ask(counting(usage), { pricing })).state.usage).toEqual({
    inputTokens: 100_000,
    outputTokens: 100_000,
  });
});

test("the provider's own cost stands, and half a count or none has none", async () => {
  const own = await ask(counting({ prompt_tokens: 1, completion_tokens: 1, cost: 0.25 }), {
    pricing: perMillion,
  });
  expect(own.state.usage?.cost).toEqual({ amount: 0.25, currency: "USD" });
  const half = await ask(counting({ completion_tokens: 5 }), { pricing: perMillion });
  expect(half.state.usage).toEqual({ outputTokens: 5 });
  const none = await ask(counting({ prompt_tokens: 0, completion_tokens: 0 }), { pricing: perMillion });
  expect(none.state.usage).toEqual({ inputTokens: 0, outputTokens: 0 });
});

test("a provider may bring its prices, and the costs of several calls add up", async () => {
  const upstream = await scriptedUpstream(counting({ prompt_tokens: 1_000, completion_tokens: 500 }));
  const usages: (Usage | null)[] = [];
  const { origin } = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL, pricing: perMillion });
    const request = { model: "m", messages: [] };
    express.use(
      progress.task({
        async run({ relay }) {
          usages.push((await relay(provider, request)).usage);
          await relay(provider, request, { pricing: { input: 4, output: 16 } });
        },
      }),
    );
  });
  const state = reduceAnswers([await callSse(origin, { body: {} })]);
  expect(usages[0]?.cost?.amount).toBe(0.006);
  expect(state.usage?.cost?.amount).toBeCloseTo(0.018, 12);
});

test("without an expected length no percentage is made up", async () => {
  const { answer } = await ask(answerWith("Hello", " world"));
  expect(answer.events.some(({ type }) => type === "progress")).toBe(false);
});

test("an expected length gives a bar that says it is an estimate and never comes to its end by itself", async () => {
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  const { answer, state } = await ask(
    async (res) => {
      openStream(res);
      for (let piece = 0; piece < 30; piece++) {
        res.write(chunkFrame("x".repeat(40)));
        await turn();
      }
      res.end(finishFrame() + usageFrame(7, 300) + DONE_FRAME);
    },
    { expectedTokens: 200, estimateMessage: "Geschätzt" },
  );
  const told = answer.events.flatMap((event) => (event.type === "progress" ? [event] : []));
  expect(told[0]).toMatchObject({ fraction: 0.05, message: "Geschätzt" });
  const fractions = told.flatMap(({ fraction }) => fraction ?? []);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(Math.max(...fractions)).toBe(0.95);
  expect(told.at(-1)).toMatchObject({ message: "" });
  expect(state).toMatchObject({ status: "succeeded", progress: 1, message: null });
});
