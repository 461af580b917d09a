import type { CancelReason, EndEvent, LoggedEvent, RunState, StagePlan } from "@ai-progress-stream/protocol";
import { runError } from "@ai-progress-stream/protocol";
import { type Clock, settledWithin } from "../clock.js";
import { describeError, type Logger } from "../logger.js";
import { createRequestId } from "../request-id.js";
import { LONGEST_PRODUCER_PAUSE_MS, type Orders, type RunStore, StoreError } from "../store/run-store.js";
import type { ServiceProxy } from "../upstream/proxy.js";
import type { Relay } from "../upstream/relay.js";
import { withDefaults } from "../with-defaults.js";
import { createJobContext } from "./context.js";
import { isRunFailure, timeOf } from "./failure.js";
import type { Job } from "./job.js";
import { Recorder, type RecorderLimits, type Undated } from "./recorder.js";

export interface RunnerOptions {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly relay: Relay;
  readonly proxy: ServiceProxy;
  readonly limits: RecorderLimits;
  readonly leaseMs: number;
  readonly abandonAfterMs: number;
}

export interface RunToDo {
  readonly run: string;
  readonly lease: string;
  readonly principal: string | null;
  readonly input: unknown;
  readonly job: Job<never>;
  readonly stages: readonly StagePlan[];
  /** Present: the run was taken on, as it is in `state`; not `isFirst`: from another producer. */
  readonly claimed?: { readonly state: RunState; readonly isFirst: boolean };
  /** From start to end, in milliseconds; past it the run is cancelled as `limit`. */
  readonly totalTimeoutMs: number;
}

/** How a producer's work on a run has come out; `lost`: the end, if there is one, is somebody else's. */
export type RunOutcome = EndEvent["status"] | "lost";

export interface RunningRun {
  /** Resolves when the run has its end and nothing of it is left; never rejects. */
  readonly done: Promise<RunOutcome>;
  cancel(reason: CancelReason): void;
}

/** How long a cancelled job may still say what it has used, in milliseconds. */
const SETTLE_MS = 200;

/** One for all: it would be made with every run, and read with hardly any. */
const HAS_ENDED = new DOMException("The run has ended.", "AbortError");

/**
 * Runs one job to its one end: renews the lease, obeys the store's orders, notices that nobody looks. `onEvents` is told
 * each event, once, in order, when it is in the log.
 */
export function startRun(
  todo: RunToDo,
  options: RunnerOptions,
  onEvents: (events: readonly LoggedEvent[]) => void,
): RunningRun {
  const { store, clock, logger, leaseMs, abandonAfterMs } = options;
  const { run, lease } = todo;
  const controller = new AbortController();
  let cancelReason: CancelReason | null = null;
  let isLost = false;
  let callOffCheck = (): void => {};
  let isChecking = false;
  let isCheckDue = false;
  let heardAt = clock.now();
  let awakeSince = Number.NEGATIVE_INFINITY;
  let nextRenewal = clock.now() + leaseMs / 3;

  function cancel(reason: CancelReason): void {
    if (controller.signal.aborted) return;
    cancelReason = reason;
    controller.abort(new DOMException(`The run was cancelled: ${reason}.`, "AbortError"));
  }

  function lose(error: unknown): void {
    if (isLost) return;
    isLost = true;
    const isEnded = error instanceof StoreError && error.code !== "unavailable";
    logger[isEnded ? "warn" : "error"]({ run, ...describeError(error) }, "run lost to its producer");
    controller.abort(new DOMException("The run was ended elsewhere.", "AbortError"));
  }

  /** The lease is renewed on a timer of its own: a job that is silent for long is not a dead one. */
  async function check(): Promise<void> {
    isCheckDue = true;
    if (isChecking) return;
    isChecking = true;
    while (isCheckDue && !controller.signal.aborted) {
      isCheckDue = false;
      try {
        const orders = await store.renew(run, lease);
        nextRenewal = clock.now() + leaseMs / 3;
        recorder.retryNow();
        obey(orders);
      } catch (error) {
        const isRefused = error instanceof StoreError && error.code !== "unavailable";
        // Its own end may have overtaken this. Whether that was written the recorder knows.
        if (isRefused && recorder.isEnding) break;
        if (isRefused) lose(error);
        else checkAfter(Math.min(leaseMs / 6, LONGEST_PRODUCER_PAUSE_MS));
      }
    }
    isChecking = false;
  }

  function checkAfter(ms: number): void {
    callOffCheck();
    if (controller.signal.aborted) return;
    callOffCheck = clock.after(ms, () => void check());
  }

  function obey(orders: Orders): void {
    const now = clock.now();
    // Orders come with each third of a lease. After a longer gap the process stood still, or the clock was set, and
    // nobody could look meanwhile: the grace begins anew.
    if (now - heardAt > (leaseMs * 2) / 3) awakeSince = now;
    heardAt = now;
    const abandonedAt = Math.max(orders.attendedUntil, awakeSince) + abandonAfterMs;
    if (orders.cancelRequested !== null) cancel(orders.cancelRequested);
    else if (now >= abandonedAt) cancel("abandoned");
    else checkAfter(Math.min(nextRenewal, abandonedAt) - clock.now());
  }

  const recorder = new Recorder({
    store,
    run,
    lease,
    before: todo.claimed?.state ?? null,
    clock,
    limits: options.limits,
    onEvents,
    // Appends renew the lease as well, but only an order is of interest: the timer stands as it is.
    onOrders: ({ cancelRequested }) => {
      if (cancelRequested !== null) cancel(cancelRequested);
    },
    onLost: lose,
  });

  async function perform(): Promise<Undated<EndEvent>> {
    try {
      controller.signal.throwIfAborted();
      begin();
      const context = createJobContext({
        input: todo.input,
        principal: todo.principal,
        relay: options.relay,
        proxy: options.proxy,
        runId: run,
        previous: todo.claimed?.isFirst === false ? todo.claimed.state : null,
        signal: controller.signal,
        recorder,
      });
      const result = await todo.job(context as never);
      if (result !== undefined) recorder.record({ type: "result", value: result });
      return { type: "end", status: "succeeded" };
    } catch (error) {
      if (controller.signal.aborted) return { type: "end", status: "cancelled", reason: "user" };
      return failedEnd(error);
    }
  }

  function failedEnd(error: unknown): Undated<EndEvent> {
    if (isRunFailure(error)) {
      const requestId = createRequestId();
      const { code, message, retryable } = error;
      const retryAfterMs = timeOf(error.retryAfterMs);
      logger.warn({ run, requestId, code, ...causeOf(error) }, "run failed");
      const details = {
        message,
        retryable,
        requestId,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
      return { type: "end", status: "failed", error: runError(code, details) };
    }
    return internalEnd(error);
  }

  function internalEnd(error: unknown): Undated<EndEvent> {
    const requestId = createRequestId();
    logger.error({ run, requestId, code: "internal", ...describeError(error) }, "run failed");
    return { type: "end", status: "failed", error: runError("internal", { requestId }) };
  }

  /** A run that was queued has begun already: what is left to say is what its plan does not name yet. */
  function begin(): void {
    const { claimed, stages } = todo;
    if (!claimed) {
      recorder.record({ type: "start", ...(stages.length === 0 ? {} : { stages }) });
      return;
    }
    if (claimed.isFirst) recorder.record({ type: "progress", message: "" });
    for (const { id, ...plan } of stages) {
      if (claimed.state.stages.some((known) => known.id === id)) continue;
      recorder.record({ type: "stage", stage: id, status: "pending", ...withDefaults({ weight: 1 }, plan) });
    }
  }

  /** When the job is through, or at once with the signal. */
  async function endOf(performed: Promise<Undated<EndEvent>>): Promise<Undated<EndEvent>> {
    const aborted = new Promise<void>((resolve) => {
      controller.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([performed, aborted]);
    if (!controller.signal.aborted) return performed;
    await settledWithin(clock, SETTLE_MS, performed);
    return { type: "end", status: "cancelled", reason: cancelReason ?? "shutdown" };
  }

  async function live(): Promise<RunOutcome> {
    const unwatch = store.watchOrders(run, () => void check());
    const callOffTotal = clock.after(todo.totalTimeoutMs, () => cancel("limit"));
    try {
      const told = check();
      // Whoever takes a run on may find that it was cancelled meanwhile, and asks no model for it any more.
      if (todo.claimed) await told;
      // What a job throws has become an end; this is for what could not even be looked at.
      const end = await endOf(perform()).catch(internalEnd);
      callOffTotal();
      return (await recorder.end(end)) ? end.status : "lost";
    } finally {
      callOffTotal();
      unwatch();
      callOffCheck();
      if (!controller.signal.aborted) controller.abort(HAS_ENDED);
    }
  }

  const done = live().catch((error: unknown): RunOutcome => {
    logger.error({ run, ...describeError(error) }, "run broke");
    return "lost";
  });
  return { done, cancel };
}

const causeOf = (error: Error): object =>
  error.cause === undefined ? { detail: error.message } : describeError(error.cause);
