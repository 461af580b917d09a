import { type EndEvent, type RunError, type RunEvent, runError } from "@ai-progress-stream/protocol";
import { cancelUnconfirmed, requestCancel } from "./cancel-request.js";
import { systemClock } from "./clock.js";
import { openConsumption, type StreamSource } from "./consumption.js";
import { createEventQueue, type EventQueue } from "./event-queue.js";
import { isNamed, type SessionDialect } from "./lazy-dialect.js";
import { createListeners, guard } from "./listeners.js";
import { RunAddress } from "./run-address.js";
import { RunConnection, type RunRecord } from "./run-connection.js";
import { RunFold } from "./run-fold.js";
import type {
  PersistedSession,
  Session,
  SessionOptions,
  SessionPersistence,
  SessionPhase,
  SessionStatus,
} from "./session.js";
import {
  createStartRequest,
  inputOf,
  isSameEndpoint,
  recallStartRequest,
  type StartRequest,
} from "./start-request.js";
import { openTransport, type Transport, type TransportHandler, type TransportSettings } from "./transport.js";

const defaults = {
  method: "POST",
  dialect: null,
  headers: {},
  credentials: "same-origin",
  maxRetries: 5,
  idleTimeoutMs: 300_000,
  totalTimeoutMs: 0,
  connectTimeoutMs: 60_000,
  cancelTimeoutMs: 10_000,
  maxEventLength: 64 * 1024 * 1024,
  backoff: {},
  persistence: null,
  clock: systemClock,
} satisfies Partial<SessionOptions>;

/** Implements {@link Session} over one connection at a time. */
export class RunSession implements Session {
  readonly #settings: TransportSettings;
  readonly #method: "GET" | "POST";
  readonly #dialect: SessionDialect | null;
  readonly #cancelTimeoutMs: number;
  readonly #totalTimeoutMs: number;
  readonly #persistence: SessionPersistence | null;
  readonly #address: RunAddress;
  readonly #statusListeners = createListeners<[SessionStatus]>();
  readonly #eventListeners = createListeners<[RunEvent, SessionStatus]>();
  readonly #queues = new Set<EventQueue<RunEvent>>();
  #run: RunRecord;
  #connection: RunConnection | null = null;
  #status: SessionStatus;

  constructor(options: SessionOptions) {
    const { method, dialect, cancelTimeoutMs, totalTimeoutMs, persistence, ...settings } = {
      ...defaults,
      ...onlySaid(options),
    };
    this.#settings = { fetch: (...request) => globalThis.fetch(...request), ...settings };
    this.#method = method;
    this.#dialect = dialect;
    this.#cancelTimeoutMs = cancelTimeoutMs;
    this.#totalTimeoutMs = totalTimeoutMs;
    // What is somebody else's by the page's own word can never be found again.
    this.#persistence = this.#isForeign ? null : persistence;
    this.#address = new RunAddress(options);
    this.#run = this.#newRun(null, 0);
    const { state } = this.#run.fold;
    this.#status = { phase: "idle", state, error: null, retry: null, lostAt: null, isResumable: false };
  }

  get status(): SessionStatus {
    return this.#status;
  }

  get input(): unknown {
    return inputOf(this.#run.start);
  }

  start(input?: unknown): Promise<SessionStatus> {
    this.#refuseWhileLive();
    const fresh = createStartRequest(this.#address.action, this.#method, input, this.#isForeign);
    const { start: last, isUnanswered } = this.#run;
    // The same request again after nobody answered it is the same intention: with its key, it is one run.
    const isSame = isUnanswered && last?.url === fresh.url && last.body === fresh.body;
    this.#address.forget();
    this.#run = this.#newRun(isSame ? last : fresh);
    this.#remember();
    return this.#connect().ended.promise;
  }

  attach(run: string): Promise<SessionStatus> {
    this.#refuseWhileLive();
    this.#address.point(run);
    this.#run = this.#newRun(null);
    this.#remember();
    return this.#connect().ended.promise;
  }

  consume(source: StreamSource): Promise<SessionStatus> {
    this.#refuseWhileLive();
    this.#address.forget();
    this.#run = this.#newRun(null);
    const connection = this.#connect(false, (handler) => openConsumption(source, this.#settings, handler));
    connection.addressed.resolve();
    return connection.ended.promise;
  }

  resume(): Promise<boolean> {
    if (this.#connection) return this.#connection.taken.promise;
    if (this.#status.isResumable || this.#run.isUnanswered) return this.#connect().taken.promise;
    const kept = this.#status.phase === "idle" ? guard(() => this.#persistence?.load(), null) : null;
    if (!kept || !this.#recall(kept)) return Promise.resolve(false);
    return this.#connect(true).taken.promise;
  }

  cancel(reason?: string): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return this.#cancelUnwatched(reason);
    connection.cancelling ??= this.#cancel(connection, reason);
    return connection.cancelling;
  }

  retryNow(): void {
    this.#connection?.retryNow();
  }

  detach(): void {
    this.#settle({ phase: "ended", error: null });
  }

  reset(): void {
    this.#connection?.stop();
    this.#forget();
  }

  subscribe(listener: (status: SessionStatus) => void): () => void {
    return this.#statusListeners.add(listener);
  }

  onEvent(listener: (event: RunEvent, status: SessionStatus) => void): () => void {
    return this.#eventListeners.add(listener);
  }

  events(): AsyncIterableIterator<RunEvent> {
    const queue: EventQueue<RunEvent> = createEventQueue(() => this.#queues.delete(queue));
    if (this.#status.phase === "ended") queue.close();
    else this.#queues.add(queue);
    return queue;
  }

  get #isForeign(): boolean {
    return isNamed(this.#dialect);
  }

  #refuseWhileLive(): void {
    if (this.#connection) throw new Error("A run is under way. Cancel it, or let go of it with detach().");
  }

  #newRun(start: StartRequest | null, at = this.#settings.clock.now()): RunRecord {
    const address = this.#address;
    const fold = new RunFold(address.run, at);
    const isUnanswered = start !== null && address.runUrl === null;
    return { address, fold, start, isUnanswered, isLost: false };
  }

  #connect(
    isRecalled = false,
    open = (handler: TransportHandler): Transport => openTransport(this.#sending(this.#run), handler),
  ): RunConnection {
    const { clock, connectTimeoutMs } = this.#settings;
    const options = { dialect: this.#dialect, clock, loadTimeoutMs: connectTimeoutMs, open };
    const connection: RunConnection = new RunConnection(options, this.#run, {
      phase: (phase, retry) => {
        if (phase === "open") this.#update({ phase, retry: null, lostAt: null });
        if (retry === null) return;
        const { maxRetries } = this.#settings;
        this.#update({
          phase,
          retry: { ...retry, maxRetries },
          lostAt: this.#status.lostAt ?? clock.now(),
        });
      },
      learned: () => this.#remember(),
      event: (event) => this.#handled(event),
      gaveUp: (error) => {
        if (this.#connection !== connection) return;
        // A run that persistence remembered and the server forgot is no news to anyone.
        if (isRecalled && this.#run.isLost) this.#forget();
        else this.#settle({ phase: "ended", error, retry: null });
      },
    });
    this.#connection = connection;
    if (this.#totalTimeoutMs > 0) {
      const giveUp = (): void => {
        if (this.#connection === connection) {
          this.#settle({ phase: "ended", error: runError("upstream_timeout") });
        }
      };
      const timer = clock.setTimeout(giveUp, this.#totalTimeoutMs);
      void connection.ended.promise.then(() => clock.clearTimeout(timer));
    }
    this.#update({ phase: "connecting", error: null, retry: null, lostAt: null });
    return connection;
  }

  /** Somebody else's server makes two runs of one request that comes twice. */
  #sending(run: RunRecord): TransportSettings {
    if (!this.#isForeign) return this.#settings;
    const { fetch } = this.#settings;
    return {
      ...this.#settings,
      fetch(...request) {
        run.isUnanswered = false;
        return fetch(...request);
      },
    };
  }

  #handled(event: RunEvent): void {
    if (this.#run.fold.hasEnded) this.#settle({ phase: "ended", error: null, lostAt: null }, event);
    else this.#deliver(event, this.#update({}));
  }

  #deliver(event: RunEvent, status: SessionStatus): void {
    // The queues first: a listener may start the next run.
    for (const queue of this.#queues) queue.push(event);
    this.#eventListeners.call(event, status);
  }

  /** Lets go of the connection, for good or until `resume`. */
  #settle(patch: Partial<SessionStatus>, last?: RunEvent): void {
    const connection = this.#connection;
    if (connection === null) return;
    connection.stop();
    this.#connection = null;
    const queues = [...this.#queues];
    this.#queues.clear();
    const status = this.#update({ retry: null, ...patch });
    if (last) for (const queue of queues) queue.push(last);
    for (const queue of queues) queue.close();
    if (last) this.#eventListeners.call(last, status);
    connection.taken.resolve(patch.phase === "ended" && !this.#run.isLost);
    connection.ended.resolve(status);
  }

  #forget(): void {
    guard(() => this.#persistence?.clear(), null);
    this.#address.forget();
    this.#run = this.#newRun(null, 0);
    const patch = { phase: "idle", error: null, retry: null, lostAt: null } as const;
    if (this.#connection) this.#settle(patch);
    else this.#update(patch);
  }

  #update(patch: Partial<SessionStatus>): SessionStatus {
    const { fold, isLost, address } = this.#run;
    const phase: SessionPhase = patch.phase ?? this.#status.phase;
    const next: SessionStatus = {
      ...this.#status,
      ...patch,
      phase: this.#connection?.isCancelling ? "cancelling" : phase,
      state: fold.state,
      isResumable: address.resumeTarget !== null && !fold.lacksIds && !fold.hasEnded && !isLost,
    };
    const keys = Object.keys(next) as (keyof SessionStatus)[];
    if (keys.some((key) => next[key] !== this.#status[key])) {
      this.#status = next;
      this.#statusListeners.call(next);
    }
    return next;
  }

  #remember(): void {
    const { address, start, isUnanswered } = this.#run;
    const kept: PersistedSession = {
      key: start?.key ?? "",
      action: start?.url ?? address.action.href,
      body: start?.body ?? null,
      url: address.url,
      run: address.run,
    };
    // Refused, or answered by a server that cannot resume: a reload must not send it again.
    const isSpent = !isUnanswered && address.resumeTarget === null;
    guard(() => (isSpent ? this.#persistence?.clear() : this.#persistence?.save(kept)), null);
  }

  #recall(kept: PersistedSession): boolean {
    const address = this.#address;
    if (!isSameEndpoint(kept.action, address.action)) return false;
    const start = recallStartRequest(kept, address.action, this.#method);
    address.forget();
    address.run = kept.run;
    address.isOurs = kept.run !== null;
    address.learnUrl(kept.url, undefined);
    if (start === null && address.runUrl === null) return false;
    this.#run = this.#newRun(start);
    return true;
  }

  async #cancel(connection: RunConnection, reason: string | undefined): Promise<void> {
    const { clock } = this.#settings;
    const run = this.#run;
    const limit = new AbortController();
    const isOver = new Promise<null>((resolve) => {
      limit.signal.addEventListener("abort", () => resolve(null));
    });
    const ask = (): Promise<RunError | null> | null => {
      const target = this.#address.cancelTarget;
      return target === null ? null : requestCancel(this.#settings, target, reason, limit.signal);
    };
    // At once, if it can be: whoever lets go of the run in the same breath has meant both.
    const isKnown = connection.addressed.isSettled;
    let asked = isKnown ? ask() : null;
    connection.isCancelling = true;
    this.#update({});
    const timer = clock.setTimeout(() => limit.abort(), this.#cancelTimeoutMs);
    connection.ended.promise.then(() => limit.abort());
    connection.retryNow();

    if (!isKnown) await Promise.race([connection.addressed.promise, isOver]);
    let refusal: RunError | null = null;
    if (!limit.signal.aborted) {
      if (!isKnown) asked = ask();
      refusal = await Promise.race([asked, isOver]);
      if (refusal === null && this.#connection === connection) {
        // A server that names no run sends no end: closing its stream is all there is to do.
        if (this.#address.resumeTarget === null) this.#endHere("user", run);
        else {
          connection.retryNow();
          await isOver;
        }
      }
    }
    clock.clearTimeout(timer);
    this.#callOff(run);
    if (this.#connection !== connection) return;
    this.#settle({
      phase: "ended",
      error: { ...cancelUnconfirmed, code: (refusal ?? cancelUnconfirmed).code },
    });
  }

  /** A run that was let go of goes on: who has just left may still stop it. */
  async #cancelUnwatched(reason: string | undefined): Promise<void> {
    const { phase, error, isResumable } = this.#status;
    const target = isResumable ? this.#address.cancelTarget : null;
    if (target === null) {
      // What was given up has its reason. Of what was let go of nothing is read any more: for this page it ends here.
      if (phase !== "ended" || error !== null || this.#run.fold.hasEnded) return;
      this.#endHere("user", this.#run);
      this.#update({});
      return;
    }
    const limit = new AbortController();
    const timer = this.#settings.clock.setTimeout(() => limit.abort(), this.#cancelTimeoutMs);
    await requestCancel(this.#settings, target, reason, limit.signal);
    this.#settings.clock.clearTimeout(timer);
  }

  /** What was called off is asked for by no reload, though nobody has answered it. */
  #callOff(run: RunRecord): void {
    if (!run.isUnanswered) return;
    run.isUnanswered = false;
    if (run === this.#run) this.#remember();
  }

  #endHere(reason: "user", run: RunRecord): void {
    this.#callOff(run);
    const event: EndEvent = { type: "end", at: this.#settings.clock.now(), status: "cancelled", reason };
    this.#run.fold.append(event);
    this.#handled(event);
  }
}

/** Without what is undefined or no number: spread over the defaults, it would hide them. */
const onlySaid = (options: SessionOptions): SessionOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && !Number.isNaN(value)),
  ) as unknown as SessionOptions;
