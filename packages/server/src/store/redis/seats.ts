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

/** The set of a principal that starts nothing more goes by itself, in milliseconds. */
const SEATS_TTL_MS = 86_400_000;

/**
 * How many runs of one principal go on at the same time. A run that has ended, or whose producer has died, keeps its
 * seat until somebody needs one: then each is asked after, so that no crash leaves a count behind.
 */
export function createSeats({ commands, keys, time }: SeatsOptions): (spec: NewRun) => Promise<boolean> {
  async function isLive(run: string): Promise<boolean> {
    return (await commands.run(liveScript, keys.of(run).all, [time()])) === 1;
  }

  /** Whether the run, which has been made, may stay. */
  return async function sit(spec) {
    const { run, principal, maxRunsOfPrincipal: max } = spec;
    if (principal === null || max === undefined) return true;
    const seats = keys.seats(spec);
    const take = async (): Promise<boolean> =>
      (await commands.run(seatScript, [seats], [run, max, SEATS_TTL_MS])) === 1;
    if (await take()) return true;
    const seated = (toList(await commands.call("SMEMBERS", seats)) ?? []).filter((other) => other !== null);
    const lives = await Promise.all(seated.map(isLive));
    const free = seated.filter((_, index) => !lives[index]);
    if (free.length === 0) return false;
    await commands.call("SREM", seats, ...free);
    return take();
  };
}
