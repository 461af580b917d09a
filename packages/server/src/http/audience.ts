import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.js";
import type { RunStore } from "../store/run-store.js";

/** Who looks at which run on this process: one subscription, one presence and one timer per run that is watched. */
export interface Audience {
  /** A viewer of the run has come; `wake` is called when there may be something to read. Gives its leaving. */
  join(run: string, wake: () => void): () => void;
}

export interface AudienceOptions {
  readonly store: RunStore;
  readonly clock: Clock;
  /** How often a run is looked at even if no wake-up came, and its producer's lease with it. */
  readonly backstopMs: number;
  readonly onError: (error: unknown) => void;
}

interface Watched {
  readonly wakes: Set<() => void>;
  unwatch: () => void;
  callOff: () => void;
}

export function createAudience({ store, clock, backstopMs, onError }: AudienceOptions): Audience {
  const process = randomUUID();
  const watched = new Map<string, Watched>();

  function open(run: string): Watched {
    const entry: Watched = { wakes: new Set(), unwatch: () => {}, callOff: () => {} };
    watched.set(run, entry);
    entry.unwatch = store.watch(run, () => {
      for (const wake of entry.wakes) wake();
    });
    attend(run);
    backstop(run, entry);
    return entry;
  }

  /** Presence outlives two missed rounds, and no more: a process that dies must not keep a run alive. */
  function attend(run: string): void {
    store.attend(run, process, clock.now() + 3 * backstopMs).catch(onError);
  }

  function backstop(run: string, entry: Watched): void {
    const dueAt = clock.now() + backstopMs;
    entry.callOff = clock.after(backstopMs, () => {
      backstop(run, entry);
      attend(run);
      // A timer this late means that this process stood still, and the producer's renewal with it: next round.
      const isLate = clock.now() - dueAt > backstopMs / 2;
      const reaped = isLate ? Promise.resolve(false) : store.reap(run);
      reaped.then(() => {
        for (const wake of entry.wakes) wake();
      }, onError);
    });
  }

  return {
    join(run, wake) {
      const entry = watched.get(run) ?? open(run);
      entry.wakes.add(wake);
      return () => {
        if (!entry.wakes.delete(wake) || entry.wakes.size > 0) return;
        watched.delete(run);
        entry.unwatch();
        entry.callOff();
        store.leave(run, process).catch(onError);
      };
    },
  };
}
