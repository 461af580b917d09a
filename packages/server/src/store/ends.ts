import { type CancelReason, type EndEvent, runError } from "@ai-progress-stream/protocol";

/** The end that a store writes for a run whose producer is dead, or that nobody has claimed in time. */
export function reapedEnd(at: number, isQueued: boolean): EndEvent {
  const error = isQueued
    ? runError("overloaded", {
        message: "The job has waited too long for somebody to take it on. Try again.",
      })
    : runError("producer_lost");
  return { type: "end", at, status: "failed", error };
}

/** The end that a store writes for a run that was cancelled before anybody worked on it. */
export const cancelledEnd = (at: number, reason: CancelReason): EndEvent => ({
  type: "end",
  at,
  status: "cancelled",
  reason,
});
