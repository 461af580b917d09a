import type { Clock } from "./clock.js";

/** Tells when nothing has been heard for too long. */
export interface SilenceWatch {
  /** When something was heard last, in milliseconds since the epoch. */
  readonly heardAt: number;
  /** Bytes came, of whatever kind: heartbeats count. */
  heard(): void;
  /** The longest silence from now on, in milliseconds; 0: any. */
  allow(limitMs: number): void;
  /** Compares clocks at once: timers of a hidden tab or a sleeping machine are late. */
  check(): void;
  stop(): void;
}

export function watchSilence(clock: Clock, firstLimitMs: number, onSilence: () => void): SilenceWatch {
  let limitMs = 0;
  let heardAt = clock.now();
  let timer: unknown = null;

  // One timer per limit, not per chunk: it looks at the clock and is set again for what is left.
  const arm = (): void => {
    clock.clearTimeout(timer);
    timer = limitMs > 0 ? clock.setTimeout(check, Math.max(0, heardAt + limitMs - clock.now())) : null;
  };
  const check = (): void => {
    if (limitMs <= 0) return;
    // A clock that was set back must not hide the silence.
    heardAt = Math.min(heardAt, clock.now());
    if (clock.now() - heardAt >= limitMs) onSilence();
    else arm();
  };
  const allow = (ms: number): void => {
    limitMs = ms;
    arm();
  };
  allow(firstLimitMs);
  return {
    get heardAt() {
      return heardAt;
    },
    heard: () => {
      heardAt = clock.now();
    },
    allow,
    check,
    stop: () => allow(0),
  };
}
