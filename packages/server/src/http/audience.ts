import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.js";
import type { Answer, Page, RunStore } from "../store/run-store.js";

/** Who looks at which run on this process: one subscription, one presence and one timer per run that is watched. */
export interface Audience {
  /** A viewer of the run has come. */
  join(run: string, viewer: Viewer): Seat;
  /** Resolves when all viewers have left; those that are still there after `graceMs` are dropped. */
  close(graceMs: number): Promise<void>;
}

/** One viewer's place before a run. */
export interface Seat {
  /**
   * What comes next. In the place of a snapshot it may be one that others hold, where the log leads on from it: then the
   * viewer is woken to read on. So those that stopped at different places do not hold a copy each.
   */
  read(cursor: number | null): Answer<Page | null>;
  /** The viewer is sent this snapshot. Gives what to call when it has got it, or has left. */
  hold(page: SnapshotPage): () => void;
  leave(): void;
}

export interface Viewer {
  /** There may be something to read. */
  wake(): void;
  /** Ends its connection, whatever it has got by now. */
  drop(): void;
}

export type SnapshotPage = Extract<Page, { kind: "snapshot" }>;

export interface AudienceOptions {
  readonly store: RunStore;
  readonly clock: Clock;
  /** How often a run is looked at even if no wake-up came, and its producer's lease with it. */
  readonly backstopMs: number;
  /** Ends the run if its producer is dead. */
  readonly reap: (run: string) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

interface Watched {
  readonly viewers: Set<Viewer>;
  /** The newest snapshot that is on its way, and to how many. */
  held: { readonly page: SnapshotPage; viewers: number } | null;
  unwatch: () => void;
  callOff: () => void;
}

export function createAudience({ store, clock, backstopMs, reap, onError }: AudienceOptions): Audience {
  const process = randomUUID();
  const watched = new Map<string, Watched>();
  let onEmpty = (): void => {};

  function open(run: string): Watched {
    const entry: Watched = { viewers: new Set(), held: null, unwatch: () => {}, callOff: () => {} };
    watched.set(run, entry);
    entry.unwatch = store.watch(run, () => {
      for (const viewer of entry.viewers) viewer.wake();
    });
    attend(run);
    backstop(run, entry);
    return entry;
  }

  /** Presence outlives two missed rounds, and no more: a process that dies must not keep a run alive. */
  function attend(run: string): void {
    store.attend(run, process, clock.now() + 3 * backstopMs).catch(onError);
  }

  function stopWatching(run: string, entry: Watched): void {
    watched.delete(run);
    entry.unwatch();
    entry.callOff();
    store.leave(run, process).catch(onError);
    if (watched.size === 0) onEmpty();
  }

  function backstop(run: string, entry: Watched): void {
    const dueAt = clock.now() + backstopMs;
    entry.callOff = clock.after(backstopMs, () => {
      backstop(run, entry);
      attend(run);
      // A timer this late means that this process stood still, and the producer's renewal with it: next round.
      const isLate = clock.now() - dueAt > backstopMs / 2;
      const reaped = isLate ? Promise.resolve(false) : reap(run);
      reaped.then(() => {
        for (const viewer of entry.viewers) viewer.wake();
      }, onError);
    });
  }

  return {
    join(run, viewer) {
      const entry = watched.get(run) ?? open(run);
      entry.viewers.add(viewer);
      return new WatchedSeat(store, run, entry, viewer, stopWatching);
    },

    async close(graceMs) {
      if (watched.size === 0) return;
      await new Promise<void>((resolve) => {
        const callOff = clock.after(graceMs, resolve);
        onEmpty = () => {
          callOff();
          resolve();
        };
      });
      for (const { viewers } of [...watched.values()]) for (const viewer of [...viewers]) viewer.drop();
    },
  };
}

class WatchedSeat implements Seat {
  readonly #store: RunStore;
  readonly #run: string;
  readonly #entry: Watched;
  readonly #viewer: Viewer;
  readonly #onLast: (run: string, entry: Watched) => void;

  constructor(
    store: RunStore,
    run: string,
    entry: Watched,
    viewer: Viewer,
    onLast: (run: string, entry: Watched) => void,
  ) {
    this.#store = store;
    this.#run = run;
    this.#entry = entry;
    this.#viewer = viewer;
    this.#onLast = onLast;
  }

  read(cursor: number | null): Answer<Page | null> {
    const { held } = this.#entry;
    return held ? this.#readBeside(held.page, cursor) : this.#store.read(this.#run, cursor);
  }

  async #readBeside(held: SnapshotPage, cursor: number | null): Promise<Page | null> {
    const page = await this.#store.read(this.#run, cursor);
    if (page?.kind !== "snapshot" || page === held) return page;
    const next = await this.#store.read(this.#run, held.state.seq);
    if (next?.kind !== "tail") return page;
    this.#viewer.wake();
    return held;
  }

  hold(page: SnapshotPage): () => void {
    const entry = this.#entry;
    const held = entry.held?.page === page ? entry.held : { page, viewers: 0 };
    held.viewers++;
    entry.held = held;
    return () => {
      if (--held.viewers === 0 && entry.held === held) entry.held = null;
    };
  }

  leave(): void {
    const { viewers } = this.#entry;
    if (viewers.delete(this.#viewer) && viewers.size === 0) this.#onLast(this.#run, this.#entry);
  }
}
