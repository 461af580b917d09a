import { initialState, type LoggedEvent, type StageState } from "@ai-progress-stream/protocol";
import { type Clock, systemClock } from "../clock.js";
import { checkBound, checkPeriod, MIN_RETAIN_MS } from "../numbers.js";
import { cancelledEnd, reapedEnd } from "./ends.js";
import { EventLog, sizeOf } from "./event-log.js";
import {
  type CreateOutcome,
  type NewRun,
  type Orders,
  type Page,
  type RunStore,
  StoreError,
} from "./run-store.js";
import { StateFold } from "./state-fold.js";

export interface MemoryStoreOptions {
  /** Runs kept at the most; when full, ended ones make room, oldest first. @defaultValue 10_000 */
  readonly maxRuns?: number;
  /**
   * Characters kept over all runs, of texts, results, stages and logs; when full, as with `maxRuns`.
   * @defaultValue 200_000_000
   */
  readonly maxChars?: number;
  /** How long a run stays after its end, in milliseconds; a second or more. @defaultValue 900_000 */
  readonly retainMs?: number;
  /** Events that can be resumed from without a snapshot, per run. @defaultValue 4096 */
  readonly maxLogEvents?: number;
  /** The same in characters. @defaultValue 131_072 */
  readonly maxLogChars?: number;
  readonly clock?: Clock;
}

interface StoredRun {
  readonly spec: NewRun;
  readonly index: string | null;
  readonly log: EventLog;
  readonly readers: Set<() => void>;
  readonly producers: Set<() => void>;
  readonly viewers: Map<string, number>;
  readonly fold: StateFold;
  /** What the state holds beside its texts, in characters. */
  stageChars: number;
  resultChars: number;
  /** What was written or read last, for readers at the same place. */
  tail: Extract<Page, { kind: "tail" }> | null;
  /** Weakly: an ended run is kept for long, and its encoded snapshot need not be kept with it. */
  snapshot: WeakRef<Page> | null;
  /** Null once it was taken from a producer that had let it expire. */
  lease: string | null;
  leaseMs: number;
  leaseUntil: number;
  graceMs: number;
  /** 0: it is queued. */
  claims: number;
  lastLeftAt: number;
  /** By this store's own clock, whatever the events say of theirs. */
  endedAt: number;
  /** Replaced when one of them changes. */
  orders: Orders;
}

/**
 * Runs in this process's memory. They survive dropped connections and reloads, not the process: after a restart
 * a viewer is told `run_lost`. Ended runs keep no process alive, whether or not the store is closed.
 */
export function memoryStore(options: MemoryStoreOptions = {}): RunStore {
  const {
    maxRuns = 10_000,
    maxChars = 200_000_000,
    retainMs = 900_000,
    maxLogEvents = 4096,
    maxLogChars = 131_072,
    clock = systemClock,
  } = options;
  for (const [name, value] of Object.entries({ maxRuns, maxChars, maxLogEvents, maxLogChars })) {
    checkBound(name, value);
  }
  if (retainMs !== Infinity) checkPeriod("retainMs", retainMs, MIN_RETAIN_MS);
  const runs = new Map<string, StoredRun>();
  const runByKey = new Map<string, string>();
  /** In the order of their ends, so the first is the first to go. */
  const ended = new Set<StoredRun>();
  let chars = 0;
  let callOffSweep: (() => void) | null = null;

  const charsOf = ({ fold, log, stageChars, resultChars }: StoredRun): number =>
    fold.textChars + log.chars + stageChars + resultChars;

  function remove(entry: StoredRun): void {
    runs.delete(entry.spec.run);
    ended.delete(entry);
    if (entry.index !== null) runByKey.delete(entry.index);
    chars -= charsOf(entry);
    wake(entry.readers);
  }

  function sweep(): void {
    callOffSweep?.();
    callOffSweep = null;
    for (const entry of ended) {
      const dueIn = entry.endedAt + retainMs - clock.now();
      if (dueIn > 0) {
        // Runs that have ended are no reason for a process to stay.
        callOffSweep = clock.after(dueIn, sweep, { ref: false });
        return;
      }
      remove(entry);
    }
  }

  function makeRoom(): boolean {
    for (const entry of ended) {
      if (runs.size < maxRuns && chars < maxChars) break;
      remove(entry);
    }
    return runs.size < maxRuns && chars < maxChars;
  }

  /** By their leases: what a producer has left behind stops counting by itself. */
  function liveRunsOf(principal: string): number {
    let count = 0;
    for (const { spec, fold, leaseUntil } of runs.values()) {
      if (spec.principal === principal && fold.status === "running" && leaseUntil >= clock.now()) count++;
    }
    return count;
  }

  function held(run: string, lease: string): StoredRun | StoreError {
    const entry = runs.get(run);
    if (!entry) return new StoreError("gone", `There is no run ${run}.`);
    if (entry.fold.status !== "running") return new StoreError("ended", `The run ${run} has ended.`);
    if (entry.lease !== lease) return new StoreError("stale_lease", `The run ${run} has another producer.`);
    return entry;
  }

  function write(entry: StoredRun, events: readonly LoggedEvent[]): void {
    const before = charsOf(entry);
    const { fold, log } = entry;
    const { stages } = fold;
    const firstSeq = fold.seq + 1;
    entry.snapshot = null;
    for (const event of events) {
      log.push(event);
      fold.push(event);
      if (event.type === "result") entry.resultChars = sizeOf(event);
    }
    if (fold.stages !== stages) entry.stageChars = charsOfStages(fold.stages);
    chars += charsOf(entry) - before;
    const hasEnded = fold.status !== "running";
    // What nearly every reader asks for next: those that have all until here.
    entry.tail = { kind: "tail", firstSeq, events, hasEnded };
    if (hasEnded) {
      entry.endedAt = clock.now();
      ended.add(entry);
      entry.viewers.clear();
      if (!callOffSweep) sweep();
    }
    wake(entry.readers);
    // An ended run is kept for long, and its last page need not be kept with it.
    if (hasEnded) entry.tail = null;
  }

  /** Ends a run that has no producer, or none that lives. */
  function endWithout(entry: StoredRun, end: LoggedEvent): void {
    entry.lease = null;
    write(entry, [end]);
    wake(entry.producers);
  }

  /** Whoever looks first when the lease of a dead producer has run out, ends the run as its last orders say. */
  function reapAs(entry: StoredRun): void {
    const { claims, orders } = entry;
    const { cancelRequested } = orders;
    endWithout(entry, reapedEnd(clock.now(), { isQueued: claims === 0, cancelRequested }));
  }

  /** Reckoned when somebody comes or goes, and not with each append. */
  function reckonAttended(entry: StoredRun): void {
    if (!entry.spec.isDetached) {
      const attendedUntil = Math.max(entry.lastLeftAt, ...entry.viewers.values());
      entry.orders = { ...entry.orders, attendedUntil };
    }
    wake(entry.producers);
  }

  return {
    async create(spec): Promise<CreateOutcome> {
      const index = spec.key === null ? null : JSON.stringify([spec.scope, spec.principal, spec.key]);
      const known = index === null ? undefined : runs.get(runByKey.get(index) ?? "");
      if (known) {
        if (known.spec.fingerprint !== spec.fingerprint) return { kind: "conflict" };
        return { kind: "attached", run: known.spec.run };
      }
      const { principal, maxRunsOfPrincipal = Infinity } = spec;
      if (
        principal !== null &&
        maxRunsOfPrincipal !== Infinity &&
        liveRunsOf(principal) >= maxRunsOfPrincipal
      ) {
        return { kind: "busy", retryAfterMs: 5_000, limit: "principal" };
      }
      if (!makeRoom()) return { kind: "busy", retryAfterMs: 5_000 };
      const at = clock.now();
      const entry: StoredRun = {
        spec,
        index,
        log: new EventLog(maxLogEvents, maxLogChars),
        readers: new Set(),
        producers: new Set(),
        viewers: new Map(),
        fold: new StateFold(initialState(spec.run, at)),
        stageChars: 0,
        resultChars: 0,
        tail: null,
        snapshot: null,
        lease: spec.lease,
        leaseMs: spec.leaseMs,
        leaseUntil: at + spec.leaseMs,
        graceMs: 0,
        claims: spec.queued ? 0 : 1,
        lastLeftAt: at,
        endedAt: 0,
        orders: { cancelRequested: null, attendedUntil: spec.isDetached ? Infinity : at },
      };
      runs.set(spec.run, entry);
      if (spec.queued) write(entry, spec.queued);
      if (index !== null) runByKey.set(index, spec.run);
      return { kind: "created" };
    },

    async find(run, { scope, principal }) {
      const entry = runs.get(run);
      if (entry?.spec.scope !== scope || entry.spec.principal !== principal) return null;
      return { run, status: entry.fold.status, head: entry.fold.seq };
    },

    append(run, lease, firstSeq, events) {
      const written = runs.get(run);
      if (written?.lease === lease && firstSeq + events.length - 1 <= written.fold.seq) return written.orders;
      const entry = held(run, lease);
      if (entry instanceof StoreError) return Promise.reject(entry);
      const next = entry.fold.seq + 1;
      if (firstSeq > next) {
        const message = `The run ${run} expects event ${next}, not ${firstSeq}.`;
        return Promise.reject(new StoreError("gap", message));
      }
      entry.leaseUntil = clock.now() + entry.leaseMs;
      const news = firstSeq === next ? events : events.slice(next - firstSeq);
      if (news.length > 0) write(entry, news);
      return entry.orders;
    },

    async renew(run, lease) {
      const entry = held(run, lease);
      if (entry instanceof StoreError) throw entry;
      entry.leaseUntil = clock.now() + entry.leaseMs;
      return entry.orders;
    },

    read(run, cursor) {
      const entry = runs.get(run);
      if (!entry) return null;
      const { fold, log, tail: newest } = entry;
      // Before the log's own bounds: what is longer than they are all at once is still told to who is there.
      if (cursor !== null && newest?.firstSeq === cursor + 1) return newest;
      if (cursor === null || cursor < log.firstSeq - 1 || cursor > fold.seq) {
        const known = entry.snapshot?.deref();
        if (known) return known;
        const snapshot: Page = { kind: "snapshot", state: fold.state };
        entry.snapshot = new WeakRef(snapshot);
        return snapshot;
      }
      const hasEnded = fold.status !== "running";
      const tail = { kind: "tail", firstSeq: cursor + 1, events: log.after(cursor), hasEnded } as const;
      if (!hasEnded) entry.tail = tail;
      return tail;
    },

    watch: (run, listener) => subscribe(runs.get(run)?.readers, listener),
    watchOrders: (run, listener) => subscribe(runs.get(run)?.producers, listener),

    async attend(run, viewer, untilAt) {
      const entry = runs.get(run);
      if (entry?.fold.status !== "running") return;
      entry.viewers.set(viewer, untilAt);
      reckonAttended(entry);
    },

    async leave(run, viewer) {
      const entry = runs.get(run);
      if (!entry?.viewers.delete(viewer)) return;
      entry.lastLeftAt = clock.now();
      reckonAttended(entry);
    },

    async claim(run, { lease, leaseMs, graceMs }) {
      const entry = runs.get(run);
      if (!entry) return { kind: "gone" };
      const expiredForMs = clock.now() - entry.leaseUntil;
      const isToEnd = entry.claims === 0 || entry.orders.cancelRequested !== null;
      if (entry.fold.status === "running" && isToEnd && expiredForMs > 0) reapAs(entry);
      if (entry.fold.status !== "running") return { kind: "ended" };
      if (entry.lease !== lease) {
        if (entry.claims > 0 && expiredForMs <= 0) return { kind: "held", retryAfterMs: 1 - expiredForMs };
        entry.claims++;
      }
      Object.assign(entry, { lease, leaseMs, graceMs, leaseUntil: clock.now() + leaseMs });
      wake(entry.producers);
      return { kind: "claimed", state: entry.fold.state, isFirst: entry.claims === 1 };
    },

    async requestCancel(run, reason) {
      const entry = runs.get(run);
      if (entry?.fold.status !== "running") return false;
      if (entry.claims === 0 || clock.now() > entry.leaseUntil) {
        endWithout(entry, cancelledEnd(clock.now(), reason));
        return true;
      }
      if (entry.orders.cancelRequested === null) entry.orders = { ...entry.orders, cancelRequested: reason };
      wake(entry.producers);
      return true;
    },

    async reap(run) {
      const entry = runs.get(run);
      if (entry?.fold.status !== "running") return false;
      const graceMs = entry.orders.cancelRequested === null ? entry.graceMs : 0;
      if (clock.now() <= entry.leaseUntil + graceMs) return false;
      reapAs(entry);
      return true;
    },

    async close() {
      callOffSweep?.();
      callOffSweep = null;
      for (const entry of [...runs.values()]) remove(entry);
    },
  };
}

/** Each as its fields' names and numbers, and what it says. */
function charsOfStages(stages: readonly StageState[]): number {
  let chars = 0;
  for (const { id, label, message = "" } of stages) chars += 100 + id.length + label.length + message.length;
  return chars;
}

function wake(listeners: ReadonlySet<() => void>): void {
  for (const listener of listeners) listener();
}

function subscribe(listeners: Set<() => void> | undefined, listener: () => void): () => void {
  listeners?.add(listener);
  return () => listeners?.delete(listener);
}
