import type { Clock } from "./clock.js";

/** The wait before an attempt. It can be cut short, but not below what the server asked for. */
export interface Pause {
  readonly dueAt: number;
  set(dueAt: number, earliestAt: number): void;
  /** Makes it due as early as may be. False: it was already. */
  cutShort(): boolean;
  /** Resolves when due. Rejects, and leaves no timer, when the signal aborts. */
  over(signal: AbortSignal): Promise<void>;
}

export function createPause(clock: Clock): Pause {
  let dueAt = 0;
  let earliestAt = 0;
  let rearm = (): void => {};
  return {
    get dueAt() {
      return dueAt;
    },
    set: (due, earliest) => {
      dueAt = due;
      earliestAt = earliest;
    },
    cutShort: () => {
      const sooner = Math.max(earliestAt, clock.now());
      if (sooner >= dueAt) return false;
      dueAt = sooner;
      rearm();
      return true;
    },
    over: (signal) =>
      new Promise((resolve, reject) => {
        let timer: unknown = null;
        const leave = (): void => {
          rearm = () => {};
          clock.clearTimeout(timer);
          signal.removeEventListener("abort", abort);
        };
        const abort = (): void => {
          leave();
          reject(signal.reason);
        };
        if (signal.aborted) return abort();
        const finish = (): void => {
          leave();
          resolve();
        };
        const check = (): void => {
          const leftMs = dueAt - clock.now();
          clock.clearTimeout(timer);
          // The timer has the last word: a clock that was set back meanwhile would prolong the wait.
          if (leftMs > 0) timer = clock.setTimeout(finish, leftMs);
          else finish();
        };
        rearm = check;
        signal.addEventListener("abort", abort);
        check();
      }),
  };
}
