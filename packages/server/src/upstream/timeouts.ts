import type { Clock } from "../clock.js";
import { RunFailure } from "../run/failure.js";

/** How long an upstream may take, each in milliseconds. `Infinity` waits for ever. */
export interface UpstreamTimeouts {
  /** Until the connection stands. @defaultValue 10_000 */
  readonly connectMs: number;
  /** From there until the first byte of an answer. @defaultValue 60_000 */
  readonly firstByteMs: number;
  /** Between any two bytes after it; keep-alive comments count. @defaultValue 60_000 */
  readonly idleMs: number;
  /** For the whole answer, retries included. @defaultValue 600_000 */
  readonly totalMs: number;
}

export const defaultTimeouts: UpstreamTimeouts = {
  connectMs: 10_000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

export type Wait = keyof UpstreamTimeouts;

/** The failure that a missed deadline is: one code, a sentence for each wait. */
export function timeoutFailure(wait: Wait, ms: number): RunFailure {
  const seconds = `${Math.round(ms / 100) / 10} s`;
  const sentences: Record<Wait, string> = {
    connectMs: `The model service could not be reached within ${seconds}. Try again.`,
    firstByteMs: `The model service did not begin to answer within ${seconds}. Try again.`,
    idleMs: `The model service fell silent for ${seconds}. Try again.`,
    totalMs: `The answer was not complete after ${seconds}.`,
  };
  return new RunFailure("upstream_timeout", sentences[wait]);
}

export interface Watchdog {
  /** From now on this wait counts; null: none does. */
  expect(wait: Wait | null): void;
  /** Something came. */
  feed(): void;
}

/** A timer that is later than this was not merely late. */
const LATE_MS = 10_000;

/** One timer for whichever wait is on; being fed costs a look at the clock, not a new timer. */
export function createWatchdog(
  clock: Clock,
  timeouts: UpstreamTimeouts,
  onTimeout: (wait: Wait, ms: number) => void,
): Watchdog {
  let current: Wait | null = null;
  let since = 0;
  let callOff = (): void => {};

  function arm(wait: Wait, ms: number): void {
    const dueAt = clock.now() + ms;
    callOff = clock.after(ms, () => {
      const now = clock.now();
      // The clock was set, or the process stood still: how long it was silent is not known. It is given its time anew.
      if (now < since || now - dueAt > LATE_MS) since = now;
      const left = timeouts[wait] - (clock.now() - since);
      if (left > 0) arm(wait, left);
      else onTimeout(wait, timeouts[wait]);
    });
  }

  return {
    expect(wait) {
      callOff();
      current = wait;
      since = clock.now();
      if (wait !== null) arm(wait, timeouts[wait]);
    },
    feed() {
      if (current !== null) since = clock.now();
    },
  };
}
