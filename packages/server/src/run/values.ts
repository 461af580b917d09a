import { RunFailure } from "./failure.js";

/** Whoever encodes a value later may stand deeper in the stack than the job that gave it. */
const MAX_LEVELS = 500;

/**
 * A result's or custom event's value as JSON carries it, and how long that is. JSON has no undefined and no functions, and
 * without its value an event would be malformed: those become null.
 * @throws RunFailure `internal` for one that is too long or nested too deeply
 */
export function copyOf(
  value: unknown,
  maxChars: number,
): { readonly value: unknown; readonly chars: number } {
  const json = encode(value) ?? "null";
  if (json.length > maxChars) {
    throw refusal(
      `A result or custom value has ${json.length} characters of JSON; the limit is ${maxChars} (limits.valueChars). Send a link instead.`,
    );
  }
  const copy: unknown = JSON.parse(json);
  // Each level takes two brackets.
  if (json.length > 2 * MAX_LEVELS && isDeeper(copy, MAX_LEVELS)) throw tooDeep();
  return { value: copy, chars: json.length };
}

function encode(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.stringify takes what the stack holds.
    throw error instanceof RangeError ? tooDeep() : error;
  }
}

/** Level by level, so that it needs no stack itself. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value].filter(isObject);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === levels) return true;
    level = level.flatMap((item) => Object.values(item)).filter(isObject);
  }
  return false;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const tooDeep = (): RunFailure =>
  refusal(`A result or custom value is nested more than ${MAX_LEVELS} levels deep. Send it flatter.`);

const refusal = (why: string): RunFailure => new RunFailure("internal", undefined, { cause: new Error(why) });
