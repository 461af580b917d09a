import { type InputIssue, isErrorCode, type RunError } from "./errors.js";
import type { RunEvent } from "./events.js";
import type { RunState, StageState } from "./state.js";

/** What came of reading an event: the event, a name of no version we know (ignore it), or why it is malformed. */
export type ParsedEvent =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "unknown"; readonly name: string }
  | { readonly kind: "malformed"; readonly reason: string };

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isString: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isAmount: Check = (value) => isNumber(value) && (value as number) >= 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isBoolean: Check = (value) => typeof value === "boolean";
const isName: Check = (value) => typeof value === "string" && value !== "";
const isAnything: Check = (value) => value !== undefined;
const isOneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value);
const isListOf =
  (shape: Shape): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => faultOf(item, shape) === null);
const isNullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isShaped =
  (shape: Shape): Check =>
  (value) =>
    faultOf(value, shape) === null;

/** Field name to check; a name that ends in "?" may be absent. Fields it does not list are of no concern. */
type Shape = Readonly<Record<string, Check>>;

function faultOf(value: unknown, shape: Shape): string | null {
  if (!isObject(value)) return "it is not a JSON object";
  for (const [entry, check] of Object.entries(shape)) {
    const optional = entry.endsWith("?");
    const name = optional ? entry.slice(0, -1) : entry;
    const field = value[name];
    if (field === undefined) {
      if (!optional) return `its field "${name}" is missing`;
    } else if (!check(field)) {
      return `its field "${name}" has a wrong value`;
    }
  }
  return null;
}

const stageStatus = isOneOf("pending", "running", "done", "failed", "skipped");
const runStatus = isOneOf("running", "succeeded", "failed", "cancelled");
const cancelReason = isOneOf("user", "abandoned", "shutdown", "limit");
const amount: Shape = {
  "completed?": isAmount,
  "total?": isAmount,
  "unit?": isString,
  "fraction?": isNumber,
  "message?": isString,
};
const usage: Shape = {
  "inputTokens?": isAmount,
  "outputTokens?": isAmount,
  "cachedInputTokens?": isAmount,
  "reasoningTokens?": isAmount,
  "cost?": isShaped({ amount: isAmount, currency: isName }),
  "estimated?": isBoolean,
};
const runErrorShape: Shape = {
  code: isErrorCode,
  message: isString,
  retryable: isBoolean,
  "retryAfterMs?": isAmount,
  "requestId?": isString,
  "issues?": isListOf({ message: isString, "path?": Array.isArray }),
};
const stageState: Shape = {
  id: isName,
  label: isString,
  weight: isAmount,
  status: stageStatus,
  ...amount,
  "startedAt?": isNumber,
  "endedAt?": isNumber,
};
const runState: Shape = {
  run: isName,
  seq: isCount,
  status: runStatus,
  stages: isListOf(stageState),
  progress: isNullOr((value) => isNumber(value) && (value as number) >= 0 && (value as number) <= 1),
  message: isNullOr(isString),
  text: isString,
  reasoning: isString,
  usage: isNullOr(isShaped(usage)),
  result: isAnything,
  error: isNullOr(isShaped(runErrorShape)),
  reason: isNullOr(cancelReason),
  startedAt: isNumber,
  updatedAt: isNumber,
  endedAt: isNullOr(isNumber),
};

const shapes: Readonly<Record<RunEvent["type"], Shape>> = {
  open: { protocol: isCount, run: isName, status: runStatus, heartbeatMs: isAmount, "at?": isNumber },
  start: {
    at: isNumber,
    "stages?": isListOf({ id: isName, label: isString, "weight?": isAmount }),
  },
  stage: {
    at: isNumber,
    stage: isName,
    status: stageStatus,
    "label?": isString,
    "weight?": isAmount,
    "message?": isString,
  },
  progress: { at: isNumber, "stage?": isName, ...amount },
  text: {
    at: isNumber,
    delta: isString,
    "channel?": isOneOf("answer", "reasoning"),
    "replace?": isBoolean,
  },
  usage: { at: isNumber, ...usage },
  result: { at: isNumber, value: isAnything },
  custom: { at: isNumber, name: isName, value: isAnything },
  snapshot: { at: isNumber, state: isShaped(runState) },
  end: { at: isNumber, status: isOneOf("succeeded", "failed", "cancelled") },
};

export const isEventName = (name: string): name is RunEvent["type"] => Object.hasOwn(shapes, name);

/** An event's own fields are no deeper than those of an issue in the error of a state. */
const LEVELS = 5;

/**
 * The fields of an event without those that are null: so some languages' serialisers write what is not there. In a state null
 * is a value, and in what an application gave anything may be.
 */
export function withoutNulls(fields: object, isState = false, levels: number = LEVELS): object {
  if (levels === 0) return fields;
  const kept = Object.entries(fields)
    .filter(([name, value]) => value !== null || isState || name === "value")
    .map(([name, value]) => {
      const isOwn = name === "value" || name === "result" || typeof value !== "object" || value === null;
      return [name, isOwn ? value : withoutNulls(value, name === "state", levels - 1)];
    });
  return Array.isArray(fields) ? kept.map(([, value]) => value) : Object.fromEntries(kept);
}

/**
 * Reads one event, `{ type, ...fields }`, that came from outside. Fields that this version does not know are
 * kept out of the result's type and otherwise ignored. Never throws.
 */
export function parseRunEvent(value: unknown): ParsedEvent {
  if (!isObject(value) || typeof value["type"] !== "string") {
    return { kind: "malformed", reason: "An event is a JSON object with a type." };
  }
  const name = value["type"];
  if (!isEventName(name)) return { kind: "unknown", name };
  const fault = faultOf(value, shapes[name]) ?? endFault(value);
  if (fault !== null) return { kind: "malformed", reason: `The event "${name}" is malformed: ${fault}.` };
  return { kind: "event", event: value as unknown as RunEvent };
}

function endFault(value: Fields): string | null {
  if (value["type"] !== "end") return null;
  if (value["status"] === "failed") return faultOf(value, { error: isShaped(runErrorShape) });
  if (value["status"] === "cancelled") return faultOf(value, { reason: cancelReason });
  return null;
}

/** Whether a value is a whole {@link RunState}, as the JSON of a run should be. */
export const isRunState = (value: unknown): value is RunState => faultOf(value, runState) === null;

/** Whether a value is a list of things that are wrong with an input. */
export const isInputIssues = (value: unknown): value is readonly InputIssue[] =>
  runErrorShape["issues?"]?.(value) ?? false;

/** Whether a value is a whole {@link RunError}. */
export const isRunError = (value: unknown): value is RunError => faultOf(value, runErrorShape) === null;

/** Whether a value is a whole {@link StageState}. */
export const isStageState = (value: unknown): value is StageState => faultOf(value, stageState) === null;
