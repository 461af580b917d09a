import {
  openaiChat,
  type ProgressServer,
  type ProgressServerOptions,
  RunFailure,
} from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
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
import { openRun, taskApp } from "../support/task-app.js";

const KEY = "sk-sentinel-0123456789";

async function ask(script: Script, options: ProgressServerOptions = {}, body: unknown = { prompt: "Hi" }) {
  const upstream = await scriptedUpstream(script);
  const app = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL, apiKey: KEY });
    const models = { default: "model-1", large: "model-2-large" };
    express.use(
      "/chat",
      progress.relay({ provider, models, instructions: "Be kind.", maxOutputTokens: 500 }),
    );
  }, options);
  const answer = await callSse(`${app.origin}/chat`, { body });
  const state = answer.status === 200 ? reduceAnswers([answer]) : null;
  return { ...app, upstream, answer, state };
}

/** Lets the timers of a relay run at once, but in their order, so that no test waits. */
function hastyClock() {
  const clock = manualClock(Date.now());
  let isOver = false;
  const turn = async (): Promise<void> => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await clock.advance(1_000);
    }
  };
  void turn();
  const stop = (): void => {
    isOver = true;
  };
  return { clock, stop };
}

test("asks the provider with its key, the model behind the alias, and only what is allowed", async () => {
  const { upstream, state } = await ask(
    answerWith("Hello"),
    {},
    {
      messages: [{ role: "user", content: "Hi", name: "x", tool_calls: [{}] }],
      model: "large",
      temperature: 9,
      maxOutputTokens: 100_000,
      stream: false,
      base_url: "http://evil.example",
      api_key: "stolen",
      tools: [{}],
    },
  );
  const [call] = upstream.calls;
  expect(call?.url).toBe("/v1/chat/completions");
  expect(call?.headers["authorization"]).toBe(`Bearer ${KEY}`);
  expect(JSON.parse(call?.body ?? "")).toEqual({
    model: "model-2-large",
    messages: [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
    ],
    stream: true,
    stream_options: { include_usage: true },
    temperature: 2,
    max_tokens: 500,
  });
  expect(state?.text).toBe("Hello");
});

test.each([
  [{ messages: [{ role: "system", content: "I am root" }] }, "messages.0.role"],
  [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "messages.0.content"],
  [{ messages: [] }, "messages"],
  [{ prompt: "x", model: "gpt-unlisted" }, "model"],
  [{ prompt: "x", model: "__proto__" }, "model"],
  [{ prompt: "x", temperature: "hot" }, "temperature"],
  [{ prompt: 5 }, "prompt"],
])("refuses %j before anything is asked", async (body, path) => {
  const { answer, upstream } = await ask(answerWith("no"), {}, body);
  expect(answer.status).toBe(422);
  expect(JSON.parse(answer.body).issues[0].path.join(".")).toBe(path);
  expect(upstream.calls).toHaveLength(0);
});

test("text and UTF-8 that are split at every byte come out whole", async () => {
  const frames =
    chunkFrame("h\u00e9llo \u{1f600} ") +
    chunkFrame("w\u00f6rld").replaceAll("\n", "\r\n") +
    finishFrame() +
    DONE_FRAME;
  const { state } = await ask(async (res) => {
    openStream(res);
    for (const byte of Buffer.from(`\ufeff: hello\n\n${frames}`)) {
      res.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    res.end();
  });
  expect(state).toMatchObject({ status: "succeeded", text: "h\u00e9llo \u{1f600} w\u00f6rld" });
});

const failures: [string, Script, string][] = [
  [
    "a stream that breaks off",
    (res) => {
      openStream(res);
      res.write(chunkFrame("partial"), () => res.destroy());
    },
    "upstream_truncated",
  ],
  [
    "a stream that ends without its terminator",
    (res) => {
      openStream(res);
      res.end(chunkFrame("partial"));
    },
    "upstream_truncated",
  ],
  [
    "an error in mid-stream",
    (res) => {
      openStream(res);
      const error = { error: { message: `bad ${KEY}`, type: "server_error", code: "rate_limit_exceeded" } };
      res.end(`${chunkFrame("partial")}data: ${JSON.stringify(error)}\n\n`);
    },
    "rate_limited",
  ],
  [
    "HTML with status 200",
    (res) => {
      res.writeHead(200, { "content-type": "text/html" });
      res.end("<h1>Welcome</h1>");
    },
    "upstream_malformed",
  ],
  [
    "a stream of garbage",
    (res) => {
      openStream(res);
      res.end("data: {nonsense\n\ndata: more\n\n");
    },
    "upstream_malformed",
  ],
  [
    "a bare JSON error inside an event stream",
    (res) => {
      openStream(res);
      res.end('{"error":{"message":"Invalid key","code":401}}');
    },
    "upstream_rejected",
  ],
  [
    "a 401 that echoes the key",
    (res) => {
      res.writeHead(401, { "content-type": "application/json", "x-echo": KEY });
      res.end(
        JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}`, code: "invalid_api_key" } }),
      );
    },
    "upstream_rejected",
  ],
  [
    "a redirect, which would carry the key along",
    (res) => {
      res.writeHead(307, { location: "http://127.0.0.1:9/steal" });
      res.end();
    },
    "upstream_rejected",
  ],
  [
    "a used-up quota, which no retry mends",
    (res) => {
      res.writeHead(429, { "content-type": "application/json" });
      res.end(
        JSON.stringify({ error: { code: "insufficient_quota", message: "You exceeded your current quota" } }),
      );
    },
    "quota_exceeded",
  ],
  [
    "a change to another protocol, which nobody has asked for",
    (_, { socket }) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    },
    "upstream_unavailable",
  ],
];

test.each(failures)(
  "%s ends the run once, with its code, and is not asked again",
  async (_, script, code) => {
    const { answer, state, upstream, logged } = await ask(script);
    expect(state).toMatchObject({ status: "failed", error: { code } });
    if (answer.body.includes("partial")) expect(state?.text).toBe("partial");
    expect(answer.events.filter(({ type }) => type === "end")).toHaveLength(1);
    expect(upstream.calls).toHaveLength(1);
    expect(answer.body).not.toContain(KEY);
    expect(JSON.stringify(logged)).not.toContain(KEY);
    expect(JSON.stringify(logged)).toContain(code);
  },
);

test("a cut at the length limit and a filter are told, and the text is kept", async () => {
  for (const [reason, code] of [
    ["length", "output_limit"],
    ["content_filter", "content_filtered"],
  ] as const) {
    const { state } = await ask((res) => {
      openStream(res);
      res.end(chunkFrame("so far") + finishFrame(reason) + usageFrame(1, 2) + DONE_FRAME);
    });
    expect(state).toMatchObject({
      status: "failed",
      text: "so far",
      error: { code },
      usage: { outputTokens: 2 },
    });
  }
});

test("plain JSON instead of a stream is one text event and a normal end", async () => {
  const { answer, state } = await ask((res) => {
    res.writeHead(200, { "content-type": "application/json; charset=utf-8" });
    res.end(
      JSON.stringify({
        choices: [
          { index: 0, message: { role: "assistant", content: "Whole answer" }, finish_reason: "stop" },
        ],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      }),
    );
  });
  expect(answer.events.filter(({ type }) => type === "text")).toHaveLength(1);
  expect(state).toMatchObject({
    status: "succeeded",
    text: "Whole answer",
    usage: { inputTokens: 3, outputTokens: 2 },
  });
});

test("429 and 5xx are asked again before the first byte, and the viewer is told", async () => {
  const { clock, stop } = hastyClock();
  const { answer, state, upstream } = await ask(
    (res, call, index) => {
      if (index === 2) return answerWith("Finally")(res, call, index);
      res.writeHead(index === 0 ? 429 : 503, { "retry-after": "3" });
      res.end("busy");
    },
    { clock },
  );
  stop();
  expect(upstream.calls).toHaveLength(3);
  expect(state).toMatchObject({ status: "succeeded", text: "Finally", message: null });
  expect(answer.body).toContain("The model is busy, trying again in 3 s");
});

test("a refusal that breaks off in its words is the refusal that its status says", async () => {
  const { clock, stop } = hastyClock();
  const { state, upstream } = await ask(
    (res, call, index) => {
      if (index > 0) return answerWith("Better")(res, call, index);
      res.writeHead(503, { "content-type": "application/json", "content-length": 100 });
      res.write('{"error":', () => res.destroy());
    },
    { clock },
  );
  stop();
  expect(upstream.calls).toHaveLength(2);
  expect(state).toMatchObject({ status: "succeeded", text: "Better" });
});

test.each([
  [401, "upstream_rejected"],
  [429, "rate_limited"],
])(
  "a refusal with %i whose words do not end is what its status says, and no time-out",
  async (status, code) => {
    const { clock, stop } = hastyClock();
    const { state, upstream } = await ask(
      (res) => {
        res.writeHead(status);
        const timer = setInterval(() => res.write("x"), 10);
        res.on("close", () => clearInterval(timer));
      },
      { clock, heartbeatMs: 0, stallMs: Infinity },
    );
    stop();
    expect(state?.error?.code).toBe(code);
    expect(upstream.calls).toHaveLength(status === 429 ? 3 : 1);
    for (const call of upstream.calls) await call.closed;
  },
);

test("what is said while a busy model is waited for is the application's to word", async () => {
  const { clock, stop } = hastyClock();
  const notices: unknown[] = [];
  const { answer } = await ask(
    (res, call, index) => {
      if (index === 1) return answerWith("Da")(res, call, index);
      res.writeHead(429, { "retry-after": "3" });
      res.end();
    },
    {
      clock,
      retryMessage: (retry) => {
        notices.push(retry);
        return `Das Modell ist ausgelastet, neuer Versuch in ${retry.seconds} s`;
      },
    },
  );
  stop();
  expect(answer.body).toContain("Das Modell ist ausgelastet, neuer Versuch in 3 s");
  expect(answer.body).not.toContain("busy");
  expect(notices).toEqual([{ seconds: 3, retry: 1, maxRetries: 2, code: "rate_limited" }]);
});

test("after the last retry the failure says when to come back", async () => {
  const { clock, stop } = hastyClock();
  const { state, upstream } = await ask(
    (res) => {
      res.writeHead(429, { "retry-after": "2" });
      res.end();
    },
    { clock },
  );
  stop();
  expect(upstream.calls).toHaveLength(3);
  expect(state?.error).toMatchObject({ code: "rate_limited", retryable: true, retryAfterMs: 2_000 });
});

test("a Retry-After of minutes is the viewer's to wait, not ours", async () => {
  const { state, upstream } = await ask((res) => {
    res.writeHead(503, { "retry-after": "600" });
    res.end();
  });
  expect(upstream.calls).toHaveLength(1);
  expect(state?.error?.retryAfterMs).toBe(600_000);
});

test("an upstream that refuses connections is unavailable, after retries", async () => {
  const { clock, stop } = hastyClock();
  const { origin, logged } = await progressApp(
    (express, progress) => {
      const provider = openaiChat({ baseURL: "http://127.0.0.1:9/v1" });
      express.use(progress.relay({ provider, models: { default: "m" } }));
    },
    { clock },
  );
  const state = reduceAnswers([await callSse(origin, { body: { prompt: "x" } })]);
  stop();
  expect(state.error).toMatchObject({ code: "upstream_unavailable", retryable: true });
  expect(logged.filter(({ message }) => message === "retrying")).toHaveLength(2);
});

const stalls: [string, Script, string][] = [
  ["before the headers", () => {}, "did not begin to answer within 60 s"],
  ["before the first byte", (res) => openStream(res), "did not begin to answer within 60 s"],
  [
    "in the middle of a line",
    (res) => {
      openStream(res);
      res.write(`${chunkFrame("partial")}data: {"choi`);
    },
    "fell silent for 60 s",
  ],
];
test.each(stalls)(
  "silence %s is a time-out with its own sentence, and closes the socket",
  async (_, script, words) => {
    const { clock, stop } = hastyClock();
    const { state, upstream } = await ask(script, { clock, heartbeatMs: 0, stallMs: Infinity });
    stop();
    expect(state?.error).toMatchObject({ code: "upstream_timeout", message: expect.stringContaining(words) });
    expect(upstream.calls).toHaveLength(1);
    await upstream.calls[0]?.closed;
  },
);

test("an answer that trickles for ever ends at the total time", async () => {
  const { clock, stop } = hastyClock();
  const { state } = await ask(
    (res) => {
      openStream(res);
      const timer = setInterval(() => res.write(": still here\n\n"), 10);
      res.on("close", () => clearInterval(timer));
    },
    { clock, timeouts: { totalMs: 120_000 } },
  );
  stop();
  expect(state?.error).toMatchObject({
    code: "upstream_timeout",
    message: expect.stringContaining("after 120 s"),
  });
});

const never = (): Promise<never> => new Promise(() => {});
const base = openaiChat({ baseURL: "http://127.0.0.1:9/v1" });
const unanswered: [string, (progress: ProgressServer) => ReturnType<ProgressServer["relay"]>][] = [
  [
    "a provider's request",
    (progress) => progress.relay({ provider: { ...base, request: never }, models: { default: "m" } }),
  ],
  [
    "a proxy's headers",
    (progress) => progress.proxy({ url: "http://127.0.0.1:9", body: () => ({}), headers: never }),
  ],
  ["a proxy's whole request", (progress) => progress.proxy({ request: never })],
];

test.each(unanswered)("%s that is never made ends at the total time", async (_, mount) => {
  const { clock, stop } = hastyClock();
  const { origin } = await progressApp((app, progress) => void app.use(mount(progress)), {
    clock,
    timeouts: { totalMs: 120_000 },
  });
  const state = reduceAnswers([await callSse(origin, { body: { prompt: "x" } })]);
  stop();
  expect(state.error).toMatchObject({
    code: "upstream_timeout",
    message: expect.stringContaining("after 120 s"),
  });
});

test("a job that waits for a provider's request hears of the cancel", async () => {
  const heard = gate<unknown>();
  const asked = gate();
  const request = (): Promise<never> => {
    asked.open();
    return never();
  };
  const { url } = await taskApp(({ relay }) =>
    relay({ ...base, request }, { model: "m", messages: [] }).catch((error) => heard.open(error)),
  );
  const { runUrl, answer } = await openRun(url);
  await asked.opened;
  await fetch(`${runUrl}/cancel`, { method: "POST" });
  expect(await heard.opened).toMatchObject({ name: "AbortError" });
  await answer;
});

test("an upstream event without an end is refused at its limit", async () => {
  const { state } = await ask(
    (res) => {
      openStream(res);
      res.write("data: ");
      const write = (): void => {
        while (res.write("x".repeat(10_000)) && !res.destroyed);
      };
      res.on("drain", write);
      write();
    },
    { limits: { upstreamLineChars: 100_000 } },
  );
  expect(state?.error?.code).toBe("upstream_malformed");
});

test("an answer past the limit of bytes is refused", async () => {
  const { state } = await ask(
    (res) => {
      openStream(res);
      const write = (): void => {
        while (res.write(": padding padding padding\n\n".repeat(100)) && !res.destroyed);
      };
      res.on("drain", write);
      write();
    },
    { limits: { upstreamBytes: 1_000_000 } },
  );
  expect(state?.error?.code).toBe("output_limit");
});

test("one connection serves one run after the other", async () => {
  const upstream = await scriptedUpstream(answerWith("Hello"));
  const { origin } = await progressApp((express, progress) => {
    express.use(
      progress.relay({ provider: openaiChat({ baseURL: upstream.baseURL }), models: { default: "m" } }),
    );
  });
  for (let run = 0; run < 3; run++) await callSse(origin, { body: { prompt: "x" } });
  expect(new Set(upstream.calls.map(({ socket }) => socket)).size).toBe(1);
});

test("a task may ask several models; their text streams in and their usage adds up", async () => {
  const upstream = await scriptedUpstream(answerWith("One. ", "Two. "));
  const { origin } = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL });
    const request = { model: "m", messages: [{ role: "user", content: "x" }] } as const;
    express.use(
      progress.task({
        stages: [{ id: "a", label: "A" }],
        async run({ stage, relay }) {
          const first = await stage("a", (s) => s.relay(provider, request));
          const second = await relay(provider, request);
          return [first.text, second.finishReason];
        },
      }),
    );
  });
  const state = reduceAnswers([await callSse(origin, { body: {} })]);
  expect(state).toMatchObject({
    text: "One. Two. One. Two. ",
    usage: { inputTokens: 14, outputTokens: 4 },
    result: ["One. Two. ", "stop"],
  });
});

test("a task sees an upstream's failure as a RunFailure and may go on without it", async () => {
  const upstream = await scriptedUpstream((res) => {
    res.writeHead(400);
    res.end("{}");
  });
  const { origin } = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL });
    express.use(
      progress.task({
        async run({ relay }) {
          try {
            await relay(provider, { model: "m", messages: [] });
          } catch (error) {
            return error instanceof RunFailure ? error.code : "?";
          }
        },
      }),
    );
  });
  expect(reduceAnswers([await callSse(origin, { body: {} })]).result).toBe("upstream_rejected");
});

test("after an answer that came in a flood and failed, what the job says is told turn by turn again", async () => {
  const upstream = await scriptedUpstream(async (res) => {
    const flood = chunkFrame("x".repeat(1_000)).repeat(50);
    const error = `data: ${JSON.stringify({ error: { message: "Sorry.", type: "server_error" } })}\n\n`;
    openStream(res);
    // So that it is one read, and not the rest of the one that brought the headers.
    await new Promise((resolve) => setTimeout(resolve, 50));
    res.end(flood + error);
  });
  const { url } = await taskApp(async ({ relay, text }) => {
    const provider = openaiChat({ baseURL: upstream.baseURL });
    await relay(provider, { model: "m", messages: [] }).catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    text("a");
    // So many microtasks as an append may take; a round of the event loop comes after them all.
    for (let turn = 0; turn < 10; turn++) await null;
    text("b");
  });
  const { events } = await callSse(url, { body: {} });
  const pieces = events.flatMap((event) => (event.type === "text" ? [event.delta] : []));
  expect(pieces.join("")).toBe(`${"x".repeat(50_000)}ab`);
  expect(pieces.slice(-2)).toEqual(["a", "b"]);
});

test.each(["ftp://x/v1", "not a url", "https://user:pw@host/v1", "https://host/v1?key=1"])(
  "a base URL such as %s is refused when the provider is made",
  (baseURL) => {
    expect(() => openaiChat({ baseURL })).toThrow(/baseURL/);
  },
);

test("a key that was cut short at the end of an upstream's long message is in no log line", async () => {
  const apiKey = "c0ffee".repeat(10);
  const upstream = await scriptedUpstream((res) => {
    const error = { message: `${"y".repeat(950)} ${apiKey}` };
    res.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
  });
  const { origin, logged } = await progressApp((app, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL, apiKey });
    app.use("/chat", progress.relay({ provider, models: { default: "m" } }));
  });
  await callSse(`${origin}/chat`, { body: { prompt: "x" } });
  expect(JSON.stringify(logged)).toContain("yyy");
  expect(JSON.stringify(logged)).not.toContain("c0ffee");
});

test("models, a provider or a job that are missing are told when the endpoint is mounted", async () => {
  const mounting = (mount: (progress: ProgressServer) => unknown) =>
    progressApp((_express, progress) => void mount(progress));
  const provider = openaiChat({ baseURL: "http://127.0.0.1:1" });
  const none = undefined as never;
  for (const models of [none, {} as never, { fast: "m" } as never]) {
    await expect(mounting((progress) => progress.relay({ provider, models }))).rejects.toThrow(
      'progress.relay needs models, and one for who names none: { default: "gpt-4.1-mini" }.',
    );
  }
  await expect(
    mounting((progress) => progress.relay({ provider: none, models: { default: "m" } })),
  ).rejects.toThrow('The model "default" has no provider.');
  await expect(mounting((progress) => progress.task({ run: none }))).rejects.toThrow(
    "progress.task needs run, the function that does the work, or enqueue for a queue.",
  );
});

test("a log line names an upstream's status once, and leaves the rest of its words as they are", async () => {
  const lines: object[] = [];
  const logger = { debug() {}, info() {}, warn: (fields: object) => void lines.push(fields), error() {} };
  for (const error of [{ message: "No such model.", code: 404 }, { message: "Room 404 is empty." }]) {
    const body = JSON.stringify({ error });
    await ask((res) => void res.writeHead(404, { "content-type": "application/json" }).end(body), { logger });
  }
  expect(lines.map((fields) => "detail" in fields && fields.detail)).toEqual([
    "HTTP 404 No such model.",
    "HTTP 404 Room 404 is empty.",
  ]);
});

test("of a secret that begins with another one nothing is left in a log", async () => {
  const longer = "team4711-Zq8xLw93kfTT";
  const upstream = await scriptedUpstream((res) => {
    res.writeHead(401, { "content-type": "application/json" });
    res.end(JSON.stringify({ error: { message: `No such account: ${longer}` } }));
  });
  const { origin, logged } = await progressApp((app, progress) => {
    const provider = openaiChat({
      baseURL: upstream.baseURL,
      apiKey: "team4711",
      headers: { "x-account": longer },
    });
    app.use(progress.relay({ provider, models: { default: "m" } }));
  });
  await callSse(origin, { body: { prompt: "x" } });
  expect(JSON.stringify(logged)).toContain("No such account: [redacted]");
  expect(JSON.stringify(logged)).not.toContain("Zq8xLw93kfTT");
});
