import type { Clock } from "@ai-progress-stream/server";

export interface ManualClock extends Clock {
  /** Moves the time on, and runs what comes due on the way, in order, letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Sets the time of day forward, or with a negative number back: no timer comes due by that. */
  jump(ms: number): void;
  /** Stands still for so long, as a stopped process does: what came due meanwhile runs late, all at once. */
  freeze(ms: number): Promise<void>;
  /** Timers that have been set and neither run nor called off. */
  readonly pending: number;
}

/** A clock that stands still unless it is told. */
export function manualClock(startAt = 1_000_000): ManualClock {
  let now = startAt;
  const timers = new Set<{ at: number; run: () => void }>();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const clock: ManualClock = {
    now: () => now,
    after(ms, run) {
      if (ms === Infinity) return () => {};
      const timer = { at: now + Math.max(0, ms), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const [due] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (!due) break;
        timers.delete(due);
        now = Math.max(now, due.at);
        due.run();
        await settle();
      }
      now = until;
      await settle();
    },
    jump(ms) {
      now += ms;
      for (const timer of timers) timer.at += ms;
    },
    async freeze(ms) {
      now += ms;
      await clock.advance(0);
    },
    get pending() {
      return timers.size;
    },
  };
  return clock;
}
