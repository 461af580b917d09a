import {
  memoryStore,
  openaiChat,
  type ProgressServerOptions,
  type RunStore,
} from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { startRedis, whyNoRedis } from "../support/redis.js";
import {
  answerWith,
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  type Script,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { openRun, type TaskRun, taskApp } from "../support/task-app.js";
import { tcpProxy } from "../support/tcp-proxy.js";

async function chat(script: Script, options: ProgressServerOptions = {}) {
  const upstream = await scriptedUpstream(script);
  const app = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL });
    express.use("/chat", progress.relay({ provider, models: { default: "m" } }));
  }, options);
  return { ...app, url: `${app.origin}/chat`, upstream };
}

const stateAt = async (url: string) =>
  (await (await fetch(url)).json()) as {
    status: string;
    text: string;
    reason: string | null;
    error: unknown;
  };

/** Starts a run through `url` and gives its address as soon as `open` is there, and the rest of the answer. */
async function startRun(url: string, until?: Parameters<typeof callSse>[1]) {
  const opened = gate<string>();
  const answer = callSse(url, {
    body: { prompt: "x" },
    ...until,
    until: (event, seq) => {
      if (event.type === "open") opened.open(event.run);
      return until?.until?.(event, seq) ?? false;
    },
  });
  const run = await opened.opened;
  return { run, runUrl: `${url}/${run}`, answer };
}

const pieces = ["H\u00e9", "llo ", "\u{1f600}", "!\n"];

test.each(["POST with key", "POST with the id alone", "GET"] as const)(
  "cut at every byte and resumed by %s, the viewer's state is the log's and the upstream was asked once",
  async (way) => {
    const { url, upstream } = await chat(answerWith(...pieces));
    const whole = await callSse(url, { body: { prompt: "x" } });
    const length = Buffer.byteLength(whole.body);
    for (let cut = 1; cut <= length; cut++) {
      const key = { "idempotency-key": `${way}-${cut}`.replaceAll(" ", "-") };
      const first = await callSse(url, { body: { prompt: "x" }, headers: key, cutAfterBytes: cut });
      const id = first.ids.at(-1);
      const last: Record<string, string> = id === undefined ? {} : { "last-event-id": id };
      const rest =
        id === undefined || way === "POST with key"
          ? await callSse(url, { body: { prompt: "x" }, headers: { ...key, ...last } })
          : way === "GET"
            ? await callSse(`${url}/${id.split(".")[0]}`, { method: "GET", headers: last })
            : await callSse(url, { body: { prompt: "x" }, headers: last });
      const answers = rest.status === 204 ? [first] : [first, rest];
      const state = reduceAnswers(answers);
      expect({ cut, text: state.text, status: state.status, seq: state.seq }).toEqual({
        cut,
        text: pieces.join(""),
        status: "succeeded",
        seq: state.seq,
      });
      const truth = await callSse(`${url}/${state.run}`, { method: "GET" });
      expect(state).toEqual(reduceAnswers([truth]));
      expect(upstream.calls).toHaveLength(cut + 1);
    }
  },
);

test("a connection that is cut again and again still gives every piece once", async () => {
  const count = 60;
  const { origin, upstream } = await chat(async (res) => {
    openStream(res);
    for (let n = 0; n < count; n++) {
      res.write(chunkFrame(`${n} `));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    res.end(finishFrame() + DONE_FRAME);
  });
  const proxy = await tcpProxy(origin);
  proxy.cutBy = "reset";
  proxy.cutAfterBytes = 900;
  const headers: Record<string, string> = { "idempotency-key": "k" };
  const answers: Awaited<ReturnType<typeof callSse>>[] = [];
  while (!answers.at(-1)?.events.some(({ type }) => type === "end")) {
    const answer = await callSse(`${proxy.origin}/chat`, { body: { prompt: "x" }, headers }).catch(
      () => null,
    );
    if (!answer) continue;
    answers.push(answer);
    const id = answer.ids.at(-1);
    if (id !== undefined) headers["last-event-id"] = id;
    proxy.cutAfterBytes += 60;
  }
  const state = reduceAnswers(answers);
  expect(state.text).toBe(Array.from({ length: count }, (_, n) => `${n} `).join(""));
  expect(answers.length).toBeGreaterThan(2);
  expect(upstream.calls).toHaveLength(1);
});

test("response headers that are lost do not make a second run", async () => {
  const { origin, upstream } = await chat(answerWith("Hello"));
  const proxy = await tcpProxy(origin);
  proxy.cutAfterBytes = 0;
  const call = { body: { prompt: "x" }, headers: { "idempotency-key": "k" } };
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(callSse(`${proxy.origin}/chat`, call)).rejects.toThrow();
  }
  await until(() => upstream.calls.length > 0);
  proxy.cutAfterBytes = Infinity;
  const answer = await callSse(`${proxy.origin}/chat`, call);
  expect(reduceAnswers([answer]).text).toBe("Hello");
  expect(upstream.calls).toHaveLength(1);
});

test("fifty concurrent POSTs of one key are one run and one upstream call", async () => {
  const { url, upstream } = await chat(async (res) => {
    openStream(res);
    await new Promise((resolve) => setTimeout(resolve, 50));
    res.end(chunkFrame("Hello") + DONE_FRAME);
  });
  const call = { body: { prompt: "x" }, headers: { "idempotency-key": "k" } };
  const answers = await Promise.all(Array.from({ length: 50 }, () => callSse(url, call)));
  expect(new Set(answers.map((answer) => reduceAnswers([answer]).run)).size).toBe(1);
  expect(answers.map((answer) => reduceAnswers([answer]).text)).toEqual(Array(50).fill("Hello"));
  expect(upstream.calls).toHaveLength(1);
});

test("a key whose run has expired makes a new run with a new id, and the old id is 410 or 404", async () => {
  const clock = manualClock(Date.now());
  const { url, upstream } = await chat(answerWith("Hello"), {
    clock,
    store: memoryStore({ clock, retainMs: 60_000 }),
  });
  const call = { body: { prompt: "x" }, headers: { "idempotency-key": "k" } };
  const first = await callSse(url, call);
  await clock.advance(60_001);
  const second = await callSse(url, call);
  const [old, fresh] = [reduceAnswers([first]).run, reduceAnswers([second]).run];
  expect(fresh).not.toBe(old);
  expect((await callSse(url, { ...call, headers: { "last-event-id": `${old}.1` } })).status).toBe(410);
  expect((await fetch(`${url}/${old}`)).status).toBe(404);
  expect(upstream.calls).toHaveLength(2);
});

test("a viewer that leaves cancels nothing, and one that comes back within the grace ends it", async () => {
  const clock = manualClock(Date.now());
  const { url, upstream } = await chat(
    (res) => {
      openStream(res);
      res.write(chunkFrame("So far"));
    },
    { clock, abandonAfterMs: 60_000, timeouts: { idleMs: Infinity, totalMs: Infinity } },
  );
  const first = await startRun(url, { until: ({ type }) => type === "text" });
  await first.answer;
  await clock.advance(59_000);
  expect(await stateAt(first.runUrl)).toMatchObject({ status: "running" });

  // Having been asked for its state, it has another grace; and while somebody looks, none runs out.
  const back = gate();
  const again = callSse(first.runUrl, {
    method: "GET",
    until: ({ type }) => {
      if (type === "snapshot") back.open();
      return type === "end";
    },
  });
  await back.opened;
  for (let minute = 0; minute < 5; minute++) await clock.advance(30_000);
  expect(await stateAt(first.runUrl)).toMatchObject({ status: "running" });
  expect(upstream.calls[0]?.socket.destroyed).toBe(false);
  await fetch(`${first.runUrl}/cancel`, { method: "POST" });
  await until(async () => {
    await clock.advance(100);
    return (await stateAt(first.runUrl)).status === "cancelled";
  });
  await again;
});

test("the end of the grace reaches the upstream and is told as abandoned", async () => {
  const clock = manualClock(Date.now());
  const { url, upstream, progress } = await chat(
    (res) => {
      openStream(res);
      res.write(chunkFrame("So far"));
    },
    { clock, abandonAfterMs: 60_000, timeouts: { idleMs: Infinity } },
  );
  const first = await startRun(url, { until: ({ type }) => type === "text" });
  await first.answer;
  await until(async () => {
    await clock.advance(1_000);
    return upstream.calls[0]?.socket.destroyed;
  });
  await clock.advance(1_000);
  expect(await stateAt(first.runUrl)).toMatchObject({
    status: "cancelled",
    reason: "abandoned",
    text: "So far",
  });
  await progress.close();
});

test.each(["memory", ...(whyNoRedis ? [] : ["Redis"])])(
  "a run that its key is asked for once more with respond-async goes on without viewers, in %s",
  async (where) => {
    const clock = manualClock(Date.now());
    const store = where === "memory" ? memoryStore({ clock }) : (await startRedis()).store({ clock });
    const go = gate();
    const job: TaskRun = ({ signal }) =>
      new Promise((resolve, reject) => {
        void go.opened.then(() => resolve("done"));
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const { url } = await taskApp(job, { clock, store, abandonAfterMs: 1_000 });
    const headers = { "idempotency-key": "k" };
    const first = await callSse(url, { body: {}, headers, until: ({ type }) => type === "start" });
    const asked = await callSse(url, { body: {}, headers: { ...headers, prefer: "respond-async" } });
    expect(asked).toMatchObject({ status: 202, headers: { "preference-applied": "respond-async" } });
    const { run } = JSON.parse(asked.body);
    expect(first.events[0]).toMatchObject({ run });
    for (let second = 0; second < 120; second++) {
      await clock.advance(1_000);
      // What Redis answers takes a moment of the real time.
      await new Promise((resolve) => setTimeout(resolve, 5));
      // One who looks for a moment and leaves changes nothing.
      if (second === 60) await callSse(`${url}/${run}`, { method: "GET", until: () => true });
    }
    expect(await stateAt(`${url}/${run}`)).toMatchObject({ status: "running" });
    go.open();
    await until(async () => (await stateAt(`${url}/${run}`)).status === "succeeded");
  },
);

test("with an infinite grace a run goes to its end, whoever looks", async () => {
  const clock = manualClock(Date.now());
  const go = gate();
  const { url } = await chat(
    async (res) => {
      openStream(res);
      res.write(chunkFrame("Hello"));
      await go.opened;
      res.end(chunkFrame(" again") + DONE_FRAME);
    },
    { clock, abandonAfterMs: Infinity, timeouts: { idleMs: Infinity, totalMs: Infinity } },
  );
  const first = await startRun(url, { until: ({ type }) => type === "text" });
  await first.answer;
  await clock.advance(3_600_000);
  go.open();
  await until(async () => (await stateAt(first.runUrl)).status === "succeeded");
});

test("a producer that dies is told to its viewers after lease and backstop, once, with the text kept", async () => {
  const clock = manualClock(Date.now());
  const store = memoryStore({ clock });
  const run = "a-run-of-another-process";
  await store.create({
    run,
    scope: "/chat",
    principal: null,
    key: null,
    fingerprint: "",
    lease: "theirs",
    leaseMs: 15_000,
    isDetached: false,
  });
  await store.append(run, "theirs", 1, [{ type: "text", at: clock.now(), delta: "So far" }]);
  const { url } = await chat(answerWith("unused"), { clock, store, heartbeatMs: 0 });
  const arrived: string[] = [];
  const watch = () =>
    callSse(`${url}/${run}`, {
      method: "GET",
      until: ({ type }) => {
        arrived.push(type);
        return false;
      },
    });
  const viewers = [watch(), watch()];
  await until(() => arrived.filter((type) => type === "snapshot").length === 2);
  await clock.advance(14_000);
  await clock.advance(6_500);
  for (const answer of await Promise.all(viewers)) {
    expect(answer.events.map(({ type }) => type)).toEqual(["open", "snapshot", "end"]);
    expect(answer.events.at(-1)).toMatchObject({ status: "failed", error: { code: "producer_lost" } });
    expect(reduceAnswers([answer]).text).toBe("So far");
  }
});

test("a job that is silent for long keeps its lease", async () => {
  const clock = manualClock(Date.now());
  const go = gate();
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(progress.task({ run: () => go.opened.then(() => "done") }));
    },
    { clock, heartbeatMs: 0 },
  );
  const { answer } = await startRun(origin);
  for (let second = 0; second < 120; second++) await clock.advance(1_000);
  go.open();
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "succeeded" });
});

test("while nothing happens a comment keeps the connection alive", async () => {
  const clock = manualClock(Date.now());
  const go = gate();
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(progress.task({ run: () => go.opened }));
    },
    { clock, heartbeatMs: 15_000 },
  );
  const { answer } = await startRun(origin);
  await clock.advance(46_000);
  go.open();
  const { body } = await answer;
  expect(body.match(/^: hb$/gm)).toHaveLength(3);
});

test("a hundred viewers at different points all converge on one log", async () => {
  const { url, upstream } = await chat(async (res) => {
    openStream(res);
    for (let n = 0; n < 200; n++) {
      res.write(chunkFrame(`${n} `));
      if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    res.end(finishFrame() + DONE_FRAME);
  });
  const { run, answer } = await startRun(url);
  const viewers = Array.from({ length: 100 }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, n));
    return callSse(`${url}/${run}`, { method: "GET" });
  });
  const truth = reduceAnswers([await answer]);
  for (const viewer of await Promise.all(viewers)) {
    expect(reduceAnswers([viewer])).toEqual(truth);
    expect(viewer.events.filter(({ type }) => type === "snapshot").length).toBeLessThanOrEqual(1);
  }
  expect(upstream.calls).toHaveLength(1);
});

test("a cancel that meets the finish gives one end, whichever comes first", async () => {
  const ends: string[] = [];
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(
        progress.task({
          async run({ input }) {
            for (let turn = 0; turn < Number(input); turn++)
              await new Promise((resolve) => setImmediate(resolve));
          },
        }),
      );
    },
    { onEnd: ({ status }) => void ends.push(status) },
  );
  for (let turns = 0; turns < 40; turns++) {
    const { runUrl, answer } = await openRun(origin, { body: turns });
    await fetch(`${runUrl}/cancel`, { method: "POST" });
    const { events } = await answer;
    expect(events.filter(({ type }) => type === "end")).toHaveLength(1);
    expect(events.at(-1)?.type).toBe("end");
  }
  expect(ends).toHaveLength(40);
});

test("an event that comes while a viewer is reading is read as well, though no other wakes it", async () => {
  const inner = memoryStore();
  const hasRead = gate();
  const goOn = gate();
  const hasSeen = gate();
  let reads = 0;
  const store: RunStore = {
    ...inner,
    async read(run, cursor) {
      const page = await inner.read(run, cursor);
      // The second look of the viewer: by now it has the start.
      if (++reads === 2) {
        hasRead.open();
        await goOn.opened;
      }
      return page;
    },
  };
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(
        progress.task({
          async run({ text }) {
            await new Promise((resolve) => setImmediate(resolve));
            text("first");
            await hasRead.opened;
            text(" second");
            await new Promise((resolve) => setImmediate(resolve));
            goOn.open();
            await hasSeen.opened;
          },
        }),
      );
    },
    { store, clock: manualClock(Date.now()) },
  );
  let seen = "";
  await callSse(origin, {
    body: {},
    until: (event) => {
      if (event.type === "text") seen += event.delta;
      if (seen.endsWith("second")) hasSeen.open();
      return seen.endsWith("second");
    },
  });
  expect(seen).toBe("first second");
});
