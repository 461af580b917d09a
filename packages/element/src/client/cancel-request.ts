import { type RunError, runError } from "@ai-progress-stream/protocol";
import { backoffDelay } from "./backoff.js";
import { ownSentences, StreamFailure } from "./failure.js";
import { createPause } from "./pause.js";
import { refusalOf } from "./problem.js";
import { headersOf, type TransportSettings } from "./transport.js";

export const cancelUnconfirmed: RunError = runError("upstream_unavailable", {
  message: ownSentences.unconfirmed,
});

/**
 * Asks the server to cancel until it takes the request, refuses it, or `signal` aborts. Gives the refusal, else
 * null. A request that is under way is not taken back by the signal: whoever asked to stop and left meant it.
 */
export async function requestCancel(
  settings: TransportSettings,
  url: string,
  reason: string | undefined,
  signal: AbortSignal,
): Promise<RunError | null> {
  const pause = createPause(settings.clock);
  for (let losses = 0; !signal.aborted; losses++) {
    const refusal = await post(settings, url, reason).catch((cause: unknown) =>
      cause instanceof StreamFailure ? cause : null,
    );
    if (refusal === "taken") return null;
    if (refusal?.retry === "never") return refusal.error;
    const retryAfterMs = refusal?.error.retryAfterMs ?? 0;
    const dueAt = settings.clock.now() + backoffDelay(losses, settings.backoff, retryAfterMs);
    pause.set(dueAt, dueAt);
    await pause.over(signal).catch(() => {});
  }
  return null;
}

async function post(
  settings: TransportSettings,
  url: string,
  reason: string | undefined,
): Promise<"taken" | StreamFailure | null> {
  const response = await settings.fetch(url, {
    method: "POST",
    headers: {
      ...(await headersOf(settings.headers)),
      accept: "application/json",
      "content-type": "application/json",
    },
    body: JSON.stringify(reason === undefined ? {} : { reason }),
    credentials: settings.credentials,
    cache: "no-store",
    redirect: "manual",
    // Outlives the page that is being closed.
    keepalive: true,
  });
  if (!response.ok) return refusalOf(response, settings.clock.now());
  await response.body?.cancel();
  return "taken";
}
