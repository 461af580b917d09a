import type { Clock } from "./clock.js";
import { describeError, type Logger } from "./logger.js";
import { StoreError } from "./store/run-store.js";

/** Logs what went wrong. */
export type FailureLog = (error: unknown, fields: object, message: string) => void;

/** While a store is away every request, viewer and round fails for the same reason. One line a minute says so. */
const QUIET_MS = 60_000;

/** Failures as errors, but for those of one outage of the store: the first as an error, its like as `debug`. */
export function createFailureLog(logger: Logger, clock: Clock): FailureLog {
  let quietUntil = Number.NEGATIVE_INFINITY;
  return (error, fields, message) => {
    const isOutage = isOfOutage(error);
    const isTold = isOutage && clock.now() < quietUntil;
    if (isOutage && !isTold) quietUntil = clock.now() + QUIET_MS;
    try {
      logger[isTold ? "debug" : "error"]({ ...fields, ...describeError(error) }, message);
    } catch {
      // Whoever is in the middle of something else is not to fail for a log.
    }
  };
}

function isOfOutage(error: unknown): boolean {
  try {
    return isUnavailable(error) || (error instanceof Error && isUnavailable(error.cause));
  } catch {
    return false;
  }
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof StoreError && error.code === "unavailable";
