import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.js";

/** The leases that one process claims runs with. */
export interface ClaimLeases {
  /** A new one, or that of an earlier attempt whose claim may have gone through: then the run is its own. */
  take(run: string): string;
  /** Nothing was begun with this lease, and whether the run has it is not known. */
  keep(run: string, lease: string, forMs: number): void;
}

/** With a lease drawn anew an attempt would take its own earlier claim for that of a worker that has died. */
export function createClaimLeases(clock: Clock): ClaimLeases {
  const kept = new Map<string, { readonly lease: string; readonly untilAt: number }>();
  return {
    take(run) {
      const lease = kept.get(run)?.lease ?? randomUUID();
      // Of two attempts at the same time one has it.
      kept.delete(run);
      return lease;
    },
    keep(run, lease, forMs) {
      const now = clock.now();
      for (const [other, { untilAt }] of kept) if (untilAt < now) kept.delete(other);
      kept.set(run, { lease, untilAt: now + forMs });
    },
  };
}
