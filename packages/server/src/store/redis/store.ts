import type { RunStatus } from "@ai-progress-stream/protocol";
import { type Clock, systemClock } from "../../clock.js";
import { createFailureLog } from "../../failure-log.js";
import { describeError, type Logger, stderrLogger } from "../../logger.js";
import { checkBound, checkPeriod, MIN_RETAIN_MS } from "../../numbers.js";
import { LONGEST_PRODUCER_PAUSE_MS, type RunStore } from "../run-store.js";
import { clientFactory, type RedisOptions } from "./client.js";
import { createCommands, toList, toStoreError } from "./commands.js";
import { createConnection, LONGEST_PAUSE_MS } from "./connection.js";
import { createCreator } from "./create.js";
import { createKeys } from "./keys.js";
import { createProducers } from "./producers.js";
import { createReader } from "./read.js";
import { createReturns } from "./returns.js";
import { attendScript, leaveScript } from "./scripts.js";
import { createSeats } from "./seats.js";
import { createSubscriber } from "./subscriber.js";
import { createUnmaker } from "./unmake.js";
import { createWriter } from "./write.js";

export interface RedisStoreOptions {
  /**
   * Where Redis is: `redis://user:password@host:6379/0`, or `rediss://…` over TLS. Redis 6.2 or later. Required; the type
   * takes a variable of the environment as it is.
   */
  readonly url: string | undefined;
  /**
   * What idempotency keys and principals are hashed with (HMAC-SHA256) before they are stored: 16 characters or more,
   * random, the same on every node. `openssl rand -base64 32` gives one. Under another secret no key finds its run.
   */
  readonly secret: string | undefined;
  /** Begins the name of every key and channel. @defaultValue "ai-progress-stream" */
  readonly prefix?: string;
  /** How long a run stays after its end, in milliseconds; a second or more. @defaultValue 900_000 */
  readonly retainMs?: number;
  /** Events that can be resumed from without a snapshot, per run; Redis keeps up to a hundred more. @defaultValue 4096 */
  readonly maxLogEvents?: number;
  /** The same in characters of JSON. @defaultValue 131_072 */
  readonly maxLogChars?: number;
  /**
   * How long one command may take, and how long Redis may be away before requests are refused at once, in
   * milliseconds. @defaultValue 2_000
   */
  readonly timeoutMs?: number;
  /**
   * How often an idle connection is tried, in milliseconds. With `timeoutMs` less than two thirds of `leaseMs`: then this
   * process notices each outage that a lease may have run out in. @defaultValue 7_500
   */
  readonly pingMs?: number;
  /** Further options of the `redis` package's `createClient`, such as `socket.ca` or `credentialsProvider`. */
  readonly client?: RedisOptions;
  /** Told once when Redis goes away and once when it is back. @defaultValue warnings and errors to stderr */
  readonly logger?: Logger;
  /** For tests. @defaultValue Redis' own time, so that the nodes' clocks need not agree */
  readonly clock?: Clock;
}

const MIN_SECRET_CHARS = 16;

/**
 * Runs in Redis: any process may read, cancel and follow a run that another one produces. Takes two connections,
 * however many look. While Redis is away every method rejects with the StoreError `unavailable` within `timeoutMs`.
 * @throws TypeError where `secret` or `url` is missing or cannot be used
 */
export function redisStore(options: RedisStoreOptions): RunStore {
  const {
    prefix = "ai-progress-stream",
    timeoutMs = 2_000,
    logger = stderrLogger,
    clock = systemClock,
  } = options;
  const { url, secret } = checkedOptions(options);
  const keys = createKeys(prefix, secret);
  const now = (): number => clock.now();
  const time = (): string => (options.clock ? String(clock.now()) : "");
  const retainMs = Math.ceil(options.retainMs ?? 900_000);
  const maxLogEvents = Math.floor(options.maxLogEvents ?? 4096);
  const maxLogChars = Math.floor(options.maxLogChars ?? 131_072);
  const producers = createProducers(maxLogEvents, maxLogChars, now);

  const open = clientFactory(url, options.client ?? {}, timeoutMs);
  // Another node's producer is back when it has connected, and is heard of when it tries again.
  const returns = createReturns(timeoutMs + LONGEST_PAUSE_MS + LONGEST_PRODUCER_PAUSE_MS, now);
  const orderListeners = new Set<() => void>();
  const connectionOptions = { open, timeoutMs, pingMs: options.pingMs ?? 7_500 };
  const connection = createConnection({
    ...connectionOptions,
    onAway: (cause) => logger.error(describeError(cause), "Redis is away"),
    onBack: () => logger.warn({}, "Redis is back"),
    onLost: returns.lost,
    onReady(_client, isBack, isBrief) {
      if (!isBack) return;
      returns.back(isBrief);
      // Each has a lease to renew, and nobody may wait for it much longer.
      for (const wake of [...orderListeners]) wake();
    },
  });
  const logFailure = createFailureLog(logger, systemClock);
  const subscriber = createSubscriber((error) =>
    logFailure(toStoreError(error), {}, "wake-ups come late: Redis refused a subscription"),
  );
  const subscriptions = createConnection({
    ...connectionOptions,
    onReady: (client) => subscriber.attach(client),
  });

  const commands = createCommands(connection);
  const read = createReader(commands, keys);
  const writer = createWriter({ commands, keys, producers, returns, time, now, retainMs });
  const unmaker = createUnmaker({ commands, keys, clock });
  const create = createCreator({
    commands,
    keys,
    time,
    seats: createSeats({ commands, keys, time }),
    unmake: unmaker.unmake,
    now,
    retainMs,
    onCreated({ run, lease, leaseMs, queued }, index, state) {
      if (!queued) producers.add(run, { lease, leaseMs, index, state });
    },
  });

  return {
    create,
    ...writer,
    read,

    async find(run, owner) {
      const reply = await commands.call("HMGET", keys.of(run).all[0], "status", "head", "scope", "principal");
      const [status, head, scope, principal] = toList(reply) ?? [];
      if (!status || scope !== owner.scope || principal !== keys.principal(owner)) return null;
      return { run, status: status as RunStatus, head: Number(head) };
    },

    watch: (run, wake) => subscriber.listen(keys.of(run).wake, wake),

    watchOrders(run, wake) {
      const unlisten = subscriber.listen(keys.of(run).orders, wake);
      // Its own function, as of one that listens twice.
      const listener = (): void => wake();
      orderListeners.add(listener);
      return () => {
        orderListeners.delete(listener);
        unlisten();
      };
    },

    async attend(run, viewer, untilAt) {
      const forMs = Math.round(untilAt - now());
      await commands.run(attendScript, keys.of(run).all, [time(), viewer, forMs]);
    },

    async leave(run, viewer) {
      const { all, orders } = keys.of(run);
      await commands.run(leaveScript, all, [time(), viewer, orders]);
    },

    async close() {
      unmaker.close();
      subscriber.close();
      orderListeners.clear();
      producers.clear();
      await Promise.all([connection.close(), subscriptions.close()]);
    },
  };
}

function checkedOptions(options: RedisStoreOptions): { url: string; secret: string } {
  const { url, secret, prefix = "" } = options;
  if (typeof secret !== "string" || secret.length < MIN_SECRET_CHARS) {
    throw new TypeError(
      `redisStore needs a secret of ${MIN_SECRET_CHARS} characters or more, random and the same on every node: ` +
        "redisStore({ url, secret: process.env.RUN_SECRET }). `openssl rand -base64 32` gives one.",
    );
  }
  if (typeof url !== "string" || url === "") {
    throw new TypeError("redisStore needs the url of Redis, such as redis://localhost:6379.");
  }
  // Braces would move the hash tag, and a run's keys to different nodes of a Cluster.
  if (/[{}]/.test(prefix)) throw new TypeError("The prefix of redisStore must not contain braces.");
  checkPeriod("retainMs", options.retainMs, MIN_RETAIN_MS);
  checkPeriod("timeoutMs", options.timeoutMs);
  checkPeriod("pingMs", options.pingMs);
  checkBound("maxLogEvents", options.maxLogEvents);
  checkBound("maxLogChars", options.maxLogChars);
  return { url, secret };
}
