import { ErrorReply } from "redis";
import { StoreError } from "../run-store.js";

/** What is used of a client of the `redis` package. */
export interface RedisConnectionClient {
  connect(): Promise<unknown>;
  destroy(): void;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channels: string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  unsubscribe(channels: string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface ConnectionOptions {
  /** A client that does not reconnect by itself. */
  readonly open: () => RedisConnectionClient;
  /** How long a command may take, a connection to come about, and Redis be away before that counts, in milliseconds. */
  readonly timeoutMs: number;
  /** How often an idle connection is tried, in milliseconds. */
  readonly pingMs: number;
  /**
   * `isBack`: after it was lost, or not there at first. `isBrief`: it was only closed, as Redis closes one that is idle, and
   * is there again at once.
   */
  readonly onReady?: (client: RedisConnectionClient, isBack: boolean, isBrief: boolean) => void;
  /** At once, however short it is. */
  readonly onLost?: () => void;
  /** Once when Redis has been away for `timeoutMs`, and once when it is back. */
  readonly onAway?: (cause: unknown) => void;
  readonly onBack?: () => void;
}

/** One connection to Redis that comes back by itself. */
export interface Connection {
  /**
   * Sends a command. It must be one that may be repeated: it is, where the connection broke beneath it.
   * @throws StoreError `unavailable`, after `timeoutMs` at the latest and at once while Redis is known to be away
   * @throws ErrorReply what Redis itself answers
   */
  send(args: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 50;
/** What is there again so soon, and nothing was waiting for an answer meanwhile, was never away. */
const BRIEF_MS = 1_000;
/** It accepts connections, and gives nothing yet. */
const NOT_THERE = /^(LOADING|MASTERDOWN)/;
/** Between two attempts to connect, in milliseconds. */
export const LONGEST_PAUSE_MS = 2_000;

/**
 * Each attempt is a client of its own: the library's reconnection can be neither called off nor told apart from a
 * command that never got an answer, and it puts no bound on either.
 */
export function createConnection(options: ConnectionOptions): Connection {
  const { timeoutMs } = options;
  let current: RedisConnectionClient | null = null;
  let attempt: Promise<void> = Promise.resolve();
  let pauseMs = FIRST_PAUSE_MS;
  let pauseTimer: NodeJS.Timeout | undefined;
  let awayTimer: NodeJS.Timeout | undefined;
  let isAway = false;
  let wasLost = false;
  let lostAt = 0;
  let wasIdle = false;
  let unanswered = 0;
  let isClosed = false;
  let lastError: unknown;
  let lastReplyAt = 0;
  const waiting = new Set<() => void>();
  const pingTimer = setInterval(ping, options.pingMs);

  async function connect(): Promise<void> {
    const client = options.open();
    client.on("error", (error) => lose(client, error));
    let isGivenUp = false;
    const connected = client.connect();
    // One that was given up may still come about.
    connected.then(
      () => isGivenUp && client.destroy(),
      () => {},
    );
    try {
      await within(connected, timeoutMs);
      await within(client.sendCommand(["PING"]).catch(unlessNotThere), timeoutMs);
      if (isClosed) throw new Error("The store is closed.");
    } catch (error) {
      isGivenUp = true;
      client.destroy();
      retry(error);
      return;
    }
    current = client;
    pauseMs = FIRST_PAUSE_MS;
    clearTimeout(awayTimer);
    awayTimer = undefined;
    if (isAway) options.onBack?.();
    isAway = false;
    const isBack = wasLost;
    wasLost = false;
    options.onReady?.(client, isBack, wasIdle && Date.now() - lostAt < BRIEF_MS);
    wakeWaiting();
  }

  function lose(client: RedisConnectionClient, error: unknown): void {
    if (current !== client) return;
    current = null;
    lostAt = Date.now();
    wasIdle = unanswered === 0;
    client.destroy();
    retry(error);
  }

  function retry(error: unknown): void {
    lastError = error;
    if (!wasLost) options.onLost?.();
    wasLost = true;
    if (isClosed) return;
    awayTimer ??= setTimeout(declareAway, timeoutMs);
    clearTimeout(pauseTimer);
    // Jitter: not all processes of a fleet at once.
    pauseTimer = setTimeout(
      () => {
        attempt = connect();
      },
      pauseMs * (0.5 + Math.random() / 2),
    );
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }

  function declareAway(): void {
    isAway = true;
    wakeWaiting();
    options.onAway?.(lastError);
  }

  function wakeWaiting(): void {
    for (const wake of [...waiting]) wake();
  }

  async function ready(waitMs: number): Promise<RedisConnectionClient> {
    if (current === null && !isAway && !isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, waitMs);
        function wake(): void {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
        waiting.add(wake);
      });
    }
    if (current !== null) return current;
    throw unavailable(isClosed ? "The store is closed." : "Redis is away.", lastError);
  }

  async function send(args: readonly string[]): Promise<unknown> {
    const sentAt = Date.now();
    for (;;) {
      const client = await ready(timeoutMs - (Date.now() - sentAt));
      unanswered++;
      try {
        const reply = await within(client.sendCommand(args), timeoutMs - (Date.now() - sentAt));
        lastReplyAt = Date.now();
        return reply;
      } catch (error) {
        if (error instanceof ErrorReply) {
          lastReplyAt = Date.now();
          // What was the master is a replica now: the name may lead to another machine.
          if (error.message.startsWith("READONLY")) lose(client, error);
          throw error;
        }
        // An answer to another command proves that the connection lives and only this one is slow.
        if (!isTimeout(error) || lastReplyAt < sentAt) lose(client, error);
        if (isClosed || Date.now() - sentAt >= timeoutMs) throw unavailable("Redis did not answer.", error);
      } finally {
        unanswered--;
      }
    }
  }

  function ping(): void {
    // A connection may be dead without a word: only who asks finds out.
    if (current !== null) send(["PING"]).catch(() => {});
  }

  attempt = connect();

  return {
    send,
    async close() {
      isClosed = true;
      clearInterval(pingTimer);
      clearTimeout(pauseTimer);
      clearTimeout(awayTimer);
      wakeWaiting();
      const client = current;
      current = null;
      client?.destroy();
      await attempt;
    },
  };
}

export const unavailable = (message: string, cause: unknown): StoreError =>
  new StoreError("unavailable", message, { cause });

/** Any other answer than that is one. */
function unlessNotThere(error: unknown): void {
  if (!(error instanceof ErrorReply) || NOT_THERE.test(error.message)) throw error;
}

class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

const isTimeout = (error: unknown): boolean => error instanceof TimeoutError;

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const late = (): void => reject(new TimeoutError(`No answer within ${ms} ms.`));
    const wait = (): void => {
      const dueAt = performance.now() + Math.max(0, ms);
      timer = setTimeout(
        () => {
          // A timer this late means that the process stood still: its command may not even have gone out.
          if (performance.now() - dueAt > ms / 2) wait();
          // Timers come before what the sockets have got.
          else setImmediate(late);
        },
        Math.max(0, ms),
      );
    };
    wait();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
