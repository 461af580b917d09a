import { type CancelReason, type EndEvent, runError } from "@ai-progress-stream/protocol";

/** What is known of a run whose lease has expired. */
export interface ReapedRun {
  /** Nobody has claimed it. */
  readonly isQueued: boolean;
  /** What its producer has not heard any more, or has not come to. */
  readonly cancelRequested: CancelReason | null;
}

/** The end that a store writes for a run whose producer is dead, or that nobody has claimed in time. */
export function reapedEnd(at: number, { isQueued, cancelRequested }: ReapedRun): EndEvent {
  if (cancelRequested !== null) return cancelledEnd(at, cancelRequested);
  const error = isQueued
    ? runError("overloaded", {
        message: "The job has waited too long for somebody to take it on. Try again.",
      })
    : runError("producer_lost");
  return { type: "end", at, status: "failed", error };
}

/** The end that a store writes for a run that was cancelled while nobody worked on it. */
export const cancelledEnd = (at: number, reason: CancelReason): EndEvent => ({
  type: "end",
  at,
  status: "cancelled",
  reason,
});
