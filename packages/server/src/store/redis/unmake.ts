import type { Clock } from "../../clock.js";
import type { Commands } from "./commands.js";
import type { Keys } from "./keys.js";

export interface UnmakerOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly clock: Clock;
}

/** Takes runs back that were made and that nobody will work on. */
export interface Unmaker {
  /** As long as its lease holds, `leaseMs` from now: afterwards it is ended by whoever looks at it. Never rejects. */
  unmake(run: string, leaseMs: number): void;
  close(): void;
}

const PAUSES_MS = [250, 1_000, 2_000];
const LAST_PAUSE_MS = 5_000;

export function createUnmaker({ commands, keys, clock }: UnmakerOptions): Unmaker {
  const callOffs = new Set<() => void>();
  let isClosed = false;

  /** What made it necessary is often that Redis is away: then it is away for this, too. */
  function attempt(run: string, untilAt: number, retry: number): void {
    commands.call("DEL", ...keys.of(run).all).catch(() => {
      const pauseMs = PAUSES_MS[retry] ?? LAST_PAUSE_MS;
      if (isClosed || clock.now() + pauseMs > untilAt) return;
      const repeat = (): void => {
        callOffs.delete(callOff);
        attempt(run, untilAt, retry + 1);
      };
      const callOff = clock.after(pauseMs, repeat, { ref: false });
      callOffs.add(callOff);
    });
  }

  return {
    unmake: (run, leaseMs) => attempt(run, clock.now() + leaseMs, 0),

    close() {
      isClosed = true;
      for (const callOff of callOffs) callOff();
      callOffs.clear();
    },
  };
}
