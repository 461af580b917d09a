/** Whether this process has lost Redis, and when it has come back. */
export interface Returns {
  lost(): void;
  /** `isBrief`: too soon for any lease to have been lost meanwhile. */
  back(isBrief: boolean): void;
  /**
   * For so long, in milliseconds, an expired lease may still be a living producer's that is on its way back itself, and could
   * renew it no sooner. 0: no more.
   */
  graceLeftMs(): number;
}

export function createReturns(graceMs: number, now: () => number): Returns {
  let isLost = false;
  let backAt = Number.NEGATIVE_INFINITY;
  return {
    lost() {
      isLost = true;
    },
    back(isBrief) {
      isLost = false;
      if (!isBrief) backAt = now();
    },
    graceLeftMs() {
      // What is asked meanwhile is answered when it is back.
      if (isLost) return graceMs;
      const passed = now() - backAt;
      // Before it came back: the clock was set.
      return passed < 0 || passed >= graceMs ? 0 : Math.ceil(graceMs - passed);
    },
  };
}
