import { runError, type StagePlan } from "@ai-progress-stream/protocol";
import type { Clock } from "./clock.js";
import { describeError, type Logger } from "./logger.js";
import type { TaskOptions } from "./options.js";
import { createRequestId } from "./request-id.js";
import type { QueuedEvent, RunStore } from "./store/run-store.js";

/** What a worker needs to perform a run: let it travel in the queue's job, as JSON. */
export interface QueuedJob<Input = unknown> {
  readonly runId: string;
  readonly input: Input;
  readonly principal: string | null;
}

/** A task that other processes work on: this one makes the run, and streams what a worker publishes. */
export interface QueuedTaskOptions<Input = unknown> extends Pick<TaskOptions<Input>, "input" | "stages"> {
  /**
   * Hands the job to a queue, whose consumer calls `perform` of a `createProgressWorker`. Called once per run; what it
   * throws ends the run as failed with `overloaded`.
   */
  readonly enqueue: (job: QueuedJob<Input>) => unknown;
  /** How long a run may wait for a worker, in milliseconds; past it it fails with `overloaded`. @defaultValue 600_000 */
  readonly queueTimeoutMs?: number;
  /** What viewers read while it waits. @defaultValue "Waiting for a worker" */
  readonly queuedMessage?: string;
}

/** How one run waits, and how it gets into the queue. */
export interface RunQueue {
  readonly events: readonly QueuedEvent[];
  readonly timeoutMs: number;
  /** Never rejects. */
  enqueue(run: {
    readonly run: string;
    readonly lease: string;
    readonly principal: string | null;
  }): Promise<void>;
}

export interface RunQueueOptions {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws TypeError where the store cannot queue runs, or the time is none */
export function checkQueue(
  { queueTimeoutMs = 0 }: Pick<QueuedTaskOptions, "queueTimeoutMs">,
  store: RunStore,
): void {
  withClaims(store);
  if (Number.isFinite(queueTimeoutMs) && queueTimeoutMs >= 0) return;
  throw new TypeError(`queueTimeoutMs is ${queueTimeoutMs}. Give milliseconds: no run may wait for ever.`);
}

/** @throws TypeError where the store cannot hand a run from one process to another */
export function withClaims(store: RunStore): RunStore & Required<Pick<RunStore, "claim">> {
  if (store.claim) return store as RunStore & Required<Pick<RunStore, "claim">>;
  throw new TypeError(
    "This store cannot queue runs: it has no claim(). memoryStore and redisStore have one.",
  );
}

export function createRunQueue<Input>(
  task: QueuedTaskOptions<Input>,
  input: Input,
  stages: readonly StagePlan[],
  { store, clock, logger }: RunQueueOptions,
): RunQueue {
  const at = clock.now();
  const events: QueuedEvent[] = [
    { type: "start", at, ...(stages.length === 0 ? {} : { stages }) },
    { type: "progress", at, message: task.queuedMessage ?? "Waiting for a worker" },
  ];

  async function refuse(run: string, lease: string, cause: unknown): Promise<void> {
    const requestId = createRequestId();
    logger.error({ run, requestId, ...describeError(cause) }, "a job could not be enqueued");
    const error = runError("overloaded", { requestId });
    try {
      await store.append(run, lease, events.length + 1, [
        { type: "end", at: clock.now(), status: "failed", error },
      ]);
    } catch (failure) {
      // Its worker has it after all, or it ends when its time in the queue is over.
      logger.warn(
        { run, requestId, ...describeError(failure) },
        "a run that could not be enqueued was not ended",
      );
    }
  }

  return {
    events,
    timeoutMs: task.queueTimeoutMs ?? 600_000,
    async enqueue({ run, lease, principal }) {
      try {
        await task.enqueue({ runId: run, input, principal });
      } catch (error) {
        await refuse(run, lease, error);
      }
    },
  };
}
