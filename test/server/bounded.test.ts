import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import {
  memoryStore,
  openaiChat,
  type ProgressServerOptions,
  type RunStore,
  StoreError,
} from "@ai-progress-stream/server";
import { expect, onTestFinished, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { httpRequest, rawSocket } from "../support/raw-socket.js";
import {
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { openRun, type TaskRun, taskApp } from "../support/task-app.js";

/** A viewer that sends its request and then reads only as much as it is told. */
async function lazyViewer(url: string, body: string) {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  return socket;
}

/** Resolves when there is room again, or nobody to write to. */
function drainOrClose(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      res.off("drain", finish).off("close", finish);
      resolve();
    };
    res.on("drain", finish).on("close", finish);
  });
}

/** A server whose responses can be looked at. */
async function watchedApp(megabytes: number, options: ProgressServerOptions = {}) {
  const upstream = await scriptedUpstream(async (res) => {
    openStream(res);
    const frame = chunkFrame("x".repeat(1_000)).repeat(100);
    for (let sent = 0; sent < megabytes * 10 && !res.destroyed; sent++) {
      if (!res.write(frame)) await drainOrClose(res);
    }
    res.end(finishFrame() + DONE_FRAME);
  });
  const responses: ServerResponse[] = [];
  const app = await progressApp(
    (express, progress) => {
      express.use((_req, res, next) => {
        responses.push(res);
        next();
      });
      const provider = openaiChat({ baseURL: upstream.baseURL });
      express.use("/chat", progress.relay({ provider, models: { default: "m" } }));
    },
    { limits: { textChars: 100_000_000, upstreamBytes: Infinity }, ...options },
  );
  return { ...app, url: `${app.origin}/chat`, upstream, responses };
}

test("a viewer that stops reading holds a bounded amount, hinders nobody, and is caught up by a snapshot", async () => {
  const { url, responses } = await watchedApp(20);
  const lazy = await lazyViewer(url, '{"prompt":"x"}');
  const response = await until(() => responses[0]);
  let most = 0;
  const sampler = setInterval(() => {
    most = Math.max(most, response.writableLength);
  }, 1);
  const location = await until(() => response.getHeader("content-location"));
  const other = await callSse(url.replace("/chat", String(location)), { method: "GET" });
  clearInterval(sampler);
  const truth = reduceAnswers([other]);
  expect(truth).toMatchObject({ status: "succeeded" });
  expect(truth.text).toHaveLength(20_000_000);
  expect(most).toBeLessThanOrEqual(262_144);

  const chunks: Buffer[] = [];
  lazy.on("data", (chunk) => chunks.push(chunk));
  lazy.resume();
  await new Promise((resolve) => lazy.on("close", resolve));
  const received = Buffer.concat(chunks).toString("latin1");
  expect(received.match(/^event: snapshot$/gm)).toHaveLength(1);
  expect(received).toContain('"status":"succeeded"');
  // What it got before it stopped, and one snapshot: not the whole history.
  expect(received.length).toBeLessThan(20_000_000 + 10_000_000);
});

test("a viewer that takes no byte for the stall time is dropped; the run goes on", async () => {
  const clock = manualClock(Date.now());
  const { url, responses, upstream } = await watchedApp(20, {
    clock,
    stallMs: 30_000,
    abandonAfterMs: Infinity,
    timeouts: { idleMs: Infinity, totalMs: Infinity },
  });
  await lazyViewer(url, '{"prompt":"x"}');
  const response = await until(() => responses[0]?.writableNeedDrain && responses[0]);
  await until(() => upstream.calls[0]?.socket.destroyed || upstream.calls[0]);
  const run = String(response.getHeader("content-location"));
  await clock.advance(29_000);
  expect(response.destroyed).toBe(false);
  await clock.advance(1_001);
  expect(response.destroyed).toBe(true);
  await until(async () => {
    const state = (await (await fetch(url.replace("/chat", run))).json()) as { status: string };
    return state.status === "succeeded";
  });
});

test("a store that is full of running runs answers 503 with Retry-After and loses nothing", async () => {
  const go = gate();
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(progress.task({ run: () => go.opened.then(() => "done") }));
    },
    { store: memoryStore({ maxRuns: 2 }) },
  );
  const running = [callSse(origin, { body: {} }), callSse(origin, { body: {} })];
  const refused = await until(async () => {
    const answer = await callSse(origin, { body: {}, until: ({ type }) => type === "open" });
    return answer.status === 503 && answer;
  });
  expect(refused.headers["retry-after"]).toBe("5");
  expect(JSON.parse(refused.body)).toMatchObject({ code: "overloaded", retryable: true });
  go.open();
  for (const answer of await Promise.all(running)) expect(reduceAnswers([answer]).result).toBe("done");
  expect((await callSse(origin, { body: {} })).status).toBe(200);
});

test("a late viewer of 20,000 deltas gets one snapshot and no history", async () => {
  const { origin } = await progressApp((app, progress) => {
    app.use(
      progress.task({
        async run({ text }) {
          for (let n = 0; n < 20_000; n++) {
            text(`${n} `);
            if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
            else await null;
          }
        },
      }),
    );
  });
  const first = await callSse(origin, { body: {} });
  const state = reduceAnswers([first]);
  const late = await callSse(`${origin}/${state.run}`, { method: "GET" });
  expect(late.events.map(({ type }) => type)).toEqual(["open", "snapshot"]);
  expect(reduceAnswers([late])).toEqual(state);
});

test("a value that is too large for an event is the job's error", async () => {
  const { origin, logged } = await progressApp((app, progress) => {
    app.use(progress.task({ run: () => "x".repeat(300_000) }));
  });
  expect(reduceAnswers([await callSse(origin, { body: {} })]).error?.code).toBe("internal");
  expect(JSON.stringify(logged)).toContain("limits.valueChars");
});

test.each<[string, (value: unknown) => TaskRun]>([
  ["result", (value) => () => value],
  [
    "custom event",
    (value) =>
      ({ custom }) =>
        custom("deep", value),
  ],
])("a %s that is nested too deeply is the job's error, and not the process's", async (_, runOf) => {
  // Whoever counts or encodes it later stands deeper in the stack than the job did: each depth is another place to fail.
  for (const depth of [500, 501, 1_000, 2_000, 4_000, 8_000, 100_000]) {
    const { url, logged } = await taskApp(runOf(JSON.parse("[".repeat(depth) + "]".repeat(depth))));
    const state = reduceAnswers([await callSse(url, { body: {} })]);
    if (depth === 500) {
      expect(state.status).toBe("succeeded");
      continue;
    }
    expect(state.error?.code).toBe("internal");
    expect(JSON.stringify(logged)).toContain("nested more than 500 levels deep");
  }
});

test.each(["at once", "when it is asked again"])(
  "a store that throws %s loses the run, which is told, and not the process",
  async (when) => {
    const clock = manualClock(Date.now());
    const inner = memoryStore({ clock });
    let appends = 0;
    const store: RunStore = {
      ...inner,
      append() {
        appends++;
        if (when !== "at once" && appends === 1) return Promise.reject(new StoreError("unavailable", "away"));
        throw new TypeError("a broken store");
      },
    };
    const { url, logged } = await taskApp(({ text }) => text("Hello"), { clock, store });
    const { answer } = await openRun(url);
    await until(async () => {
      await clock.advance(1_000);
      return logged.some(({ message }) => message === "run lost to its producer");
    });
    for (let second = 0; second < 30; second++) await clock.advance(1_000);
    expect(reduceAnswers([await answer]).error?.code).toBe("producer_lost");
  },
);

test("a renewal that the run's own end has overtaken is no loss, and none is told", async () => {
  const inner = memoryStore();
  const refused = gate();
  let wake = (): void => {};
  const ends: string[] = [];
  const store: RunStore = {
    ...inner,
    watchOrders(_run, listener) {
      wake = listener;
      return () => {};
    },
    renew: (run, lease) =>
      inner.renew(run, lease).catch((error: unknown) => {
        setImmediate(refused.open);
        throw error;
      }),
    append(run, lease, firstSeq, events) {
      const answer = inner.append(run, lease, firstSeq, events);
      if (events.at(-1)?.type !== "end") return answer;
      // It is written, and its answer is on its way.
      wake();
      return refused.opened.then(() => answer);
    },
  };
  const { url, logged } = await taskApp(() => "done", {
    store,
    onEnd: ({ status }) => void ends.push(status),
  });
  expect(reduceAnswers([await callSse(url, { body: {} })])).toMatchObject({ status: "succeeded" });
  await until(() => ends.length > 0);
  expect(ends).toEqual(["succeeded"]);
  expect(logged).toEqual([]);
});

test("viewers that stop reading in the middle of a long snapshot share its bytes", async () => {
  const { origin } = await progressApp((app, progress) => {
    app.use(progress.task({ run: ({ text }) => text("x".repeat(4_000_000)) }));
  });
  const { run } = reduceAnswers([await callSse(origin, { body: {} })]);
  const before = process.memoryUsage().arrayBuffers;
  const viewers = Array.from({ length: 40 }, () => rawSocket(origin, { isPaused: true }).socket);
  for (const viewer of viewers) {
    viewer.write(httpRequest("GET", `/${run}`, { accept: "text/event-stream" }));
  }
  // A paused socket tells nothing of what comes: this is time enough for all of them to be written to.
  await new Promise((resolve) => setTimeout(resolve, 500));
  // Forty copies would be 160 MB, less what the kernel has taken.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40_000_000);
});

test("viewers that stop reading at different places of a long run hold one snapshot, and all converge", async () => {
  const responses: ServerResponse[] = [];
  const go = gate();
  let say: (delta: string) => void = () => {};
  const { origin } = await progressApp(
    (app, progress) => {
      app.use((_req, res, next) => {
        responses.push(res);
        next();
      });
      app.use(
        progress.task({
          run({ text }) {
            say = text;
            text("\u6f22".repeat(3_900_000));
            return go.opened;
          },
        }),
      );
    },
    { abandonAfterMs: Number.POSITIVE_INFINITY },
  );
  const { run, answer } = await openRun(origin, { until: (_event, seq) => seq !== null });
  await answer;
  const before = process.memoryUsage().arrayBuffers;
  const viewers: ReturnType<typeof rawSocket>[] = [];
  for (let count = 2; count <= 31; count++) {
    const viewer = rawSocket(origin, { isPaused: true });
    viewer.socket.write(httpRequest("GET", `/${run}`, { accept: "text/event-stream", connection: "close" }));
    viewers.push(viewer);
    await until(() => responses.length === count && responses.at(-1)?.writableNeedDrain);
    say("y".repeat(1_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Thirty copies would be 350 MB, less what the kernel has taken.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);

  go.open();
  for (const { socket } of viewers.slice(-3)) {
    let rest = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      rest = (rest + chunk).slice(-200_000);
    });
    await new Promise((resolve) => socket.once("close", resolve).resume());
    expect(rest.match(/^event: end$/gm)).toHaveLength(1);
    const numbers = [...rest.matchAll(/^id: .*\.(\d+)$/gm)].map(([, number]) => Number(number));
    expect(numbers.length).toBeGreaterThan(1);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  }
});

test("a job is slowed down while the store is away, whatever it says", async () => {
  const inner = memoryStore();
  const held = gate();
  let isAway = false;
  const store: RunStore = {
    ...inner,
    async append(...batch) {
      if (isAway) await held.opened;
      return inner.append(...batch);
    },
  };
  let said = 0;
  const { url } = await taskApp(
    async ({ custom, ready }) => {
      isAway = true;
      for (; said < 50; said++) {
        custom("page", "x".repeat(100_000));
        await new Promise((resolve) => setImmediate(resolve));
        await ready();
      }
    },
    { store },
  );
  const answer = callSse(url, { body: {} });
  await until(() => said > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(said).toBeLessThan(5);
  isAway = false;
  held.open();
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "succeeded" });
  expect(said).toBe(50);
});

test("a job that names ever new stages ends as output_limit, with as many as a run may have", async () => {
  const { url, logged } = await taskApp(
    async ({ stage }) => {
      for (let n = 0; n < 200; n++) await stage(`stage ${n}`, () => {});
    },
    { limits: { stages: 50 } },
  );
  const state = reduceAnswers([await callSse(url, { body: {} })]);
  expect(state).toMatchObject({
    status: "failed",
    error: { code: "output_limit", message: "The job has named more stages than a run may have." },
  });
  expect(state.stages).toHaveLength(50);
  expect(JSON.stringify(logged)).toContain("limits.stages");
});

test("a plan of more stages than a run may have is a run that fails, not one without an end", async () => {
  const stages = Array.from({ length: 51 }, (_, n) => ({ id: `${n}`, label: "" }));
  const { origin } = await progressApp(
    (app, progress) => void app.use(progress.task({ stages, run: () => "never" })),
    { limits: { stages: 50 } },
  );
  const state = reduceAnswers([await callSse(origin, { body: {} })]);
  expect(state).toMatchObject({ status: "failed", error: { code: "output_limit" }, result: null });
});

test("what a job says of its stages is kept short, however long it is", async () => {
  const long = "x".repeat(1_000_000);
  const { url } = await taskApp(async ({ stage, skip, progress }) => {
    await stage("a", (s) => s.progress({ completed: 1, unit: long, message: long }));
    skip("b", long);
    progress({ message: long });
  });
  const { body } = await callSse(url, { body: {} });
  expect(body).toContain(`${"x".repeat(1_999)}…`);
  expect(body.length).toBeLessThan(20_000);
});

test.each<[string, TaskRun]>([
  ["stage", ({ stage }) => stage("x".repeat(201), () => {})],
  ["custom event", ({ custom }) => custom("x".repeat(201), 1)],
])("a name of a %s that is too long is the job's error, and quoted shortly", async (what, run) => {
  const { url, logged } = await taskApp(run);
  expect(reduceAnswers([await callSse(url, { body: {} })]).error?.code).toBe("internal");
  const line = JSON.stringify(logged);
  expect(line).toMatch(new RegExp(`The name of a ${what} is \\W+x+….*200 characters at the most`));
});
