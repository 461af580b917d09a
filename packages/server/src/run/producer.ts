import type { CancelReason, LoggedEvent, RunState } from "@ai-progress-stream/protocol";
import { settledWithin } from "../clock.js";
import { describeError } from "../logger.js";
import { type RunnerOptions, type RunningRun, type RunToDo, startRun } from "./runner.js";

export interface RunInfo {
  readonly runId: string;
  readonly principal: string | null;
}

/**
 * Called by the process that performs a run, the server's for all runs and then the endpoint's for its own. What a hook
 * throws is logged and changes nothing.
 */
export interface RunHooks {
  /** A run has begun. */
  readonly onStart?: (run: RunInfo) => void | Promise<void>;
  /** Each event of each run, once, in order, when it is in the log. */
  readonly onEvent?: (event: LoggedEvent, run: RunInfo) => void;
  /**
   * A run has ended: the place to save its text. Called once per run, by the process that has ended it; not where that has
   * died or lost the run to another, or its store stayed away.
   */
  readonly onEnd?: (state: RunState, run: RunInfo) => void | Promise<void>;
}

/** The runs that this process performs. */
export interface Producer {
  start(todo: RunToDo, hooks: readonly RunHooks[]): RunningRun;
  /** Whether this process works on the run: then it is not dead, however late its lease was renewed. */
  has(run: string): boolean;
  /** Cancels a run that this process works on. False: it does not. */
  cancel(run: string, reason: CancelReason): boolean;
  /** Resolves when all have ended and the hooks know it; after `drainMs` they are cancelled as `shutdown`. */
  drain(drainMs: number): Promise<void>;
}

/** How long `onEnd` may take to save what it is told when the process ends, in milliseconds. */
const HOOKS_MS = 10_000;

export function createProducer(options: RunnerOptions): Producer {
  const { store, clock, logger } = options;
  const running = new Map<string, RunningRun>();
  /** Those, and those whose `onEnd` is not through. */
  const ending = new Set<Promise<void>>();
  let isDrained = false;

  async function callHook(name: string, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      logger.error({ hook: name, ...describeError(error) }, "a hook failed");
    }
  }

  async function tellEnd(onEnd: NonNullable<RunHooks["onEnd"]>, info: RunInfo): Promise<void> {
    const page = await store.read(info.runId, null);
    if (page?.kind === "snapshot" && page.state.status !== "running") await onEnd(page.state, info);
  }

  return {
    start(todo, hooks) {
      const info: RunInfo = { runId: todo.run, principal: todo.principal };
      const eventHooks = hooks.flatMap(({ onEvent }) => onEvent ?? []);
      for (const { onStart } of hooks) if (onStart) void callHook("onStart", () => onStart(info));
      const run = startRun(todo, options, (events) => {
        if (eventHooks.length === 0) return;
        for (const event of events) {
          for (const onEvent of eventHooks) void callHook("onEvent", () => onEvent(event, info));
        }
      });
      running.set(todo.run, run);
      if (isDrained) run.cancel("shutdown");
      const over = run.done.then(async (outcome) => {
        if (running.get(todo.run) === run) running.delete(todo.run);
        const told = outcome === "lost" ? [] : hooks;
        for (const { onEnd } of told) if (onEnd) await callHook("onEnd", () => tellEnd(onEnd, info));
        ending.delete(over);
      });
      ending.add(over);
      return run;
    },

    has: (run) => running.has(run),

    cancel(run, reason) {
      running.get(run)?.cancel(reason);
      return running.has(run);
    },

    async drain(drainMs) {
      const callOff = clock.after(drainMs, () => {
        isDrained = true;
        for (const run of running.values()) run.cancel("shutdown");
      });
      await Promise.all([...running.values()].map((run) => run.done));
      callOff();
      await settledWithin(clock, HOOKS_MS, Promise.all(ending));
    },
  };
}
