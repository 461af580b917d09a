import type { RunError } from "./errors.js";
import type {
  CancelReason,
  LoggedEvent,
  ProgressEvent,
  RunEvent,
  RunStatus,
  StageEvent,
  StagePlan,
  StageStatus,
  TextEvent,
  Usage,
} from "./events.js";

/** One stage, as far as it has come. Times in milliseconds since the epoch. */
export interface StageState {
  readonly id: string;
  readonly label: string;
  readonly weight: number;
  readonly status: StageStatus;
  readonly message?: string;
  readonly completed?: number;
  readonly total?: number;
  readonly unit?: string;
  /** 0..1 */
  readonly fraction?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** What all sides reduce the events to, and what a snapshot and the JSON of a run carry. */
export interface RunState {
  readonly run: string;
  /** Number of the last event that is in here; 0 before the first. */
  readonly seq: number;
  readonly status: RunStatus;
  readonly stages: readonly StageState[];
  /** 0..1 over the whole run, never falling, 1 only once it has succeeded; null: not known. */
  readonly progress: number | null;
  readonly message: string | null;
  readonly text: string;
  readonly reasoning: string;
  readonly usage: Usage | null;
  readonly result: unknown;
  readonly error: RunError | null;
  readonly reason: CancelReason | null;
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

/** Running work never shows more than this: the last hundredth is the `end`'s. */
const MAX_RUNNING_PROGRESS = 0.99;

/** The state of a run of which nothing has happened yet. */
export function initialState(run: string, at = 0): RunState {
  return {
    run,
    seq: 0,
    status: "running",
    stages: [],
    progress: null,
    message: null,
    text: "",
    reasoning: "",
    usage: null,
    result: null,
    error: null,
    reason: null,
    startedAt: at,
    updatedAt: at,
    endedAt: null,
  };
}

/**
 * The state after one more event. Pure: the same events in the same order give the same state, in whatever
 * portions they come and wherever a snapshot stands between them. A logged event counts `seq` up by one; after
 * `end` nothing but a snapshot changes anything. Checking ids against `seq` is the caller's.
 */
export function reduce(state: RunState, event: RunEvent): RunState {
  if (event.type === "open") return state;
  if (event.type === "snapshot") return event.state;
  if (state.status !== "running") return state;
  const seq = state.seq + 1;
  const updatedAt = event.at;
  if (event.type !== "text") return { ...state, ...change(state, event), seq, updatedAt };
  // Text comes by the thousand: one copy of the state, where spreading a change into it would make two.
  const { delta, replace } = event;
  return event.channel === "reasoning"
    ? { ...state, reasoning: replace ? delta : state.reasoning + delta, seq, updatedAt }
    : { ...state, text: replace ? delta : state.text + delta, seq, updatedAt };
}

function change(state: RunState, event: Exclude<LoggedEvent, TextEvent>): Partial<RunState> {
  switch (event.type) {
    case "start":
      return started(state, event.stages ?? [], event.at);
    case "stage":
      return staged(state, event);
    case "progress":
      return progressed(state, event);
    case "usage":
      return { usage: { ...state.usage, ...pick(event, USAGE_FIELDS) } };
    case "result":
      return { result: event.value };
    case "custom":
      return {};
    case "end":
      return {
        status: event.status,
        error: event.status === "failed" ? event.error : null,
        reason: event.status === "cancelled" ? event.reason : null,
        stages: closeStages(state.stages, event.status, event.at),
        progress: event.status === "succeeded" ? 1 : state.progress,
        endedAt: event.at,
      };
  }
}

function started(state: RunState, plans: readonly StagePlan[], at: number): Partial<RunState> {
  const stages = plans.map(
    (plan): StageState => ({
      id: plan.id,
      label: plan.label,
      weight: plan.weight ?? 1,
      status: "pending",
    }),
  );
  return { stages, startedAt: at, progress: rise(state.progress, overallProgress({ stages })) };
}

function staged(state: RunState, event: StageEvent): Partial<RunState> {
  const known = state.stages.find((stage) => stage.id === event.stage);
  const before: StageState = known ?? { id: event.stage, label: event.stage, weight: 0, status: "pending" };
  const hasBegun = event.status !== "pending";
  const hasEnded = hasBegun && event.status !== "running";
  const after: StageState = {
    ...before,
    status: event.status,
    ...(event.label === undefined ? {} : { label: event.label }),
    ...(event.weight === undefined ? {} : { weight: event.weight }),
    ...(event.message === undefined ? {} : { message: event.message }),
    ...(hasBegun && event.status !== "skipped" ? { startedAt: before.startedAt ?? event.at } : {}),
    ...(hasEnded ? { endedAt: event.at } : {}),
  };
  const stages = known
    ? state.stages.map((stage) => (stage === known ? after : stage))
    : [...state.stages, after];
  return {
    stages,
    message: event.message ?? (event.status === "running" ? null : state.message),
    progress: rise(state.progress, overallProgress({ stages })),
  };
}

function progressed(state: RunState, event: ProgressEvent): Partial<RunState> {
  const message = event.message === undefined ? state.message : event.message || null;
  if (event.stage === undefined) {
    return { message, progress: rise(state.progress, fractionOf(event)) };
  }
  const { stage: id } = event;
  const amount = pick(event, AMOUNT_FIELDS);
  const known = state.stages.some((stage) => stage.id === id);
  const base = known ? state.stages : [...state.stages, addedStage(id, event.at)];
  const stages = base.map((stage) => (stage.id === id ? { ...stage, ...amount } : stage));
  return { stages, message, progress: rise(state.progress, overallProgress({ stages })) };
}

const AMOUNT_FIELDS = ["completed", "total", "unit", "fraction", "message"] as const;
const USAGE_FIELDS = [
  "inputTokens",
  "outputTokens",
  "cachedInputTokens",
  "reasoningTokens",
  "cost",
  "estimated",
] as const;

/** Of what came from outside only the fields that are known: one that is called as the state's own would overwrite it. */
function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const name of names) if (from[name] !== undefined) picked[name] = from[name];
  return picked;
}

const addedStage = (id: string, at: number): StageState => ({
  id,
  label: id,
  weight: 0,
  status: "running",
  startedAt: at,
});

/** How `end` leaves the stages: what ran is closed with the run, what never began was skipped by a success. */
function closeStages(stages: readonly StageState[], status: RunStatus, at: number): readonly StageState[] {
  const running: StageStatus = status === "succeeded" ? "done" : status === "failed" ? "failed" : "skipped";
  return stages.map((stage) => {
    if (stage.status === "running") return { ...stage, status: running, endedAt: at };
    if (stage.status === "pending" && status === "succeeded") return { ...stage, status: "skipped" };
    return stage;
  });
}

/**
 * Weights of the finished stages plus weight times fraction of the others, over all weights: 0..1.
 * Null where no stage has a weight: nothing is known, and nothing is invented.
 */
export function overallProgress(state: Pick<RunState, "stages">): number | null {
  let all = 0;
  let finished = 0;
  for (const stage of state.stages) {
    all += stage.weight;
    finished += stage.weight * stageFraction(stage);
  }
  return all > 0 ? finished / all : null;
}

/** How much of one stage is finished, 0..1; a stage that says nothing of itself is 0 until it is done. */
export function stageFraction(stage: StageState): number {
  if (stage.status === "done" || stage.status === "skipped") return 1;
  return fractionOf(stage) ?? 0;
}

function fractionOf(amount: { fraction?: number; completed?: number; total?: number }): number | null {
  const { fraction, completed, total } = amount;
  if (fraction !== undefined) return clamp(fraction);
  if (completed !== undefined && total !== undefined && total > 0) return clamp(completed / total);
  return null;
}

function rise(before: number | null, now: number | null): number | null {
  if (now === null) return before;
  return Math.max(before ?? 0, Math.min(now, MAX_RUNNING_PROGRESS));
}

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction));
