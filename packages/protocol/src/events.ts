import type { RunError } from "./errors.js";
import type { RunState } from "./state.js";

/** The version that `open` announces. */
export const PROTOCOL_VERSION = 1;

export type RunStatus = "running" | "succeeded" | "failed" | "cancelled";
export type StageStatus = "pending" | "running" | "done" | "failed" | "skipped";
/** Why a run was cancelled: by a person, by nobody looking any more, by a server's shutdown, by a limit. */
export type CancelReason = "user" | "abandoned" | "shutdown" | "limit";
export type TextChannel = "answer" | "reasoning";

/** A stage as the job plans it. */
export interface StagePlan {
  readonly id: string;
  readonly label: string;
  /**
   * Share of the whole, in any unit: 20 of 20 + 35 + 25 + 20. Zero: shown, but not counted.
   * @defaultValue 1
   */
  readonly weight?: number;
}

/**
 * How far something has come: `completed` of `total` `unit`s, or a `fraction` 0..1, or only a message. An empty
 * message takes the run's message back.
 */
export interface ProgressAmount {
  readonly completed?: number;
  readonly total?: number;
  readonly unit?: string;
  readonly fraction?: number;
  readonly message?: string;
}

/** What a run has used so far. Cumulative: a later value replaces an earlier one, field by field. */
export interface Usage {
  readonly inputTokens?: number;
  /** All generated tokens, those of the reasoning included. */
  readonly outputTokens?: number;
  /** The part of `inputTokens` that came from a cache. */
  readonly cachedInputTokens?: number;
  /** The part of `outputTokens` that was reasoning. */
  readonly reasoningTokens?: number;
  readonly cost?: { readonly amount: number /** ISO 4217. */; readonly currency: string };
  /** True where the numbers are an estimate and not the provider's own. */
  readonly estimated?: boolean;
}

/** `at` is milliseconds since the epoch, on every event. */
interface Timed {
  readonly at: number;
}

export interface StartEvent extends Timed {
  readonly type: "start";
  readonly stages?: readonly StagePlan[];
}
export interface StageEvent extends Timed {
  readonly type: "stage";
  /** The stage's id. One that `start` did not name is added, with weight 0 unless `weight` says otherwise. */
  readonly stage: string;
  readonly status: StageStatus;
  readonly label?: string;
  readonly weight?: number;
  readonly message?: string;
}
export interface ProgressEvent extends Timed, ProgressAmount {
  readonly type: "progress";
  /** The stage it is about. Absent: the whole run. */
  readonly stage?: string;
}
export interface TextEvent extends Timed {
  readonly type: "text";
  readonly delta: string;
  /** @defaultValue "answer" */
  readonly channel?: TextChannel;
  /** True: the channel starts anew with `delta`. */
  readonly replace?: boolean;
}
export interface UsageEvent extends Timed, Usage {
  readonly type: "usage";
}
export interface ResultEvent extends Timed {
  readonly type: "result";
  /** Any JSON. */
  readonly value: unknown;
}
/** The application's own: in order and never twice, but not kept in the state; a snapshot stands for none of them. */
export interface CustomEvent extends Timed {
  readonly type: "custom";
  readonly name: string;
  readonly value: unknown;
}
/** Exactly one per run, always last. */
export type EndEvent =
  | (Timed & { readonly type: "end"; readonly status: "succeeded" })
  | (Timed & { readonly type: "end"; readonly status: "failed"; readonly error: RunError })
  | (Timed & { readonly type: "end"; readonly status: "cancelled"; readonly reason: CancelReason });

/** What a run's log holds, numbered 1, 2, 3, … without a hole. */
export type LoggedEvent =
  | StartEvent
  | StageEvent
  | ProgressEvent
  | TextEvent
  | UsageEvent
  | ResultEvent
  | CustomEvent
  | EndEvent;

/** First on every connection, without an id: it never moves the cursor. */
export interface OpenEvent {
  readonly type: "open";
  readonly at?: number;
  readonly protocol: number;
  readonly run: string;
  readonly status: RunStatus;
  /** A comment line is sent at least this often while nothing else is. 0: never. */
  readonly heartbeatMs: number;
}
/** Replaces the whole state. Its id is the head that it stands for. */
export interface SnapshotEvent extends Timed {
  readonly type: "snapshot";
  readonly state: RunState;
}

/** Every event that can stand on the wire. None is called `error`: that name is EventSource's own. */
export type RunEvent = LoggedEvent | OpenEvent | SnapshotEvent;
