import { randomUUID } from "node:crypto";
import type { RunState } from "@ai-progress-stream/protocol";
import { describe, expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { type NodeSettings, startNode } from "../support/nodes.js";
import { startRedis, whyNoRedis } from "../support/redis.js";
import {
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  type Script,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers, type SseAnswer, type SseCall } from "../support/sse-client.js";

async function fleet(script: Script, server: NodeSettings["server"] = {}, store: NodeSettings["store"] = {}) {
  const upstream = await scriptedUpstream(script);
  const redis = await startRedis();
  const [a, b] = await Promise.all([
    startNode(redis, upstream.baseURL, { leaseMs: 1_500, backstopMs: 300, ...server }, store),
    startNode(redis, upstream.baseURL, { leaseMs: 1_500, backstopMs: 300, ...server }, store),
  ]);
  return { a, b, redis, upstream };
}

/**
 * Starts a run, again where Redis was too slow for it; gives its id when `open` is there, and what comes of the viewer that
 * started it.
 */
function start(url: string, call: SseCall = {}): Promise<{ run: string; answer: Promise<SseAnswer> }> {
  const headers = { "idempotency-key": randomUUID(), ...call.headers };
  return until(async () => {
    const opened = gate<string>();
    const answer = callSse(url, {
      body: { prompt: "x" },
      ...call,
      headers,
      until: (event, seq) => {
        if (event.type === "open") opened.open(event.run);
        return call.until?.(event, seq) ?? false;
      },
    });
    const run = await Promise.race([opened.opened, answer]);
    if (typeof run === "string") return { run, answer };
    expect(run.status).toBe(503);
    return false;
  });
}

/** Follows a run as a client does: reconnects with its last id until there is an end or nothing left. */
async function follow(url: string, run: string): Promise<{ state: RunState; answers: SseAnswer[] }> {
  const answers: SseAnswer[] = [];
  let id: string | undefined;
  await until(async () => {
    const headers: Record<string, string> = id === undefined ? {} : { "last-event-id": id };
    const answer = await callSse(`${url}/${run}`, { method: "GET", headers }).catch(() => null);
    if (answer === null || answer.status === 503) return false;
    answers.push(answer);
    id = answer.ids.at(-1) ?? id;
    return answer.status !== 200 || hasEnd(answer);
  });
  return { state: reduceAnswers(answers.filter(({ status }) => status === 200)), answers };
}

const hasEnd = ({ events }: SseAnswer): boolean =>
  events.some(
    (event) => event.type === "end" || (event.type === "snapshot" && event.state.status !== "running"),
  );

const endsIn = (answers: readonly SseAnswer[]) =>
  answers.flatMap(({ events }) => events.filter(({ type }) => type === "end"));

/** Says `before`, waits for the gate, says `after`. */
function inTwoParts(before: string, after: string) {
  const go = gate();
  const script: Script = async (res) => {
    openStream(res);
    res.write(chunkFrame(before));
    await go.opened;
    res.end(chunkFrame(after) + finishFrame() + DONE_FRAME);
  };
  return { go, script };
}

const silent: Script = (res) => {
  openStream(res);
  res.write(chunkFrame("So far"));
};

/** So many numbers, a few milliseconds apart. */
const counting =
  (count: number): Script =>
  async (res) => {
    openStream(res);
    for (let n = 0; n < count && !res.destroyed; n++) {
      res.write(chunkFrame(`${n} `));
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    res.end(finishFrame() + DONE_FRAME);
  };
const counted = (count: number): string => Array.from({ length: count }, (_, n) => `${n} `).join("");

describe.skipIf(whyNoRedis !== null)("two nodes on one Redis", () => {
  test("a run that was started on one is followed on the other, from any point, to the same state", async () => {
    const { go, script } = inTwoParts("Hello ", "again");
    const { a, b, upstream } = await fleet(script);
    const { run, answer } = await start(a.url);
    const seen = gate();
    const onB = callSse(`${b.url}/${run}`, {
      method: "GET",
      until: (event) => {
        if (event.type === "text" || (event.type === "snapshot" && event.state.text !== "")) seen.open();
        return false;
      },
    });
    await seen.opened;
    go.open();
    const truth = reduceAnswers([await answer]);
    expect(truth).toMatchObject({ status: "succeeded", text: "Hello again" });
    expect(reduceAnswers([await onB])).toEqual(truth);
    const later = await callSse(`${b.url}/${run}`, { method: "GET" });
    expect(later.events.map(({ type }) => type)).toEqual(["open", "snapshot"]);
    expect(reduceAnswers([later])).toEqual(truth);
    expect(await (await fetch(`${b.url}/${run}`)).json()).toEqual(truth);
    const resumed = await callSse(b.url, { body: {}, headers: { "last-event-id": `${run}.1` } });
    expect(resumed.ids.at(0)).toBe(`${run}.2`);
    expect(upstream.calls).toHaveLength(1);
  });

  test("fifty concurrent POSTs of one key over both are one run and one upstream call", async () => {
    const { a, b, upstream } = await fleet(counting(30));
    const headers = { "idempotency-key": "k" };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        callSse((n % 2 === 0 ? a : b).url, { body: { prompt: "x" }, headers }),
      ),
    );
    const states = answers.map((answer) => reduceAnswers([answer]));
    expect(new Set(states.map(({ run }) => run)).size).toBe(1);
    expect(states.map(({ text }) => text)).toEqual(Array(50).fill(counted(30)));
    expect(upstream.calls).toHaveLength(1);
    const other = await callSse(b.url, { body: { prompt: "something else" }, headers });
    expect(other.status).toBe(409);
  });

  test("a cancel on one reaches the upstream of the other", async () => {
    const { a, b, upstream } = await fleet(silent);
    const { run, answer } = await start(a.url);
    const call = await until(() => upstream.calls[0]);
    expect((await fetch(`${b.url}/${run}/cancel`, { method: "POST" })).status).toBe(202);
    await call.closed;
    expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "cancelled", reason: "user" });
    expect((await follow(b.url, run)).state).toMatchObject({ status: "cancelled", reason: "user" });
  });

  test("a viewer on one keeps a run of the other alive, and its leaving lets it go", async () => {
    const { a, b, upstream } = await fleet(silent, { abandonAfterMs: 1_000 });
    const { run, answer } = await start(a.url, { until: ({ type }) => type === "text" });
    const viewer = callSse(`${b.url}/${run}`, {
      method: "GET",
      until: (event) => event.type === "end",
    });
    await answer;
    const call = await until(() => upstream.calls[0]);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(call.socket.destroyed).toBe(false);
    b.process.kill("SIGKILL");
    await viewer;
    await call.closed;
    expect((await follow(a.url, run)).state).toMatchObject({ status: "cancelled", reason: "abandoned" });
  });

  test("a producer that is killed is told to the other's viewers, once, with its text kept", async () => {
    const { a, b } = await fleet(silent);
    const { run, answer } = await start(a.url, { until: ({ type }) => type === "text" });
    await answer;
    const watching = gate();
    let count = 0;
    const viewers = Array.from({ length: 5 }, () =>
      callSse(`${b.url}/${run}`, {
        method: "GET",
        until: ({ type }) => {
          if (type === "snapshot" && ++count === 5) watching.open();
          return false;
        },
      }),
    );
    await watching.opened;
    a.process.kill("SIGKILL");
    for (const viewer of await Promise.all(viewers)) {
      expect(viewer.events.map(({ type }) => type)).toEqual(["open", "snapshot", "end"]);
      expect(viewer.events.at(-1)).toMatchObject({ status: "failed", error: { code: "producer_lost" } });
      expect(reduceAnswers([viewer]).text).toBe("So far");
    }
    expect((await follow(b.url, run)).state).toMatchObject({ seq: 3, status: "failed" });
  });

  test("a producer that was stopped and wakes up is refused, and lets go of its upstream", async () => {
    const { a, b, upstream } = await fleet(silent);
    const { run, answer } = await start(a.url, { until: ({ type }) => type === "text" });
    await answer;
    const call = await until(() => upstream.calls[0]);
    a.process.kill("SIGSTOP");
    const { state } = await follow(b.url, run);
    expect(state).toMatchObject({ status: "failed", error: { code: "producer_lost" }, text: "So far" });
    expect(call.socket.destroyed).toBe(false);
    a.process.kill("SIGCONT");
    await call.closed;
    expect((await follow(b.url, run)).state).toEqual(state);
  });

  test("connections to Redis that are killed again and again cost no character, on either node", async () => {
    const { a, b, redis, upstream } = await fleet(counting(400), { leaseMs: 15_000 });
    const { run, answer } = await start(a.url);
    const followed = Promise.all(Array.from({ length: 10 }, () => follow(b.url, run)));
    for (let round = 0; round < 12; round++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await redis.command("CLIENT", "KILL", "TYPE", round % 2 === 0 ? "normal" : "pubsub");
    }
    const truth = (await follow(a.url, run)).state;
    expect(truth).toMatchObject({ status: "succeeded", text: counted(400) });
    for (const { state, answers } of await followed) {
      expect(state).toEqual(truth);
      expect(endsIn(answers).length).toBeLessThanOrEqual(1);
    }
    await answer;
    expect(upstream.calls).toHaveLength(1);
  });

  test("a Redis that stands still for a while refuses new runs with 503, and the running ones recover", async () => {
    const { go, script } = inTwoParts("Hello ", "again");
    const { a, b, redis, upstream } = await fleet(script, { leaseMs: 15_000 }, { timeoutMs: 2_000 });
    const { run, answer } = await start(a.url, { until: ({ type }) => type === "text" });
    await answer;
    const followed = follow(b.url, run);
    const goOn = redis.standStill();
    go.open();
    const refused = await callSse(b.url, { body: { prompt: "x" }, headers: { "idempotency-key": "k" } });
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBe("5");
    expect(JSON.parse(refused.body)).toMatchObject({ code: "overloaded", retryable: true });
    goOn();
    expect((await followed).state).toMatchObject({ status: "succeeded", text: "Hello again" });
    const retried = await until(async () => {
      const again = await callSse(b.url, { body: { prompt: "x" }, headers: { "idempotency-key": "k" } });
      return again.status === 200 && again;
    });
    expect(reduceAnswers([retried]).text).toBe("Hello again");
    expect(upstream.calls).toHaveLength(2);
  });

  test("a producer whose store stays away buffers up to its cap, then lets go of its upstream; its viewers are told", async () => {
    const { a, b, redis, upstream } = await fleet(
      async (res) => {
        openStream(res);
        for (let n = 0; !res.destroyed; n++) {
          res.write(chunkFrame(`${n} `));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
      { limits: { pendingChars: 500 } },
      { timeoutMs: 1_000 },
    );
    const { run, answer } = await start(a.url, { until: ({ type }) => type === "text" });
    await answer;
    const call = await until(() => upstream.calls[0]);
    const goOn = redis.standStill();
    await call.closed;
    expect((await callSse(b.url, { body: { prompt: "x" } })).status).toBe(503);
    goOn();
    const { state } = await follow(b.url, run);
    expect(state).toMatchObject({ status: "failed", error: { code: "producer_lost", retryable: true } });
    expect(state.text).toMatch(/^0 /);
    for (const node of [a, b]) expect(node.logged.length).toBeLessThan(10);
  });

  test("a Redis that dies and comes back empty is survived: viewers are told, new runs are made, the log stays short", async () => {
    const { a, b, redis, upstream } = await fleet(silent, { leaseMs: 1_500 }, { timeoutMs: 2_000 });
    const { run } = await start(a.url);
    const viewers = Array.from({ length: 50 }, () => callSse(`${b.url}/${run}`, { method: "GET" }));
    const call = await until(() => upstream.calls[0]);
    await redis.kill();
    for (let n = 0; n < 100; n++) {
      const refused = await callSse((n % 2 ? a : b).url, { body: { prompt: "x" } });
      expect(refused.status).toBe(503);
    }
    await redis.start();
    await call.closed;
    await Promise.all(viewers);
    const fresh = await until(async () => {
      const next = await callSse(b.url, { body: { prompt: "x" }, until: ({ type }) => type === "text" });
      return next.status === 200 && next;
    });
    expect(reduceAnswers([fresh]).text).toBe("So far");
    expect((await fetch(`${b.url}/${run}`)).status).toBe(404);
    for (const node of [a, b]) {
      expect(node.process.exitCode).toBeNull();
      // Once, and once more where a busy machine made it slow.
      expect(node.logged.some(({ message }) => message === "Redis is away")).toBe(true);
      expect(node.logged.length).toBeLessThan(10);
    }
  });

  test("with two hundred viewers each process has two connections, and the end leaves no subscription and no key", async () => {
    const { go, script } = inTwoParts("Hello ", "again");
    const { a, b, redis, upstream } = await fleet(script, {}, { retainMs: 1_000 });
    const { run, answer } = await start(a.url);
    await until(() => upstream.calls[0]);
    let watching = 0;
    const viewers = Array.from({ length: 200 }, (_, n) =>
      callSse(`${(n % 2 ? a : b).url}/${run}`, {
        method: "GET",
        until: ({ type }) => {
          if (type === "snapshot") watching++;
          return false;
        },
      }),
    );
    await until(() => watching === 200);
    const list = String(await redis.command("CLIENT", "LIST"))
      .trim()
      .split("\n");
    expect(list.filter((line) => line.includes(" name=ai-progress-stream "))).toHaveLength(4);
    const channels = (await redis.command("PUBSUB", "CHANNELS")) as string[];
    expect(channels).toHaveLength(2);
    go.open();
    const truth = reduceAnswers([await answer]);
    for (const viewer of await Promise.all(viewers)) expect(reduceAnswers([viewer])).toEqual(truth);
    await until(async () => ((await redis.command("PUBSUB", "CHANNELS")) as string[]).length === 0);
    await until(async () => (await redis.command("DBSIZE")) === 0);
    for (const node of [a, b]) {
      node.process.kill("SIGTERM");
      expect(await node.exited).toBe(0);
    }
  });
});
