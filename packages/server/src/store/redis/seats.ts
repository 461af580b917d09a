import type { NewRun } from "../run-store.js";
import { type Commands, toList } from "./commands.js";
import type { Keys } from "./keys.js";
import { liveScript, seatScript } from "./scripts.js";

export interface SeatsOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  /** The time that scripts are to go by; empty: Redis' own. */
  readonly time: () => string;
}

export interface Seats {
  /** Whether the run, which has been made, may stay. */
  take(spec: NewRun): Promise<boolean>;
  /** The runs of its principal that have one, some of which may have ended. */
  taken(spec: NewRun): Promise<readonly string[]>;
}

/** The set of a principal that starts nothing more goes by itself, in milliseconds. */
const SEATS_TTL_MS = 86_400_000;

/**
 * How many runs of one principal go on at the same time. A run that has ended, or whose producer has died, keeps its
 * seat until somebody needs one: then each is asked after, so that no crash leaves a count behind.
 */
export function createSeats({ commands, keys, time }: SeatsOptions): Seats {
  async function isLive(run: string): Promise<boolean> {
    return (await commands.run(liveScript, keys.of(run).all, [time()])) === 1;
  }

  async function taken(spec: NewRun): Promise<readonly string[]> {
    const runs = toList(await commands.call("SMEMBERS", keys.seats(spec))) ?? [];
    return runs.filter((run) => run !== null);
  }

  return {
    taken,

    async take(spec) {
      const { run, principal, maxRunsOfPrincipal: max } = spec;
      if (principal === null || max === undefined) return true;
      const seats = keys.seats(spec);
      const sit = async (): Promise<boolean> =>
        (await commands.run(seatScript, [seats], [run, max, SEATS_TTL_MS])) === 1;
      if (await sit()) return true;
      const seated = await taken(spec);
      const lives = await Promise.all(seated.map(isLive));
      const free = seated.filter((_, index) => !lives[index]);
      if (free.length === 0) return false;
      await commands.call("SREM", seats, ...free);
      return sit();
    },
  };
}
