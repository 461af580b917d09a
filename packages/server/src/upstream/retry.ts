import type { ErrorCode } from "@ai-progress-stream/protocol";

/** An upstream refused and will be asked again. */
export interface RetryNotice {
  /** Until then, in whole seconds. */
  readonly seconds: number;
  /** Which retry it will be, from 1. */
  readonly retry: number;
  readonly maxRetries: number;
  readonly code: ErrorCode;
}

export const defaultRetryMessage = ({ seconds }: RetryNotice): string =>
  `The model is busy, trying again in ${seconds} s`;

/** A wait longer than this is the viewer's to decide: the run fails, and says when to try again. */
export const MAX_WAIT_MS = 30_000;
const BASE_MS = 1_000;
const CAP_MS = 15_000;

/** How long to wait before retry number `retry` (from 0): doubling, capped, half of it jittered. */
export function backoffMs(retry: number, random: () => number): number {
  const full = Math.min(CAP_MS, BASE_MS * 2 ** retry);
  return full / 2 + (full / 2) * random();
}
