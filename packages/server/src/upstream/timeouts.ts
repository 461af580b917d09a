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

/** A timer that is later than this was not merely late. */
const LATE_MS = 10_000;

/** One timer for whichever wait is on; being fed costs a look at the clock, not a new timer. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #timeouts: UpstreamTimeouts;
  readonly #onTimeout: (wait: Wait, ms: number) => void;
  #current: Wait | null = null;
  #since = 0;
  #callOff = (): void => {};

  constructor(clock: Clock, timeouts: UpstreamTimeouts, onTimeout: (wait: Wait, ms: number) => void) {
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#onTimeout = onTimeout;
  }

  /** From now on this wait counts; null: none does. */
  expect(wait: Wait | null): void {
    this.#callOff();
    this.#current = wait;
    this.#since = this.#clock.now();
    if (wait !== null) this.#arm(wait, this.#timeouts[wait]);
  }

  /** Something came. */
  feed(): void {
    if (this.#current !== null) this.#since = this.#clock.now();
  }

  #arm(wait: Wait, ms: number): void {
    const dueAt = this.#clock.now() + ms;
    this.#callOff = this.#clock.after(ms, () => {
      const now = this.#clock.now();
      // The clock was set, or the process stood still: how long it was silent is not known. It is given its time anew.
      if (now < this.#since || now - dueAt > LATE_MS) this.#since = now;
      const left = this.#timeouts[wait] - (this.#clock.now() - this.#since);
      if (left > 0) this.#arm(wait, left);
      else this.#onTimeout(wait, this.#timeouts[wait]);
    });
  }
}
