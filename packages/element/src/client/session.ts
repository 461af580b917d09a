import type { RunError, RunEvent, RunState } from "@ai-progress-stream/protocol";
import type { BackoffOptions } from "./backoff.js";
import type { Clock } from "./clock.js";
import type { StreamSource } from "./consumption.js";
import type { SessionDialect } from "./lazy-dialect.js";
import { RunSession } from "./run-session.js";

/** Headers of every request, or a function that is asked anew at each attempt (for a token that expires). */
export type HeadersSource =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

export interface SessionOptions {
  /** Where runs are started: the mounted endpoint. Relative to the document. */
  readonly action: string;
  /** @defaultValue "POST" */
  readonly method?: "POST" | "GET";
  /**
   * The language of servers that do not speak our protocol: one of `@ai-progress-stream/protocol/dialects`, or
   * `autoDialect` to tell it from the answer; `lazyDialect(name)` leaves the code of either to be loaded when it is
   * needed. A named one also says that the server knows no key that makes two requests one run: a start that may
   * have reached it is never sent again by itself.
   * @defaultValue null, our own protocol and nothing else
   */
  readonly dialect?: SessionDialect | null;
  readonly headers?: HeadersSource;
  /** As of `fetch`. @defaultValue "same-origin" */
  readonly credentials?: RequestCredentials;
  /** Where a run is attached to, with `{run}` in place of its id. @defaultValue the Content-Location of the stream, else `{action}/{run}` */
  readonly resumeUrl?: string;
  /** Where a run is cancelled. @defaultValue `{run's URL}/cancel` */
  readonly cancelUrl?: string;
  /** Attempts after a lost connection before giving up; counted anew after each event received. @defaultValue 5 */
  readonly maxRetries?: number;
  /**
   * Silence after which a connection counts as lost where the server promised no heartbeat, in milliseconds. A model
   * may think for minutes, and what is lost then cannot be asked for again. 0: never.
   * @defaultValue 300_000
   */
  readonly idleTimeoutMs?: number;
  /** Gives a connection up after this time, however lively it is; the run goes on. 0: never. @defaultValue 0 */
  readonly totalTimeoutMs?: number;
  /** Where key, run and URL are kept so that a reload finds its run; null: nowhere. @defaultValue null */
  readonly persistence?: SessionPersistence | null;
  /**
   * How long to wait for the head of an answer; then the request is sent again, with the same key. Also how long the
   * code of a `lazyDialect` may take to load.
   * @defaultValue 60_000
   */
  readonly connectTimeoutMs?: number;
  /** How long cancel() waits for the run's `end` before it lets go with an error. @defaultValue 10_000 */
  readonly cancelTimeoutMs?: number;
  /** Characters of one event after which the stream counts as broken. @defaultValue 67_108_864 */
  readonly maxEventLength?: number;
  /** The wait between attempts. @defaultValue from 1 s, doubled up to 30 s, half of it jittered */
  readonly backoff?: BackoffOptions;
  /** @defaultValue globalThis.fetch */
  readonly fetch?: typeof fetch;
  /** Time and timers, for tests. @defaultValue the platform's */
  readonly clock?: Clock;
}

/**
 * A session without a connection yet: nothing happens before `start`, `attach` or `resume`.
 *
 * @throws TypeError where `action` cannot be made a URL
 */
export function createSession(options: SessionOptions): Session {
  return new RunSession(options);
}

/** What must outlive a reload. */
export interface PersistedSession {
  readonly key: string;
  readonly action: string;
  /** The request's body as text, so that a reload before the first event sends the same request again. */
  readonly body: string | null;
  readonly url: string | null;
  readonly run: string | null;
}
export interface SessionPersistence {
  /** What tells it from others, so that a component which is rendered anew notices another one. */
  readonly name?: string;
  load(): PersistedSession | null;
  save(session: PersistedSession): void;
  clear(): void;
}

/** Where the connection stands; how the run stands is `state.status`. */
export type SessionPhase = "idle" | "connecting" | "open" | "reconnecting" | "cancelling" | "ended";

/** The next attempt at a connection. */
export interface Retry {
  readonly attempt: number;
  /** Of how many. */
  readonly maxRetries: number;
  /** When it is due (epoch ms). */
  readonly dueAt: number;
  /** Why the server refused the last one; absent where none answered it. */
  readonly error?: RunError;
}

/** All that a view needs. A new object at each change; equal parts keep their identity. */
export interface SessionStatus {
  readonly phase: SessionPhase;
  readonly state: RunState;
  /** Why the session itself gave up, though the run may live on (server unreachable, protocol error, run lost). Null otherwise; a failed run's own error is `state.error`. */
  readonly error: RunError | null;
  /** While reconnecting; null otherwise. */
  readonly retry: Retry | null;
  /** When the connection was lost (epoch ms); null while it stands. */
  readonly lostAt: number | null;
  /** Whether resume() can carry this run on: the server gave it an id and it has not ended. */
  readonly isResumable: boolean;
}

export interface Session {
  readonly status: SessionStatus;
  /** What the run was started with, also after a reload that found it; undefined where it was attached to. */
  readonly input: unknown;
  /** Starts a run with this input as JSON body (POST) or query (GET). Resolves when it has ended or the session gave up; never rejects. Throws if a run is under way. */
  start(input?: unknown): Promise<SessionStatus>;
  /** Attaches to a run by its URL or its id. */
  attach(run: string): Promise<SessionStatus>;
  /**
   * Reads a stream that the page has opened itself: an answer of `fetch`, its body, or anything that yields
   * pieces of it, or events of the protocol. Resolves as `start` does; a stream that ends without the run's end
   * has broken off.
   */
  consume(source: StreamSource): Promise<SessionStatus>;
  /**
   * Attaches again to the run whose connection was given up, or the one that persistence remembers. A start of
   * which no answer is known is sent again with its key: it is the same run. Resolves as soon as the server has
   * said a word of the run, or the session gave up. False: there is none, or the server does not know it any more.
   */
  resume(): Promise<boolean>;
  /** Asks the server to cancel, and waits for its word (the run's `end`). A run that was let go of is stopped, too. */
  cancel(reason?: string): Promise<void>;
  /** Cuts the wait before the next attempt short. */
  retryNow(): void;
  /** Lets go of the connection. The run goes on. No timer, listener or request is left. */
  detach(): void;
  /** Back to idle, forgetting the run and what persistence holds. */
  reset(): void;
  /** Calls back at each change of status, synchronously. Gives the function that ends it. */
  subscribe(listener: (status: SessionStatus) => void): () => void;
  /** Calls back with each event as it is handled, after the status has changed. */
  onEvent(listener: (event: RunEvent, status: SessionStatus) => void): () => void;
  /** The events from now on, until the session ends. */
  events(): AsyncIterableIterator<RunEvent>;
}
