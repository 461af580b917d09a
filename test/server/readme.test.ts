import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { exampleProvider } from "../support/example-provider.js";
import { progressApp } from "../support/progress-app.js";
import { type Script, scriptedUpstream } from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const readme = read("packages/server/README.md");

describe("the README's custom provider", () => {
  async function ask(script: Script) {
    const upstream = await scriptedUpstream(script);
    const { origin, logged } = await progressApp((express, progress) => {
      const provider = exampleProvider("key-of-the-example-1", upstream.baseURL.replace("/v1", ""));
      express.use(progress.relay({ provider, models: { default: "m" }, pricing: { input: 1, output: 2 } }));
    });
    const state = reduceAnswers([await callSse(origin, { body: { prompt: "Hi" } })]);
    return { state, upstream, logged };
  }

  test("is this one, to the letter, and shorter than thirty lines", () => {
    const source = read("test/support/example-provider.ts");
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\`\n`);
    expect(source.trimEnd().split("\n").length).toBeLessThan(30);
  });

  test("asks and answers, whether or not its last line is closed", async () => {
    const { state, upstream } = await ask((res) => {
      res.writeHead(200, { "content-type": "application/x-ndjson" });
      res.end('{"token":"Hel"}\n{"token":"lo"}\n{"finished":true,"in":7,"out":3}');
    });
    expect(upstream.calls[0]?.headers["x-api-key"]).toBe("key-of-the-example-1");
    expect(JSON.parse(upstream.calls[0]?.body ?? "")).toEqual({ model: "m", prompt: "Hi", max: 4096 });
    expect(state).toMatchObject({
      status: "succeeded",
      text: "Hello",
      usage: { inputTokens: 7, outputTokens: 3, cost: { amount: 0.000013, currency: "USD" } },
    });
  });

  test.each([
    ['{"token":"x"}\n', "upstream_truncated"],
    ['{"token":"x"}\n{"error":"no, key-of-the-example-1"}\n', "upstream_rejected"],
    ["<html>\n", "upstream_malformed"],
  ])("fails as it should on %j", async (answer, code) => {
    const { state, logged } = await ask((res) => {
      res.writeHead(200, { "content-type": "application/x-ndjson" });
      res.end(answer);
    });
    expect(state.error?.code).toBe(code);
    expect(JSON.stringify(logged)).not.toContain("key-of-the-example-1");
  });
});

test("every option that the README names exists, and every one that exists is named", () => {
  const source = ["options", "upstream/provider", "upstream/proxy", "upstream/timeouts", "http/cors"]
    .map((name) => read(`packages/server/src/${name}.ts`))
    .join("\n");
  const bodies = [
    "ProgressServerOptions",
    "RunHooks",
    "Limits",
    "RelayOptions",
    "AnswerOptions",
    "CallOptions",
    "TaskOptions",
    "ProxyOptions",
    "ProxyRules",
    "UpstreamTimeouts",
    "CorsOptions",
  ].map((name) => new RegExp(`interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? "");
  const names = bodies.flatMap((body) =>
    [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name),
  );
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
