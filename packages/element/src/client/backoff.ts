/** How long to wait between attempts. Exponential, half of it jittered. */
export interface BackoffOptions {
  /** Delay after the first loss, before jitter. @defaultValue 1_000 */
  readonly baseMs?: number;
  /** No delay is longer, but for the server's own Retry-After. @defaultValue 30_000 */
  readonly capMs?: number;
  /** A number in 0..1. @defaultValue Math.random */
  readonly random?: () => number;
}

export const backoffDefaults: Required<BackoffOptions> = {
  baseMs: 1_000,
  capMs: 30_000,
  random: Math.random,
};

/**
 * The delay before the next attempt, in milliseconds: `min(cap, base * 2^losses)`, of which the upper half is
 * left to chance so that clients that were cut off together do not come back together.
 *
 * @param losses - losses in a row before this one
 * @param retryAfterMs - what the server asked for; the delay is never shorter
 */
export function backoffDelay(losses: number, options: BackoffOptions = {}, retryAfterMs = 0): number {
  const { baseMs, capMs, random } = { ...backoffDefaults, ...options };
  const whole = Math.min(capMs, baseMs * 2 ** losses);
  return Math.max(retryAfterMs, whole / 2 + (whole / 2) * random());
}
