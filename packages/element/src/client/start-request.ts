import { createIdempotencyKey } from "./idempotency-key.js";
import type { PersistedSession } from "./session.js";
import type { StreamRequest } from "./transport.js";

/** One intention: a start, with the key that makes it one run however often its request is sent. */
export interface StartRequest extends StreamRequest {
  readonly key: string;
}

/** @throws TypeError where the input is not JSON */
export function createStartRequest(
  action: URL,
  method: "GET" | "POST",
  input: unknown,
  isForeign = false,
): StartRequest {
  const key = createIdempotencyKey();
  if (method === "POST") return withKey(key, action.href, method, JSON.stringify(input ?? {}), isForeign);
  const url = new URL(action);
  for (const [name, value] of Object.entries(Object(input ?? {}) as Record<string, unknown>)) {
    if (value === undefined || value === null) continue;
    url.searchParams.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return withKey(key, url.href, method, null, isForeign);
}

/** The request that a reload interrupted; null where too little of it was kept to send it again. */
export function recallStartRequest(
  kept: PersistedSession,
  action: URL,
  method: "GET" | "POST",
): StartRequest | null {
  if (kept.key === "" || (method === "POST") !== (kept.body !== null)) return null;
  return isSameEndpoint(kept.action, action) ? withKey(kept.key, kept.action, method, kept.body) : null;
}

/** What a request carries; of a GET the fields of its query, as texts. */
export function inputOf(start: StartRequest | null): unknown {
  if (start === null) return undefined;
  if (start.body === null) return Object.fromEntries(new URL(start.url).searchParams);
  return JSON.parse(start.body);
}

/** Whether a kept request went to this endpoint: the same but for the query, which carries a GET's input. */
export function isSameEndpoint(kept: string, action: URL): boolean {
  return kept.split(/[?#]/, 1)[0] === `${action.origin}${action.pathname}`;
}

function withKey(
  key: string,
  url: string,
  method: "GET" | "POST",
  body: string | null,
  isForeign = false,
): StartRequest {
  const isElsewhere = globalThis.location !== undefined && new URL(url).origin !== globalThis.location.origin;
  return {
    key,
    url,
    method,
    body,
    headers: {
      ...(body === null ? {} : { "content-type": "application/json" }),
      // Servers at another origin that know nothing of us answer no preflight for it.
      ...(isElsewhere && (isForeign || method === "GET") ? {} : { "idempotency-key": key }),
    },
  };
}
