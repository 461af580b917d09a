import type { LoggedEvent, RunState } from "@ai-progress-stream/protocol";
import { describeError } from "../logger.js";
import { type RunnerOptions, type RunningRun, type RunToDo, startRun } from "./runner.js";

export interface RunInfo {
  readonly runId: string;
  readonly principal: string | null;
}

/** Called by the process that performs a run. What a hook throws is logged and changes nothing. */
export interface RunHooks {
  /** A run has begun. */
  readonly onStart?: (run: RunInfo) => void | Promise<void>;
  /** Each event of each run, in order, as it is logged. */
  readonly onEvent?: (event: LoggedEvent, run: RunInfo) => void;
  /** A run has ended: the place to save its text. Called once per run, by the process that ran it. */
  readonly onEnd?: (state: RunState, run: RunInfo) => void | Promise<void>;
}

/** The runs that this process performs. */
export interface Producer {
  start(todo: RunToDo, hooks: RunHooks): RunningRun;
  /** Resolves when all have ended and the hooks know it; after `drainMs` they are cancelled as `shutdown`. */
  drain(drainMs: number): Promise<void>;
}

export function createProducer(options: Omit<RunnerOptions, "onEvents">): Producer {
  const { store, clock, logger } = options;
  const running = new Map<RunningRun, Promise<unknown>>();

  async function callHook(name: string, call: () => void | Promise<void> | undefined): Promise<void> {
    try {
      await call();
    } catch (error) {
      logger.error({ hook: name, ...describeError(error) }, "a hook failed");
    }
  }

  async function tellEnd(onEnd: NonNullable<RunHooks["onEnd"]>, info: RunInfo): Promise<void> {
    const page = await store.read(info.runId, null);
    if (page?.kind === "snapshot") await onEnd(page.state, info);
  }

  return {
    start(todo, { onStart, onEvent, onEnd }) {
      const info: RunInfo = { runId: todo.run, principal: todo.principal };
      if (onStart) void callHook("onStart", () => onStart(info));
      const run = startRun(todo, {
        ...options,
        onEvents(_run, events) {
          if (!onEvent) return;
          for (const event of events) void callHook("onEvent", () => onEvent(event, info));
        },
      });
      const told = run.done.then(async () => {
        if (onEnd) await callHook("onEnd", () => tellEnd(onEnd, info));
        running.delete(run);
      });
      running.set(run, told);
      return run;
    },

    async drain(drainMs) {
      const callOff = clock.after(drainMs, () => {
        for (const run of running.keys()) run.cancel("shutdown");
      });
      await Promise.all(running.values());
      callOff();
    },
  };
}
