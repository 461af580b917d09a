import type {
  CancelReason,
  EndEvent,
  LoggedEvent,
  RunState,
  RunStatus,
  TextEvent,
} from "@ai-progress-stream/protocol";

/** A run as it is put into the store. */
export interface NewRun {
  /** Unguessable, drawn anew for each run. */
  readonly run: string;
  /** The endpoint it belongs to: a run is found only where it was made. */
  readonly scope: string;
  /** Whose it is; null where the application does not tell its users apart. */
  readonly principal: string | null;
  /** The Idempotency-Key of the request; null: the run is new whatever else there is. */
  readonly key: string | null;
  /** Digest of the request's body, by which the same key with another body is noticed. */
  readonly fingerprint: string;
  /** The token that the producer must show with each write. */
  readonly lease: string;
  /** How long the lease holds without a write or a renewal. */
  readonly leaseMs: number;
  /** True: it runs to its end whether or not anybody looks. */
  readonly isDetached: boolean;
  /**
   * How many runs of this principal may hold a live lease, the new one included. Absent, or without a principal:
   * any number. A run that its key has made already is attached to whatever their number.
   */
  readonly maxRunsOfPrincipal?: number;
  /**
   * Present: nobody works on the run yet. It begins with these events and waits for its first {@link RunStore.claim}
   * for `leaseMs`; `lease` may write to it until then. Whoever cancels it meanwhile ends it.
   */
  readonly queued?: readonly QueuedEvent[];
}

/** What can be said of a run before there is work on it. */
export type QueuedEvent = Exclude<LoggedEvent, TextEvent | EndEvent>;

export type CreateOutcome =
  | { readonly kind: "created" }
  /** The key has made this run already, with the same body, for the same principal, on the same endpoint. */
  | { readonly kind: "attached"; readonly run: string }
  /** The key was used with another body. */
  | { readonly kind: "conflict" }
  /** The store is full of runs that have not ended, or (`limit`) the principal has as many as it may. */
  | { readonly kind: "busy"; readonly retryAfterMs: number; readonly limit?: "principal" };

/** Where and by whom a run must have been made to be found. */
export type RunOwner = Pick<NewRun, "scope" | "principal">;

export interface RunRecord {
  readonly run: string;
  readonly status: RunStatus;
  /** Number of its last event. */
  readonly head: number;
}

/** What a reader gets: all that comes after its cursor, or the whole state where the log no longer reaches back. */
export type Page = EncodedOnce & (Tail | Snapshot);

/** A store may hand the same page to many readers; the first that encodes it leaves the bytes here for the others. */
export interface EncodedOnce {
  frames?: Buffer;
}

interface Tail {
  readonly kind: "tail";
  /** Number of the first of `events`. */
  readonly firstSeq: number;
  readonly events: readonly LoggedEvent[];
  readonly hasEnded: boolean;
}

interface Snapshot {
  readonly kind: "snapshot";
  readonly state: RunState;
}

/** What a process that takes on a run asks for. */
export interface RunClaim {
  /** Drawn anew for each attempt, but for one that repeats a claim that got no answer: the token of the new producer. */
  readonly lease: string;
  readonly leaseMs: number;
  /** How long after an expired lease the run is still left to a further claim, before it may be reaped. */
  readonly graceMs: number;
}

export type ClaimOutcome =
  /** The run is the caller's; `state` is what there is of it. Not `isFirst`: another producer had it before. */
  | { readonly kind: "claimed"; readonly state: RunState; readonly isFirst: boolean }
  /** Somebody else's lease is live, for so much longer. */
  | { readonly kind: "held"; readonly retryAfterMs: number }
  /** It has its end, that of a run that has waited too long included. */
  | { readonly kind: "ended" }
  | { readonly kind: "gone" };

/** What the producer is told whenever it shows its lease. */
export interface Orders {
  readonly cancelRequested: CancelReason | null;
  /** Until when somebody is known to look, in milliseconds since the epoch; `Infinity` for a detached run. */
  readonly attendedUntil: number;
}

/**
 * What comes of a look or a write: at once where nobody else has to be asked, else as a promise. An answer is known by the
 * fields that its type requires, `kind` of a page and `cancelRequested` of orders; what lacks them is taken for a promise.
 */
export type Answer<T> = T | Promise<T>;

/*
 * Whether an answer is there at once. Each looks for a field of its own: one look for `then`, shared by all, meets too many
 * shapes to be quick, and there are two of them for each token.
 */
export const isPage = (answer: Answer<Page | null>): answer is Page | null =>
  answer === null || "kind" in answer;
export const isOrders = (answer: Answer<Orders>): answer is Orders => "cancelRequested" in answer;

/**
 * Where runs live: truth plus hints. A state can be read at any time, without its log; a wake-up may be lost, and every
 * read repairs. All methods may reject with a {@link StoreError}; none throws.
 */
export interface RunStore {
  /** Makes the run, or finds the one that its key has made. Atomic: of any number of callers one creates. */
  create(run: NewRun): Promise<CreateOutcome>;
  /** The run, if it is `owner`'s: whoever may not see it learns nothing of it. A store may keep principals as digests. */
  find(run: string, owner: RunOwner): Promise<RunRecord | null>;
  /**
   * Appends `events` as `firstSeq`, `firstSeq` + 1, … Those that the log has already are skipped, so that an
   * append may be repeated. The last may be the run's `end`.
   * @throws StoreError `gap`, `stale_lease`, `ended`, `gone`
   */
  append(run: string, lease: string, firstSeq: number, events: readonly LoggedEvent[]): Answer<Orders>;
  /**
   * The producer lives.
   * @throws StoreError `stale_lease`, `ended`, `gone`
   */
  renew(run: string, lease: string): Promise<Orders>;
  /** What follows the cursor, in one atomic look. A null, unknown, trimmed or too high cursor gives a snapshot. */
  read(run: string, cursor: number | null): Answer<Page | null>;
  /** Calls `wake` when there may be something to read. Gives the function that ends it. */
  watch(run: string, wake: () => void): () => void;
  /** Calls `wake` when there may be new {@link Orders}. Gives the function that ends it. */
  watchOrders(run: string, wake: () => void): () => void;
  /**
   * Somebody (`viewer` names a process or a connection) looks at the run, until further notice or `untilAt`. The last
   * millisecond that a date can have stands for good.
   */
  attend(run: string, viewer: string, untilAt: number): Promise<void>;
  /** That viewer has left. */
  leave(run: string, viewer: string): Promise<void>;
  /**
   * Takes a run on: a queued one, or one whose lease has expired. Atomic: of any number of callers one has it. The
   * same claim may be repeated. A run that is to be cancelled is given to nobody: it is ended. Only a store that can queue
   * runs has it.
   */
  claim?(run: string, claim: RunClaim): Promise<ClaimOutcome>;
  /**
   * Asks the producer, wherever it is, to stop; a run that nobody holds, because it is queued or its lease has expired, is
   * ended at once. False: there is no such run, or it has ended.
   */
  requestCancel(run: string, reason: CancelReason): Promise<boolean>;
  /**
   * If the lease has expired, and its grace: ends the run as failed, once. `producer_lost`; `overloaded` where nobody
   * has claimed it in time. One whose cancel was requested has no grace, and ends as cancelled. True: it was this call.
   */
  reap(run: string): Promise<boolean>;
  /** Lets go of timers and connections. */
  close(): Promise<void>;
}

/** A producer whose store is away tries it again after so many milliseconds at the latest. */
export const LONGEST_PRODUCER_PAUSE_MS = 5_000;

export type StoreErrorCode = "gap" | "stale_lease" | "ended" | "gone" | "unavailable";

/** A store refuses, or cannot. `unavailable` may pass; the others are final. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
