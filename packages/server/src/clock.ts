/** Time and timers, so that a test can own both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `run` once after `ms`; `Infinity` never does. Gives the function that calls it off. With `ref: false` the process
   * need not stay alive for it.
   */
  after(ms: number, run: () => void, options?: { readonly ref: boolean }): () => void;
}

/** The longest delay that a timer of Node takes; it turns a longer one into 1 ms. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run, { ref } = { ref: true }) {
    if (ms === Infinity) return () => {};
    const timer = setTimeout(run, Math.min(Math.max(0, ms), MAX_DELAY_MS));
    if (!ref) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal aborts. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      callOff();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const callOff = clock.after(ms, finish);
    signal?.addEventListener("abort", finish);
  });
}

/** Resolves when the promise has settled, or after `ms`. */
export function settledWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const settle = (): void => settled.abort();
  promise.then(settle, settle);
  return delay(clock, ms, settled.signal);
}
