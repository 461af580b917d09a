import type { LoggedEvent } from "@ai-progress-stream/protocol";
import type { Answer, Logger, NewRun, RunStore } from "@ai-progress-stream/server";
import { type RedisStoreOptions, redisStore } from "@ai-progress-stream/server/redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { REDIS_SECRET, startRedis, whyNoRedis } from "../support/redis.js";
import { type StoreProcess, startStoreProcess } from "../support/remote-store.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { describeRunStore } from "../support/store-contract.js";
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.js";

let count = 0;
function newRun(spec: Partial<NewRun> = {}): NewRun {
  count++;
  return {
    run: `run-${String(count).padStart(18, "0")}`,
    scope: "/api",
    principal: null,
    key: null,
    fingerprint: "same",
    lease: `lease-${count}`,
    leaseMs: 15_000,
    isDetached: false,
    ...spec,
  };
}
const owner = { scope: "/api", principal: null };
const text = (delta: string): LoggedEvent => ({ type: "text", at: 1, delta });
const end: LoggedEvent = { type: "end", at: 2, status: "succeeded" };

/** Breaks all connections while one of them is being asked, as an outage does. */
async function breakWhileAsked(proxy: TcpProxy, ask: () => Promise<unknown>): Promise<void> {
  proxy.isStalled = true;
  const asked = ask();
  // It is sent by then, and stands before the cut.
  await new Promise(setImmediate);
  const before = proxy.connections;
  proxy.isStalled = false;
  proxy.cutNow();
  await until(() => proxy.connections >= before + 2);
  expect(await asked).not.toBeNull();
}

function recordingLogger() {
  const lines: string[] = [];
  const log = (_fields: object, message?: string) => lines.push(message ?? "");
  return { lines, logger: { debug() {}, info: log, warn: log, error: log } as Logger };
}

test("a store without a usable secret, url or prefix is a clear error at the start", () => {
  const url = "redis://127.0.0.1:1";
  const make = (options: object) => () => redisStore(options as never);
  expect(make({ url })).toThrow(/needs a secret of 16 characters or more.*openssl rand/);
  expect(make({ url, secret: "short" })).toThrow(/needs a secret/);
  expect(make({ secret: REDIS_SECRET })).toThrow(/needs the url of Redis/);
  expect(make({ url: "http://u:hunter2@h", secret: REDIS_SECRET })).toThrow(/not one of Redis/);
  expect(make({ url: "http://u:hunter2@h", secret: REDIS_SECRET })).not.toThrow(/hunter2/);
  expect(make({ url, secret: REDIS_SECRET, prefix: "a{b}" })).toThrow(/braces/);
});

describe.skipIf(whyNoRedis !== null)("with a real Redis", () => {
  describeRunStore("the Redis store", async () => {
    const redis = await startRedis();
    const clock = manualClock();
    const store = redis.store({ clock });
    return { store, other: store, clock };
  });

  describeRunStore("the Redis store of two nodes", async () => {
    const redis = await startRedis();
    const clock = manualClock();
    return { store: redis.store({ clock }), other: redis.store({ clock }), clock };
  });

  describe("of two processes", () => {
    let process: StoreProcess;
    beforeAll(async () => {
      process = await startStoreProcess();
    });
    afterAll(() => process.kill());

    describeRunStore("the Redis store of two processes", async () => {
      const redis = await startRedis();
      const clock = manualClock();
      return { store: redis.store({ clock }), other: process.store(redis, clock), clock };
    });
  });

  test("it goes by the time of Redis, and a node's clock that is wrong ends no lease and no presence", async () => {
    const redis = await startRedis();
    const store = redis.store();
    const spec = newRun();
    await store.create(spec);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    expect(await store.reap(spec.run)).toBe(false);
    const untilAt = Date.now() + 60_000;
    await store.attend(spec.run, "viewer", untilAt);
    const { attendedUntil } = await store.renew(spec.run, spec.lease);
    expect(Math.abs(attendedUntil - untilAt)).toBeLessThan(10_000);
    const dead = newRun({ leaseMs: 100 });
    await store.create(dead);
    await until(() => store.reap(dead.run));
    expect(await store.find(dead.run, owner)).toMatchObject({ status: "failed", head: 1 });
  });

  test("all keys of a run share one hash tag and have an expiry from the moment they exist", async () => {
    const redis = await startRedis();
    const store = redis.store({ retainMs: 60_000 });
    const spec = newRun({ key: "k" });
    const ttls = async () => {
      const keys = (await redis.command("KEYS", "*")) as string[];
      return Promise.all(keys.map(async (key) => ({ key, ttl: Number(await redis.command("PTTL", key)) })));
    };
    await store.create(spec);
    expect(await ttls()).toHaveLength(2);
    await store.attend(spec.run, "viewer", Date.now() + 5_000);
    await store.append(spec.run, spec.lease, 1, [
      text("a"),
      { type: "text", at: 1, delta: "b", channel: "reasoning", replace: true },
    ]);
    const running = await ttls();
    expect(running).toHaveLength(6);
    for (const { ttl } of running) expect(ttl).toBeGreaterThan(60_000);
    const ofRun = running.filter(({ key }) => !key.includes(":key:"));
    expect(ofRun).toHaveLength(5);
    for (const { key } of ofRun) expect(key).toContain(`:{${spec.run}}:`);
    await store.append(spec.run, spec.lease, 3, [end]);
    for (const { ttl } of await until(async () => {
      const ended = await ttls();
      return ended.every((entry) => entry.ttl <= 60_000) && ended;
    })) {
      expect(ttl).toBeGreaterThan(0);
    }
  });

  test("names, keys and bodies are nowhere to be read in Redis", async () => {
    const redis = await startRedis();
    const store = redis.store();
    const spec = newRun({ principal: "ann@example.org", key: "the-key-of-ann", fingerprint: "the-digest" });
    await store.create(spec);
    await store.attend(spec.run, "viewer", Date.now());
    await store.append(spec.run, spec.lease, 1, [text("Hello")]);
    const keys = (await redis.command("KEYS", "*")) as string[];
    let all = keys.join();
    for (const key of keys) {
      const read = {
        hash: ["HGETALL"],
        zset: ["ZRANGE", "0", "-1"],
        stream: ["XRANGE", "-", "+"],
        string: ["GET"],
      };
      const [command = "", ...range] = read[(await redis.command("TYPE", key)) as keyof typeof read];
      all += JSON.stringify(await redis.command(command, key, ...range));
    }
    expect(all).toContain("Hello");
    for (const secret of ["ann@example", "the-key-of-ann", "the-digest", REDIS_SECRET])
      expect(all).not.toContain(secret);
  });

  test("a key whose run is not there any more is free, and of many who take it one makes the run", async () => {
    const redis = await startRedis();
    const [a, b] = [redis.store(), redis.store()];
    const gone = newRun({ key: "k" });
    await a.create(gone);
    await redis.command("DEL", `ai-progress-stream:{${gone.run}}:run`);
    const specs = Array.from({ length: 50 }, () => newRun({ key: "k" }));
    const outcomes = await Promise.all(specs.map((spec, n) => (n % 2 ? a : b).create(spec)));
    const made = specs.filter((_, n) => outcomes[n]?.kind === "created");
    expect(made).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.kind !== "created") expect(outcome).toEqual({ kind: "attached", run: made[0]?.run });
    }
    // Those that lost have left nothing behind.
    expect(await redis.command("KEYS", "*:run")).toEqual([`ai-progress-stream:{${made[0]?.run}}:run`]);
  });

  test("what a run's memory was evicted of is not passed off as the run", async () => {
    const redis = await startRedis();
    const [store, other] = [redis.store(), redis.store()];
    for (const part of ["text", "log"]) {
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a"), text("b")]);
      await redis.command("DEL", `ai-progress-stream:{${spec.run}}:${part}`);
      if (part === "log") {
        expect(await other.read(spec.run, 0)).toMatchObject({ kind: "snapshot", state: { text: "ab" } });
      } else {
        expect(await other.read(spec.run, null)).toBeNull();
        await expect(store.append(spec.run, spec.lease, 3, [end])).rejects.toMatchObject({ code: "gone" });
      }
    }
  });

  test("a Redis without memory left is busy, and the running are told that it may pass", async () => {
    const redis = await startRedis();
    const store = redis.store();
    const spec = newRun();
    await store.create(spec);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    expect(await store.create(newRun({ key: "k" }))).toMatchObject({ kind: "busy" });
    await expect(store.append(spec.run, spec.lease, 1, [text("a")])).rejects.toMatchObject({
      code: "unavailable",
    });
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    await store.append(spec.run, spec.lease, 1, [text("a")]);
    expect(await store.create(newRun({ key: "k" }))).toEqual({ kind: "created" });
  });

  test("an append whose answer was lost is applied once, whoever repeats it", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const url = proxy.origin.replace("http", "redis");
    const patient = redis.store({ url, timeoutMs: 60_000 });
    const direct = redis.store();
    const spec = newRun();
    await patient.create(spec);
    await patient.append(spec.run, spec.lease, 1, [text("a")]);
    // The connection breaks beneath it: the store itself asks again.
    proxy.isStalled = true;
    const cut = patient.append(spec.run, spec.lease, 2, [text("b")]);
    await until(async () => (await direct.find(spec.run, owner))?.head === 2);
    proxy.isStalled = false;
    proxy.cutNow();
    await cut;
    // No answer comes in time: the caller asks again.
    const hasty = redis.store({ url, timeoutMs: 400 });
    const isThrough = (asked: Answer<unknown>): Promise<boolean> =>
      Promise.resolve(asked).then(
        () => true,
        (error) => {
          expect(error).toMatchObject({ name: "StoreError", code: "unavailable" });
          return false;
        },
      );
    await until(() => isThrough(hasty.append(spec.run, spec.lease, 3, [text("c")])));
    proxy.isStalled = true;
    expect(await isThrough(hasty.append(spec.run, spec.lease, 4, [text("d"), end]))).toBe(false);
    await until(async () => (await direct.find(spec.run, owner))?.head === 5);
    proxy.isStalled = false;
    await until(() => isThrough(hasty.append(spec.run, spec.lease, 4, [text("d"), end])));
    expect(await direct.read(spec.run, null)).toMatchObject({
      state: { seq: 5, text: "abcd", status: "succeeded" },
    });
    expect(await direct.read(spec.run, 0)).toMatchObject({ kind: "tail", events: { length: 5 } });
  });

  test.each<[string, Partial<RedisStoreOptions>, Partial<NewRun>]>([
    ["retainMs", { retainMs: 1.1 * 3_600_000 }, {}],
    ["leaseMs", {}, { leaseMs: 15_000.5 }],
    ["maxLogEvents", { maxLogEvents: 10.5 }, {}],
    ["maxLogChars", { maxLogChars: 100.5 }, {}],
  ])("a %s that is not whole is as good as the next whole one", async (_name, options, own) => {
    const redis = await startRedis();
    const store = redis.store(options);
    const spec = newRun({ key: "k", queued: [{ type: "start", at: 1 }], ...own });
    expect(await store.create(spec)).toEqual({ kind: "created" });
    const { leaseMs } = spec;
    expect(await store.claim?.(spec.run, { lease: "l", leaseMs, graceMs: leaseMs / 3 })).toMatchObject({
      kind: "claimed",
    });
    for (let seq = 2; seq <= 30; seq++) await store.append(spec.run, "l", seq, [text("a")]);
    await store.renew(spec.run, "l");
    await store.append(spec.run, "l", 31, [end]);
    expect(await store.read(spec.run, null)).toMatchObject({ state: { status: "succeeded", seq: 31 } });
  });

  test("a run is taken back whose key has it while its maker cannot know, as soon as Redis is there again", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const clock = manualClock();
    const url = proxy.origin.replace("http", "redis");
    const store = redis.store({ clock, url, timeoutMs: 1_000, logger: recordingLogger().logger });
    const direct = redis.store({ clock });
    await store.create(newRun({ key: "the scripts are known from then on" }));
    // A script with one key, that of the index: the answer to it is lost, and so is all that comes after it.
    const naming = /EVALSHA\r\n\$40\r\n\w+\r\n\$1\r\n1\r\n\$\d+\r\n[^\r]*:key:/;
    proxy.passes = (bytes) => {
      const isPassed = !proxy.isStalled;
      proxy.isStalled ||= naming.test(bytes.toString());
      return isPassed;
    };
    const zombie = newRun({ key: "k" });
    await expect(store.create(zombie)).rejects.toMatchObject({ code: "unavailable" });
    expect(await direct.create(newRun({ key: "k" }))).toEqual({ kind: "attached", run: zombie.run });
    await until(() => clock.pending > 0);
    proxy.passes = () => true;
    proxy.isStalled = false;
    const isBack = () =>
      store.find(zombie.run, owner).then(
        () => true,
        () => false,
      );
    await until(isBack);
    await clock.advance(1_000);
    await until(async () => (await direct.find(zombie.run, owner)) === null);
    const next = newRun({ key: "k" });
    expect(await direct.create(next)).toEqual({ kind: "created" });
  });

  test("a process that stood still for longer than an answer may take reads the answer all the same", async () => {
    const redis = await startRedis();
    const { lines, logger } = recordingLogger();
    const store = redis.store({ timeoutMs: 500, logger });
    const spec = newRun();
    await store.create(spec);
    const found = store.find(spec.run, owner);
    await new Promise((resolve) => setImmediate(resolve));
    for (const until = Date.now() + 1_500; Date.now() < until; );
    expect(await found).toMatchObject({ run: spec.run });
    expect(lines).toEqual([]);
  });

  test("a subscription that has died without a word is noticed, and its listeners are woken", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const store = redis.store({ url: proxy.origin.replace("http", "redis"), timeoutMs: 1_000, pingMs: 100 });
    const direct = redis.store();
    const spec = newRun();
    await direct.create(spec);
    let wakes = 0;
    store.watch(spec.run, () => wakes++);
    await until(() => wakes > 0);
    proxy.isStalled = true;
    const before = wakes;
    await direct.append(spec.run, spec.lease, 1, [text("a")]);
    const connections = proxy.connections;
    await until(() => proxy.connections > connections + 1);
    proxy.isStalled = false;
    await until(() => wakes > before);
  });

  test("while Redis is away everything is refused as unavailable, told once, and it all comes back", async () => {
    const redis = await startRedis();
    const { lines, logger } = recordingLogger();
    const store = redis.store({ timeoutMs: 1_000, logger });
    const spec = newRun();
    await store.create(spec);
    let wakes = 0;
    store.watch(spec.run, () => wakes++);
    await until(() => wakes > 0);
    await redis.kill();
    const attempts: (() => unknown)[] = [
      () => store.create(newRun()),
      () => store.create(newRun({ key: "k" })),
      () => store.find(spec.run, owner),
      () => store.append(spec.run, spec.lease, 1, [text("a")]),
      () => store.renew(spec.run, spec.lease),
      () => store.read(spec.run, null),
      () => store.attend(spec.run, "v", 0),
      () => store.leave(spec.run, "v"),
      () => store.requestCancel(spec.run, "user"),
      () => store.reap(spec.run),
    ];
    for (let round = 0; round < 20; round++) {
      for (const attempt of attempts) {
        await expect(attempt()).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
      }
    }
    expect(lines).toEqual(["Redis is away"]);
    const before = wakes;
    await redis.start();
    await until(() => wakes > before);
    await until(() => store.create(spec).catch(() => false));
    await store.append(spec.run, spec.lease, 1, [text("a")]);
    const woken = wakes;
    await until(() => wakes > woken || wakes > before + 1);
    expect(lines).toEqual(["Redis is away", "Redis is back"]);
  });

  test("who comes back to Redis leaves an expired lease to its producer for a while: it may be coming back, too", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const clock = manualClock();
    const direct = redis.store({ clock });
    const other = redis.store({ clock, url: proxy.origin.replace("http", "redis"), timeoutMs: 1_000 });
    const [lives, stopped, dead] = [newRun(), newRun(), newRun()];
    for (const spec of [lives, stopped, dead]) await direct.create(spec);
    let wakes = 0;
    other.watchOrders(lives.run, () => wakes++);
    await until(() => wakes === 1);
    await clock.advance(15_001);
    await breakWhileAsked(proxy, () => other.find(lives.run, owner));
    // By each of its connections: a producer renews its lease when it can.
    await until(() => wakes >= 3);

    const claim = { lease: "second", leaseMs: 15_000, graceMs: 0 };
    expect(await other.reap(lives.run)).toBe(false);
    // So long may a command take, a pause between two attempts to connect and one between two of a producer.
    const graceMs = 1_000 + 2_000 + 5_000;
    expect(await other.claim?.(lives.run, claim)).toEqual({ kind: "held", retryAfterMs: graceMs });
    expect(await other.requestCancel(stopped.run, "user")).toBe(true);
    expect(await direct.renew(lives.run, lives.lease)).toMatchObject({ cancelRequested: null });
    expect(await direct.renew(stopped.run, stopped.lease)).toMatchObject({ cancelRequested: "user" });

    await clock.advance(graceMs);
    expect(await other.reap(lives.run)).toBe(false);
    expect(await other.reap(dead.run)).toBe(true);
    expect(await other.read(dead.run, null)).toMatchObject({ state: { error: { code: "producer_lost" } } });
  });

  test("who was idle when Redis was lost, and learns of it by its own question, has the same patience", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const clock = manualClock();
    const direct = redis.store({ clock });
    const url = proxy.origin.replace("http", "redis");
    const claim = { lease: "second", leaseMs: 15_000, graceMs: 0 };
    const claiming = redis.store({ clock, url });
    const stopping = redis.store({ clock, url });
    const [claimed, stopped] = [newRun(), newRun()];
    for (const spec of [claimed, stopped]) await direct.create(spec);
    for (const idle of [claiming, stopping]) await idle.find(claimed.run, owner);
    await clock.advance(15_001);
    await breakWhileAsked(proxy, async () => {
      const [taken, isStopped] = await Promise.all([
        claiming.claim?.(claimed.run, claim),
        stopping.requestCancel(stopped.run, "user"),
      ]);
      expect(taken).toMatchObject({ kind: "held" });
      expect(isStopped).toBe(true);
    });
    expect(await direct.renew(claimed.run, claimed.lease)).toMatchObject({ cancelRequested: null });
    expect(await direct.renew(stopped.run, stopped.lease)).toMatchObject({ cancelRequested: "user" });
  });

  test("a connection that was idle, is closed and there again at once keeps nobody from ending a run", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const clock = manualClock();
    const store = redis.store({ clock, url: proxy.origin.replace("http", "redis") });
    const spec = newRun();
    await store.create(spec);
    await clock.advance(15_001);
    const before = proxy.connections;
    proxy.cutNow();
    await until(() => proxy.connections >= before + 2);
    expect(await store.find(spec.run, owner)).not.toBeNull();
    expect(await store.reap(spec.run)).toBe(true);
  });

  test("a queued run is taken on at once by who has just come back to Redis", async () => {
    const redis = await startRedis();
    const proxy = await tcpProxy(redis.url);
    const store = redis.store({ url: proxy.origin.replace("http", "redis") });
    const spec = newRun({ queued: [{ type: "start", at: 1 }] });
    await store.create(spec);
    await breakWhileAsked(proxy, () => store.find(spec.run, owner));
    const claim = { lease: "worker", leaseMs: 15_000, graceMs: 0 };
    expect(await store.claim?.(spec.run, claim)).toMatchObject({ kind: "claimed", isFirst: true });
  });

  test("a Redis that is not there at the start is told and awaited", async () => {
    const redis = await startRedis();
    await redis.kill();
    const { lines, logger } = recordingLogger();
    const store = redis.store({ timeoutMs: 1_000, logger });
    await expect(store.create(newRun())).rejects.toMatchObject({ code: "unavailable" });
    await redis.start();
    await until(() =>
      store.create(newRun()).then(
        ({ kind }) => kind === "created",
        () => false,
      ),
    );
    expect(lines).toEqual(["Redis is away", "Redis is back"]);
  });

  test("many who watch one run are one subscription, gone with the last of them", async () => {
    const redis = await startRedis();
    const store = redis.store();
    const channel = "ai-progress-stream:{r}:wake";
    const subscribed = async () =>
      Number(((await redis.command("PUBSUB", "NUMSUB", channel)) as unknown[])[1]);
    for (let round = 0; round < 3; round++) {
      const wakes = new Set<number>();
      const leaves = Array.from({ length: 200 }, (_, n) => store.watch("r", () => wakes.add(n)));
      await until(() => wakes.size === 200);
      expect(await subscribed()).toBe(1);
      for (const leave of leaves) leave();
      for (const leave of leaves) leave();
      // Who comes at the moment that the last one goes is heard all the same.
      let late = 0;
      const leave = store.watch("r", () => late++);
      await until(() => late > 0);
      leave();
      await until(async () => (await subscribed()) === 0);
    }
  });

  test("a thousand runs leave no key after their time, no subscription and no connection", async () => {
    const redis = await startRedis();
    const store = redis.store({ retainMs: 1_000 });
    const runs = Array.from({ length: 1_000 }, (_, n) =>
      newRun({ key: `k${n}`, principal: "ann", leaseMs: 4_000 }),
    );
    await Promise.all(
      runs.map(async (spec, n) => {
        const leave = store.watch(spec.run, () => {});
        const leaveOrders = store.watchOrders(spec.run, () => {});
        await store.create(spec);
        await store.attend(spec.run, "viewer", Date.now() + 1_000);
        await store.append(spec.run, spec.lease, 1, [
          text("a"),
          { ...text("b"), channel: "reasoning" } as LoggedEvent,
        ]);
        // Every tenth producer dies without a word.
        if (n % 10 !== 0) await store.append(spec.run, spec.lease, 3, [end]);
        leave();
        leaveOrders();
      }),
    );
    await until(async () => (await redis.command("DBSIZE")) === 0);
    await until(async () => ((await redis.command("PUBSUB", "CHANNELS")) as string[]).length === 0);
    await store.close();
    expect(String(await redis.command("CLIENT", "LIST"))).not.toContain("name=ai-progress-stream");
  });

  test("closing leaves no timer and no socket, whatever Redis does", async () => {
    const redis = await startRedis();
    const left = () =>
      process
        .getActiveResourcesInfo()
        .filter((name) => /TCP|Timeout/.test(name))
        .sort();
    const before = left();
    for (const trouble of [async () => {}, () => redis.kill()]) {
      const store = redisStore({
        url: redis.url,
        secret: REDIS_SECRET,
        timeoutMs: 1_000,
        logger: recordingLogger().logger,
      });
      store.watch("r", () => {});
      await store.find("r", owner);
      await trouble();
      const closing = store.close();
      await expect(store.find("r", owner)).rejects.toMatchObject({ code: "unavailable" });
      await closing;
      await store.close();
      await until(() => left().length <= before.length);
    }
  });

  /** A store whose wake-ups never come. */
  const deaf = (store: RunStore): RunStore => ({
    ...store,
    watch: () => () => {},
    watchOrders: () => () => {},
  });

  test("what no wake-up told is told by the backstop, the end and a cancel too", async () => {
    const redis = await startRedis();
    const { origin } = await progressApp(
      (app, progress) => {
        app.use(
          "/job",
          progress.task({
            async run({ text, signal, input }) {
              text("Hello");
              if ((input as { wait: boolean }).wait)
                await new Promise((resolve) => signal.addEventListener("abort", resolve));
              text(" again");
            },
          }),
        );
      },
      { store: deaf(redis.store()), backstopMs: 100, leaseMs: 600 },
    );
    const answer = await callSse(`${origin}/job`, { body: { wait: false } });
    expect(reduceAnswers([answer])).toMatchObject({ status: "succeeded", text: "Hello again" });
    const waiting = await callSse(`${origin}/job`, {
      body: { wait: true },
      until: (event) => {
        if (event.type === "open") void fetch(`${origin}/job/${event.run}/cancel`, { method: "POST" });
        return false;
      },
    });
    expect(waiting.events.at(-1)).toMatchObject({ type: "end", status: "cancelled", reason: "user" });
  });

  test("who joins a run of twenty thousand pieces gets one snapshot and no more", async () => {
    const redis = await startRedis();
    const store = redis.store();
    const { origin } = await progressApp(
      (app, progress) => app.use("/job", progress.task({ run: () => {} })),
      {
        store: redis.store(),
      },
    );
    const spec = newRun({ scope: "/job" });
    await store.create(spec);
    const pieces = Array.from({ length: 20_000 }, (_, n) => `${n} `);
    for (let from = 0; from < pieces.length; from += 50) {
      await store.append(spec.run, spec.lease, from + 1, pieces.slice(from, from + 50).map(text));
    }
    await store.append(spec.run, spec.lease, 20_001, [end]);
    const answers = await Promise.all(
      [undefined, "0", "5", "99999"].map((seq) => {
        const headers: Record<string, string> =
          seq === undefined ? {} : { "last-event-id": `${spec.run}.${seq}` };
        return callSse(`${origin}/job/${spec.run}`, { method: "GET", headers });
      }),
    );
    for (const answer of answers) {
      expect(answer.events.map(({ type }) => type)).toEqual(["open", "snapshot"]);
      expect(reduceAnswers([answer])).toMatchObject({
        seq: 20_001,
        text: pieces.join(""),
        status: "succeeded",
      });
    }
    const log = `ai-progress-stream:{${spec.run}}:log`;
    expect(Number(await redis.command("XLEN", log))).toBeLessThan(4_400);
  });

  test("the log is bounded in characters, too", async () => {
    const redis = await startRedis();
    const store = redis.store({ maxLogChars: 50_000 });
    const spec = newRun();
    await store.create(spec);
    for (let seq = 1; seq <= 200; seq++)
      await store.append(spec.run, spec.lease, seq, [text("x".repeat(1_000))]);
    const log = `ai-progress-stream:{${spec.run}}:log`;
    expect(Number(await redis.command("XLEN", log))).toBeLessThan(70);
    expect(await store.read(spec.run, 190)).toMatchObject({ kind: "tail" });
    expect(await store.read(spec.run, 100)).toMatchObject({
      kind: "snapshot",
      state: { text: "x".repeat(200_000) },
    });
  });

  test("an append is one command, and what many read at once is read once", async () => {
    const redis = await startRedis();
    const [store, other] = [redis.store(), redis.store()];
    const spec = newRun();
    await store.create(spec);
    await store.append(spec.run, spec.lease, 1, [text("warm")]);
    await other.read(spec.run, 0);
    await redis.command("CONFIG", "RESETSTAT");
    for (let seq = 2; seq <= 101; seq++) await store.append(spec.run, spec.lease, seq, [text("x")]);
    const pages = await Promise.all(Array.from({ length: 500 }, () => other.read(spec.run, 50)));
    expect(new Set(pages).size).toBe(1);
    const stats = await redis.info("commandstats");
    expect(stats["cmdstat_evalsha"]).toMatch(/^calls=101,/);
  });
});
