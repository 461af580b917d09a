import { initialState } from "@ai-progress-stream/protocol";
import {
  createProgressServer,
  type InputSchema,
  memoryStore,
  type ProgressServerOptions,
  type ProxyOptions,
  type ProxyRules,
  RunFailure,
  type TaskOptions,
} from "@ai-progress-stream/server";
import express from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { listen } from "../support/listen.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import {
  openStream,
  type Script,
  scriptedUpstream,
  type UpstreamCall,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { openRun } from "../support/task-app.js";

const KEY = "key-of-the-service-0123456789";

/** Takes `{ question }` and nothing else. */
const question: InputSchema<{ question: string }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { question: asked } = value as { question?: unknown };
      return typeof asked === "string"
        ? { value: { question: asked } }
        : { issues: [{ message: "Ask something.", path: ["question"] }] };
    },
  },
};

async function proxied<Input = { question: string }>(
  script: Script,
  options: Partial<ProxyOptions<Input>> = {},
  serverOptions: ProgressServerOptions = {},
) {
  const upstream = await scriptedUpstream(script);
  const app = await progressApp((express, progress) => {
    const rules = { url: `${upstream.baseURL}/jobs`, input: question, ...options } as ProxyOptions<Input>;
    express.use("/api/proxy", progress.proxy(rules));
  }, serverOptions);
  const url = `${app.origin}/api/proxy`;
  return { ...app, url, upstream, ask: () => callSse(url, { body: { question: "Why?", extra: 1 } }) };
}

const data = (value: object, event?: string): string =>
  `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(value)}\n\n`;

const stream =
  (...frames: string[]): Script =>
  (res) => {
    openStream(res);
    res.end(frames.join(""));
  };

/** What home-made servers send: stages by name, progress in per cent, chunks, and the whole at the end. */
const homeMade = stream(
  data({ stage: "fetching", progress: 10, message: "Fetching data" }),
  data({ stage: "writing", progress: 50 }),
  data({ chunk: "Hello", progress: 60 }),
  data({ chunk: " world", progress: 80 }),
  data({ status: "completed", progress: 100, data: { rows: 3 } }),
);

describe("a service with a stream of its own", () => {
  test("is asked by the URL, headers and body that were fixed, and its events become a run's", async () => {
    const { ask, upstream } = await proxied(homeMade, { headers: { "X-Api-Key": KEY } });
    const answer = await ask();
    const [call] = upstream.calls;
    expect([call?.method, call?.url]).toEqual(["POST", "/v1/jobs"]);
    expect(call?.headers["x-api-key"]).toBe(KEY);
    expect(JSON.parse(call?.body ?? "")).toEqual({ question: "Why?" });
    expect(reduceAnswers([answer])).toMatchObject({
      status: "succeeded",
      text: "Hello world",
      result: { rows: 3 },
      stages: [{ id: "fetching" }, { id: "writing" }],
      progress: 1,
    });
    expect(answer.body).not.toContain(KEY);
  });

  test("gets what the body function makes of the input, and headers that follow from the run", async () => {
    const { ask, upstream, url } = await proxied(
      homeMade,
      {
        body: (input, { principal }) => ({ q: input.question, for: principal }),
        headers: async ({ principal, runId }) => ({
          authorization: `Bearer of-${principal}`,
          "x-run": runId,
        }),
      },
      { principal: () => "ann" },
    );
    const answer = await ask();
    const [call] = upstream.calls;
    expect(JSON.parse(call?.body ?? "")).toEqual({ q: "Why?", for: "ann" });
    expect(call?.headers["authorization"]).toBe("Bearer of-ann");
    expect(answer.headers["content-location"]).toContain(call?.headers["x-run"]);
    expect((await callSse(url, { body: { other: 1 } })).status).toBe(422);
    expect(upstream.calls).toHaveLength(1);
  });

  test("may be asked by GET, or by a whole request that is made for each input", async () => {
    const asked = await proxied(homeMade, { method: "GET", headers: { "x-a": "1" } });
    await asked.ask();
    expect(asked.upstream.calls[0]).toMatchObject({ method: "GET", url: "/v1/jobs", body: "" });
    const base: { url?: string } = {};
    const made = await proxied(homeMade, {
      request: ({ question: asking }) => ({
        url: `${base.url}/v1/ask?q=${encodeURIComponent(asking)}`,
        method: "GET",
      }),
    });
    base.url = made.upstream.baseURL.replace("/v1", "");
    expect(reduceAnswers([await made.ask()]).status).toBe("succeeded");
    expect(made.upstream.calls[0]?.url).toBe("/v1/ask?q=Why%3F");
  });

  test("may speak in plain text, in a body of its own or in messages", async () => {
    const bytes = Buffer.from("Grüße 🌍!\n");
    const plain = await proxied(
      async (res) => {
        res.writeHead(200, { "content-type": "text/plain" });
        for (const byte of bytes) {
          res.write(Buffer.of(byte));
          await new Promise(setImmediate);
        }
        res.end();
      },
      { dialect: "text" },
    );
    expect(reduceAnswers([await plain.ask()])).toMatchObject({ status: "succeeded", text: "Grüße 🌍!\n" });
    const messages = await proxied(stream("data: Hello\n\n", "data:  world\n\n", "data: [DONE]\n\n"), {
      dialect: "text",
    });
    expect(reduceAnswers([await messages.ask()])).toMatchObject({ status: "succeeded", text: "Hello world" });
  });

  test("whose text breaks off has not succeeded", async () => {
    const { ask } = await proxied(
      async (res) => {
        res.writeHead(200, { "content-type": "text/plain" });
        res.write("Hello", () => res.destroy());
      },
      { dialect: "text" },
    );
    const state = reduceAnswers([await ask()]);
    expect(state).toMatchObject({ status: "failed", text: "Hello", error: { code: "upstream_truncated" } });
  });

  test.each(["ag-ui", "auto"] as const)(
    "whose messages come by turns is whole where it is cut, as %s",
    async (dialect) => {
      const content = (messageId: string, delta: string) =>
        data({ type: "TEXT_MESSAGE_CONTENT", messageId, delta });
      const { ask } = await proxied(
        async (res) => {
          openStream(res);
          res.write(content("1", "alpha ".repeat(200)) + content("2", "Checking") + content("1", "yes."));
          await new Promise((resolve) => setTimeout(resolve, 20));
          res.destroy();
        },
        { dialect },
      );
      expect(reduceAnswers([await ask()])).toMatchObject({
        status: "failed",
        text: `${"alpha ".repeat(200)}yes.\n\nChecking`,
        error: { code: "upstream_truncated" },
      });
    },
  );

  test("can be resumed here although it cannot be there", async () => {
    const go = gate();
    const { url, upstream } = await proxied(async (res) => {
      openStream(res);
      res.write(data({ chunk: "Hello", progress: 10 }));
      await go.opened;
      res.end(data({ chunk: " again" }) + data({ status: "completed", progress: 100 }));
    });
    const first = await callSse(url, {
      body: { question: "Why?" },
      until: ({ type }) => type === "text",
    });
    const second = callSse(url, { headers: { "last-event-id": first.ids.at(-1) ?? "" } });
    go.open();
    expect(reduceAnswers([first, await second])).toMatchObject({ status: "succeeded", text: "Hello again" });
    expect(upstream.calls).toHaveLength(1);
  });

  test("is let go when the run is cancelled", async () => {
    const { url, upstream } = await proxied((res) => {
      openStream(res);
      res.write(data({ chunk: "So far", progress: 10 }));
    });
    const first = await callSse(url, { body: { question: "Why?" }, until: ({ type }) => type === "text" });
    const run = `${new URL(url).origin}${first.headers["content-location"]}`;
    await fetch(`${run}/cancel`, { method: "POST" });
    await upstream.calls[0]?.closed;
    const state = await until(async () => {
      const now = (await (await fetch(run)).json()) as { status: string; text: string };
      return now.status !== "running" && now;
    });
    expect(state).toMatchObject({ status: "cancelled", reason: "user", text: "So far" });
  });

  test("that answers with plain JSON is one answer and a normal end", async () => {
    const { ask } = await proxied((res) => {
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify({ status: "completed", response: "Whole answer", progress: 100 }));
    });
    expect(reduceAnswers([await ask()])).toMatchObject({ status: "succeeded", text: "Whole answer" });
  });
});

describe("what comes", () => {
  test("is looked at, changed, left out and added to on its way, and saved", async () => {
    const saved = gate<string>();
    const seen: string[] = [];
    const { ask } = await proxied(homeMade, {
      transform(event) {
        if (event.type === "text") return { ...event, delta: event.delta.toUpperCase() };
        if (event.type === "stage" && event.stage === "fetching") return null;
        if (event.type === "result") return [event, { type: "custom", name: "audit", value: "seen" }];
        return event;
      },
      onEvent: ({ type }) => void seen.push(type),
      onEnd: ({ text, status }) => saved.open(`${status}: ${text}`),
    });
    const answer = await ask();
    const state = reduceAnswers([answer]);
    expect(state.text).toBe("HELLO WORLD");
    expect(answer.events).toContainEqual(expect.objectContaining({ type: "custom", name: "audit" }));
    expect(await saved.opened).toBe("succeeded: HELLO WORLD");
    expect(seen).toEqual(answer.events.map(({ type }) => type).filter((type) => type !== "open"));
  });

  test("is refused with a fixed sentence where a transform throws", async () => {
    const { ask, logged } = await proxied(homeMade, {
      transform() {
        throw new Error("transform is broken");
      },
    });
    expect(reduceAnswers([await ask()]).error?.code).toBe("internal");
    expect(JSON.stringify(logged)).toContain("transform is broken");
  });

  test.each([
    [
      "openai-chat",
      stream(
        data({ choices: [{ index: 0, delta: { content: "Hello" } }] }),
        data({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
        "data: [DONE]\n\n",
      ),
    ],
    [
      "ai-sdk",
      stream(
        data({ type: "start" }),
        data({ type: "text-start", id: "1" }),
        data({ type: "text-delta", id: "1", delta: "Hello" }),
        data({ type: "text-end", id: "1" }),
        data({ type: "finish" }),
        "data: [DONE]\n\n",
      ),
    ],
    [
      "ag-ui",
      stream(
        data({ type: "RUN_STARTED", threadId: "t", runId: "r" }),
        data({ type: "TEXT_MESSAGE_START", messageId: "m", role: "assistant" }),
        data({ type: "TEXT_MESSAGE_CONTENT", messageId: "m", delta: "Hello" }),
        data({ type: "TEXT_MESSAGE_END", messageId: "m" }),
        data({ type: "RUN_FINISHED", threadId: "t", runId: "r" }),
      ),
    ],
    [
      "ollama",
      ((res) => {
        res.writeHead(200, { "content-type": "application/x-ndjson" });
        res.end('{"message":{"role":"assistant","content":"Hello"},"done":false}\n{"done":true}\n');
      }) as Script,
    ],
  ] as const)("is understood in %s, named or not", async (dialect, script) => {
    for (const named of [dialect, "auto"] as const) {
      const { ask } = await proxied(script, { dialect: named });
      expect(reduceAnswers([await ask()])).toMatchObject({ status: "succeeded", text: "Hello" });
    }
  });

  test("is understood in lines of JSON that are not Ollama's", async () => {
    const { ask } = await proxied((res) => {
      res.writeHead(200, { "content-type": "application/x-ndjson" });
      res.end(
        '{"status":"processing","message":"Reading"}\n{"chunk":"Hel"}\n{"chunk":"lo"}\n{"done":true}\n',
      );
    });
    expect(reduceAnswers([await ask()])).toMatchObject({ status: "succeeded", text: "Hello" });
  });

  test("is told in codes and fixed sentences where it fails", async () => {
    const cases: [Script, string][] = [
      [stream(data({ chunk: "x", progress: 1 })), "upstream_truncated"],
      [stream("garbage\n\n"), "upstream_malformed"],
      [stream(data({ chunk: "x", progress: 1 }), data({ error: `it broke: ${KEY}` })), "upstream_rejected"],
      [(res) => void res.writeHead(404).end(`no ${KEY}`), "upstream_rejected"],
      [(res) => void res.writeHead(302, { location: "http://127.0.0.1:9/" }).end(), "upstream_rejected"],
    ];
    for (const [script, code] of cases) {
      const { ask, logged } = await proxied(script, { headers: { "x-key": KEY } });
      const answer = await ask();
      const { error } = reduceAnswers([answer]);
      expect(error?.requestId).toMatch(/^req_/);
      expect([code, error?.code]).toEqual([code, code]);
      expect(answer.body + JSON.stringify(logged)).not.toContain(KEY);
    }
  });
});

describe("another server of ours", () => {
  async function service(
    options: TaskOptions<{ question: string }>,
    onRequest: (req: express.Request, res: express.Response) => void = () => {},
    store = memoryStore(),
  ) {
    const inner = createProgressServer({ store, logger: { debug() {}, info() {}, warn() {}, error() {} } });
    const requests: Pick<UpstreamCall, "method" | "url" | "headers">[] = [];
    const app = express();
    app.use((req, res, next) => {
      requests.push({ method: req.method, url: req.url, headers: req.headers });
      onRequest(req, res);
      next();
    });
    app.use("/inner", inner.task(options));
    onTestFinished(() => inner.close({ drainMs: 0 }));
    const origin = await listen(app);
    return { url: `${origin}/inner`, requests, inner };
  }

  async function gateway(
    url: string,
    options: Partial<ProxyOptions<{ question: string }>> = {},
    serverOptions: ProgressServerOptions = {},
  ) {
    const app = await progressApp((outer, progress) => {
      outer.use("/api/proxy", progress.proxy({ url, input: question, ...options }));
    }, serverOptions);
    return { ...app, url: `${app.origin}/api/proxy` };
  }

  const job: TaskOptions<{ question: string }> = {
    stages: [
      { id: "a", label: "First", weight: 30 },
      { id: "b", label: "Second", weight: 70 },
    ],
    async run({ stage, text, reasoning, usage, custom, input }) {
      await stage("a", (s) => s.progress(1, 2, "Page 1 of 2"));
      await stage("b", async () => {
        reasoning("Hm.");
        for (const piece of ["Hello", ", ", "world"]) {
          text(piece);
          await new Promise((resolve) => setImmediate(resolve));
        }
        usage({ inputTokens: 7, outputTokens: 3, cost: { amount: 0.5, currency: "EUR" } });
        custom("source", { url: "https://example.org" });
      });
      return { asked: input.question };
    },
  };

  test.each(["run", "auto"] as const)("is relayed with all it says (dialect %s)", async (dialect) => {
    const inner = await service(job);
    const { url } = await gateway(inner.url, { dialect });
    const answer = await callSse(url, { body: { question: "Why?" } });
    expect(reduceAnswers([answer])).toMatchObject({
      status: "succeeded",
      text: "Hello, world",
      reasoning: "Hm.",
      usage: { inputTokens: 7, outputTokens: 3, cost: { amount: 0.5, currency: "EUR" } },
      result: { asked: "Why?" },
      stages: [
        { id: "a", label: "First", weight: 30, status: "done", completed: 1, total: 2 },
        { id: "b", label: "Second", weight: 70, status: "done" },
      ],
      progress: 1,
    });
    expect(answer.events).toContainEqual(expect.objectContaining({ type: "custom", name: "source" }));
  });

  test.each(["run", "auto"] as const)(
    "an event of it that is lost is made good by a snapshot (dialect %s)",
    async (dialect) => {
      const run = "a-run-of-the-other-server";
      const open = data({ protocol: 1, run, status: "running", heartbeatMs: 0 }, "open");
      const logged = (seq: number, name: string, fields: object): string =>
        `id: ${run}.${seq}\n${data({ at: 1, ...fields }, name)}`;
      const upstream = await scriptedUpstream((res, { headers }) => {
        openStream(res);
        if (headers["last-event-id"] !== undefined || upstream.calls.length === 1) {
          // The second is of a later version, the fourth is lost.
          const texts = [1, 3, 5].map((seq) => logged(seq, "text", { delta: `${seq}` }));
          return void res.end(open + texts[0] + logged(2, "citation", {}) + texts[1] + texts[2]);
        }
        const state = { ...initialState(run, 1), seq: 5, text: "1345" };
        res.end(open + logged(5, "snapshot", { state }) + logged(6, "end", { status: "succeeded" }));
      });
      const { url } = await gateway(upstream.baseURL, { dialect });
      const state = reduceAnswers([await callSse(url, { body: { question: "Why?" } })]);
      expect(state).toMatchObject({ status: "succeeded", text: "1345" });
      expect(upstream.calls).toHaveLength(2);
      const keys = upstream.calls.map(({ headers }) => headers["idempotency-key"]);
      expect(new Set(keys).size).toBe(1);
    },
  );

  test("its failure keeps its code and loses its words", async () => {
    const inner = await service({
      run() {
        throw new RunFailure("content_filtered", "words of the inner server", { retryable: true });
      },
    });
    const { url } = await gateway(inner.url);
    const answer = await callSse(url, { body: { question: "Why?" } });
    expect(reduceAnswers([answer]).error).toMatchObject({
      code: "content_filtered",
      message: "The answer was stopped by a content filter.",
      retryable: true,
    });
    expect(inner.requests).toHaveLength(1);
  });

  test("a cancel is passed on to its run, by the contract and not by a header of its answer", async () => {
    const elsewhere: string[] = [];
    const evil = await listen((req, res) => {
      elsewhere.push(req.url ?? "");
      res.end();
    });
    const aborted = gate();
    const inner = await service(
      {
        run: ({ signal, text }) => {
          text("So far");
          signal.addEventListener("abort", () => aborted.open());
          return new Promise(() => {});
        },
      },
      (_, res) => {
        const writeHead = res.writeHead.bind(res) as (status: number, headers: object) => typeof res;
        res.writeHead = ((status: number, headers: object) =>
          writeHead(status, { ...headers, "Content-Location": `${evil}/steal` })) as typeof res.writeHead;
      },
    );
    const { url } = await gateway(inner.url, { headers: { "x-key": KEY } });
    const first = await callSse(url, { body: { question: "Why?" }, until: ({ type }) => type === "text" });
    await fetch(`${new URL(url).origin}${first.headers["content-location"]}/cancel`, { method: "POST" });
    await aborted.opened;
    const cancel = inner.requests.find((request) => request.url.endsWith("/cancel"));
    expect(cancel?.method).toBe("POST");
    expect(cancel?.headers["x-key"]).toBe(KEY);
    expect(elsewhere).toEqual([]);
  });

  test.each([
    ["by what follows", 4096, 500],
    ["by a snapshot, where its log does not reach back", 2, 500],
    ["or found again, where it had hardly begun", 4096, 0],
  ])("a run of its that breaks off is resumed %s, and begun only once", async (_, maxLogEvents, cutAfter) => {
    const begun: string[] = [];
    let cuts = 0;
    const inner = await service(
      {
        ...job,
        run: async (context) => {
          begun.push(context.runId);
          return job.run(context);
        },
      },
      (req, res) => {
        if (req.method === "POST" && cuts < 2) {
          cuts++;
          let written = 0;
          const write = res.write.bind(res) as (chunk: string) => boolean;
          res.write = ((chunk: string) => {
            written += chunk.length;
            if (written > cutAfter) setImmediate(() => res.destroy());
            return write(chunk);
          }) as typeof res.write;
        }
      },
      memoryStore({ maxLogEvents }),
    );
    const { url } = await gateway(inner.url);
    const state = reduceAnswers([await callSse(url, { body: { question: "Why?" } })]);
    expect(state).toMatchObject({ status: "succeeded", text: "Hello, world", result: { asked: "Why?" } });
    expect(begun).toHaveLength(1);
    const posts = inner.requests.filter(({ method }) => method === "POST");
    expect(posts.length).toBeGreaterThan(1);
    expect(posts[0]?.headers["last-event-id"]).toBeUndefined();
    const known = posts.slice(1).flatMap(({ headers }) => headers["last-event-id"] ?? []);
    for (const id of known) expect(id).toContain(`${begun[0]}.`);
    if (cutAfter > 0) expect(known).toHaveLength(posts.length - 1);
    expect(new Set(posts.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
  });

  test.each(["run", "auto"] as const)(
    "a run of its that breaks off is resumed by a snapshot longer than a line may be (dialect %s)",
    async (dialect) => {
      let cuts = 0;
      const inner = await service(
        {
          async run({ text }) {
            for (let piece = 0; piece < 60; piece++) {
              text(`${piece} `.repeat(2_000));
              await new Promise((resolve) => setImmediate(resolve));
            }
          },
        },
        (req, res) => {
          if (req.method !== "POST" || cuts > 0) return;
          cuts++;
          let written = 0;
          const write = res.write.bind(res) as (chunk: string) => boolean;
          res.write = ((chunk: string) => {
            written += chunk.length;
            if (written > 200_000) setImmediate(() => res.destroy());
            return write(chunk);
          }) as typeof res.write;
        },
        memoryStore({ maxLogEvents: 2 }),
      );
      const limits = { upstreamLineChars: 20_000, textChars: 400_000 };
      const { url } = await gateway(inner.url, { dialect }, { limits });
      const state = reduceAnswers([await callSse(url, { body: { question: "Why?" } })]);
      const whole = Array.from({ length: 60 }, (_, piece) => `${piece} `.repeat(2_000)).join("");
      expect(state.error).toBeNull();
      expect(state.text === whole).toBe(true);
      expect(inner.requests.filter(({ method }) => method === "POST")).toHaveLength(2);
    },
  );

  test("an answer to a cancel that never ends keeps no connection", async () => {
    const clock = manualClock(Date.now());
    const upstream = await scriptedUpstream((res, { url }) => {
      if (url.endsWith("/cancel")) {
        res.writeHead(202, { "content-type": "application/json" });
        res.write("{");
        return;
      }
      openStream(res);
      const open = { protocol: 1, run: "0123456789abcdefghijkl", status: "running", heartbeatMs: 0 };
      res.write(data(open, "open"));
      res.write(`id: ${open.run}.1\n${data({ at: 1, delta: "So far" }, "text")}`);
    });
    const { url } = await gateway(`${upstream.baseURL}/jobs`, {}, { clock });
    const { runUrl, answer } = await openRun(url, {
      body: { question: "Why?" },
      until: ({ type }) => type === "text",
    });
    await answer;
    await fetch(`${runUrl}/cancel`, { method: "POST" });
    const cancel = await until(() => upstream.calls.find((call) => call.url.endsWith("/cancel")));
    let isClosed = false;
    void cancel.closed.then(() => {
      isClosed = true;
    });
    await until(async () => {
      await clock.advance(1_000);
      return isClosed;
    });
  });

  test("is told to stop where this side has failed", async () => {
    const aborted = gate();
    const inner = await service({
      run: ({ signal, text }) => {
        text("x".repeat(200));
        signal.addEventListener("abort", () => aborted.open());
        return new Promise(() => {});
      },
    });
    const app = await progressApp(
      (outer, progress) => {
        outer.use(progress.proxy({ url: inner.url, input: question }));
      },
      { limits: { textChars: 100 } },
    );
    const state = reduceAnswers([await callSse(app.origin, { body: { question: "Why?" } })]);
    expect(state.error?.code).toBe("output_limit");
    await aborted.opened;
  });

  test("a task of several stages may relay a service in one of them", async () => {
    const textOnly: ProxyRules["transform"] & {} = (event) => (event.type === "text" ? event : null);
    const inner = await service(job);
    const { origin } = await progressApp((outer, progress) => {
      outer.use(
        progress.task({
          stages: [{ id: "ask", label: "Asking" }],
          run: ({ stage }) =>
            stage("ask", (s) =>
              s.proxy(
                { url: inner.url, body: { question: "Why?" } },
                { dialect: "run", transform: textOnly },
              ),
            ),
        }),
      );
    });
    const state = reduceAnswers([await callSse(origin, { body: {} })]);
    expect(state).toMatchObject({ text: "Hello, world", stages: [{ id: "ask", status: "done" }] });
  });
});

test.each([
  [{}, /url/],
  [{ url: "ftp://x" }, /http/],
  [{ url: "https://user:pw@host/" }, /user name/],
  [{ url: "https://service.example/api" }, /input \(a schema\) or body/],
  [{ url: "https://service.example/api", body: () => ({}), headers: { "x-a": "1\r\n" } }, /header/],
] as const)("a proxy that could not work is refused when it is made: %j", async (options, words) => {
  const progress = createProgressServer();
  onTestFinished(() => progress.close());
  expect(() => progress.proxy(options)).toThrow(words);
});
