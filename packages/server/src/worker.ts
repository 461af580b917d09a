import { type RunState, runError, type StagePlan } from "@ai-progress-stream/protocol";
import { createClaimLeases } from "./claim-leases.js";
import { type Clock, delay, systemClock } from "./clock.js";
import { type Logger, stderrLogger } from "./logger.js";
import { checkNumbers, defaultLimits, type Limits } from "./options.js";
import { type QueuedJob, withClaims } from "./queued-task.js";
import type { Job, JobContext } from "./run/job.js";
import { createProducer, type RunHooks } from "./run/producer.js";
import type { RunningRun, RunOutcome } from "./run/runner.js";
import { checkStages } from "./run/stage-plan.js";
import type { ClaimOutcome, RunStore } from "./store/run-store.js";
import type { RetryNotice } from "./upstream/retry.js";
import type { UpstreamTimeouts } from "./upstream/timeouts.js";
import { createUpstream } from "./upstream/upstream.js";
import { withDefaults } from "./with-defaults.js";

export interface ProgressWorkerOptions extends RunHooks {
  /**
   * Where the runs live that web nodes have queued: the same Redis, the same secret. Closed with the worker; where it is
   * that of a progress server in the same process, close that first.
   */
  readonly store: RunStore;
  /** How long a run goes on with no viewer left, in milliseconds; `Infinity`: to its end. @defaultValue 60_000 */
  readonly abandonAfterMs?: number;
  /** How long a worker may be silent before it counts as dead, in milliseconds. @defaultValue 15_000 */
  readonly leaseMs?: number;
  /**
   * How long a run that its job may resume is kept for the queue's next attempt after its worker has died, in
   * milliseconds: longer than the queue takes to notice, shorter than half of the store's `retainMs`.
   * @defaultValue 60_000
   */
  readonly resumeWithinMs?: number;
  /** The longest that a run may take, in milliseconds; past it it is cancelled as `limit`. @defaultValue 3_600_000 */
  readonly totalTimeoutMs?: number;
  /** How long an upstream may take. */
  readonly timeouts?: Partial<UpstreamTimeouts>;
  /** How often an upstream that has refused is asked again. @defaultValue 2 */
  readonly maxRetries?: number;
  /** What viewers read while a busy upstream is asked again. */
  readonly retryMessage?: (notice: RetryNotice) => string;
  readonly limits?: Partial<Omit<Limits, "bodyBytes" | "runsPerPrincipal">>;
  /** Takes pino as it is. @defaultValue warnings and errors to stderr, a line of JSON each */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface PerformOptions<Input = unknown> extends Omit<QueuedJob<Input>, "runId"> {
  /** The job. What it returns is the result, what it throws the failure. */
  readonly run: (context: JobContext<Input>) => unknown;
  /** Stages that the task on the web node did not plan already. */
  readonly stages?: readonly StagePlan[];
  /**
   * What a further attempt does with a run that an earlier one has begun. True: it goes on, with what there is in
   * `context.previous`. False: it ends the run as failed with `producer_lost`, and does not call `run`.
   * @defaultValue false
   */
  readonly resume?: boolean;
  /** @defaultValue the worker's */
  readonly totalTimeoutMs?: number;
}

/**
 * How an attempt came out. `succeeded`, `failed`, `cancelled`: the end that it has written. Nothing was performed where
 * the run is `ended` already, `gone` from the store, or `held` by a worker that lives. `lost`: begun, but the end is
 * somebody else's, because the store stayed away or this process stood still for longer than its lease.
 */
export type PerformOutcome = RunOutcome | "ended" | "gone" | "held";

/** A process without HTTP that performs the runs which web nodes have queued. */
export interface ProgressWorker {
  /**
   * Performs a queued run and publishes its progress. Of any number of attempts at a run one at a time has it; a
   * failure of the job is the run's and not this call's.
   * @throws StoreError `unavailable`: nothing was begun; leave the job to a further attempt
   * @throws Error while the worker closes, likewise
   * @throws TypeError for options that cannot be; nothing was begun
   */
  perform<Input = unknown>(runId: string, options: PerformOptions<Input>): Promise<PerformOutcome>;
  /**
   * Ends gracefully: takes on nothing more, lets the running finish for `drainMs` (default 10_000), then cancels them
   * as `shutdown`. When it resolves, no timer, socket or listener of this worker's is left.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** A timer may come a little before its time, and a lease that is renewed is renewed by much more than this. */
const SLACK_MS = 20;

/** Before the run is claimed: afterwards it would have been begun, and lost. */
function checkJob(job: Pick<PerformOptions, "totalTimeoutMs" | "stages"> & { readonly run: unknown }): void {
  if (typeof job.run !== "function") {
    throw new TypeError("worker.perform needs run, the function that does the work.");
  }
  checkNumbers(job);
  checkStages(job.stages ?? []);
}

/** @throws TypeError where the store cannot hand runs over, and for a number that cannot be */
export function createProgressWorker(options: ProgressWorkerOptions): ProgressWorker {
  const { clock = systemClock, leaseMs = 15_000 } = options;
  checkNumbers(options);
  const store = withClaims(options.store);
  const limits = withDefaults(defaultLimits, options.limits);
  const upstream = createUpstream({ ...options, clock, logger: options.logger ?? stderrLogger, limits });
  const { relay, proxy, logger } = upstream;
  const { abandonAfterMs = 60_000, totalTimeoutMs = 3_600_000, resumeWithinMs = 60_000 } = options;
  const producer = createProducer({ store, clock, logger, relay, proxy, limits, leaseMs, abandonAfterMs });
  const leases = createClaimLeases(clock);
  const closing = new AbortController();
  const beginning = new Set<Promise<unknown>>();
  let closed: Promise<void> | null = null;

  /** A lease that is live may be a dead worker's: whether its holder lives is known when it would have run out. */
  async function claim(run: string, lease: string, graceMs: number): Promise<ClaimOutcome> {
    let outcome = await store.claim(run, { lease, leaseMs, graceMs });
    if (outcome.kind === "held") {
      await delay(clock, outcome.retryAfterMs + SLACK_MS, closing.signal);
      refuseIfClosing();
      outcome = await store.claim(run, { lease, leaseMs, graceMs });
    }
    return outcome;
  }

  function refuseIfClosing(): void {
    if (closing.signal.aborted) throw new Error("This worker is closing. Leave the job to another one.");
  }

  /** What an attempt that died has done is not known: to do it again might be to do it twice. */
  async function giveUp(run: string, lease: string, state: RunState): Promise<PerformOutcome> {
    logger.warn({ run }, "an earlier attempt at this run has died; it is not resumed");
    await store.append(run, lease, state.seq + 1, [
      { type: "end", at: clock.now(), status: "failed", error: runError("producer_lost") },
    ]);
    return "failed";
  }

  async function begin<Input>(run: string, job: PerformOptions<Input>): Promise<RunningRun | PerformOutcome> {
    const { input, principal, stages = [], resume = false } = job;
    const lease = leases.take(run);
    const graceMs = resume ? resumeWithinMs : 0;
    let claimed: ClaimOutcome;
    try {
      claimed = await claim(run, lease, graceMs);
      if (claimed.kind !== "claimed") return claimed.kind;
      if (!claimed.isFirst && !resume) return await giveUp(run, lease, claimed.state);
    } catch (error) {
      leases.keep(run, lease, leaseMs + graceMs);
      throw error;
    }
    const limit = { totalTimeoutMs: job.totalTimeoutMs ?? totalTimeoutMs };
    const todo = { run, lease, principal, input, job: job.run as Job<never>, stages, claimed, ...limit };
    return producer.start(todo, [options]);
  }

  async function close(drainMs: number): Promise<void> {
    closing.abort();
    await Promise.allSettled(beginning);
    await producer.drain(drainMs);
    upstream.close();
    await store.close();
  }

  return {
    async perform(runId, job) {
      refuseIfClosing();
      checkJob(job);
      const begun = begin(runId, job);
      beginning.add(begun);
      try {
        const run = await begun;
        return typeof run === "string" ? run : await run.done;
      } finally {
        beginning.delete(begun);
      }
    },

    close({ drainMs = 10_000 } = {}) {
      closed ??= close(drainMs);
      return closed;
    },
  };
}
