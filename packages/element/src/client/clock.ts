/** Where the session takes time and timers from, so that a test can hand it its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** A browser takes a longer wait, of 25 days, for none at all. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, Math.min(ms, LONGEST_MS)),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as number | undefined),
};
