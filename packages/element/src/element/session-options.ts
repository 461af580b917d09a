import type { DialectName } from "@ai-progress-stream/protocol/dialects";
import { lazyDialect } from "../client/lazy-dialect.js";
import { sessionPersistence } from "../client/persistence.js";
import type { HeadersSource, SessionOptions } from "../client/session.js";

/** What of an element decides how its session is made. */
export interface SessionAttributes {
  readonly isConnected: boolean;
  readonly id: string;
  readonly name: string;
  readonly action: string;
  readonly method: string;
  readonly dialect: string;
  readonly credentials: RequestCredentials;
  readonly persist: string;
  readonly cancelUrl: string;
  readonly resumeUrl: string;
  readonly maxRetries: number | null;
  readonly idleTimeout: number | null;
  readonly totalTimeout: number | null;
  readonly headers: HeadersSource | null;
}

export function optionsOf(element: SessionAttributes): SessionOptions {
  const { dialect } = element;
  const isKept = element.persist === "session";
  if (isKept) claim(keyOf(element), element);
  return {
    ...plainOptionsOf(element),
    dialect: dialectOf(dialect),
    persistence: isKept ? sessionPersistence(keyOf(element)) : null,
    // Asked anew at each attempt: under a new token the run is the same.
    headers: () => {
      const headers = element.headers ?? {};
      return typeof headers === "function" ? headers() : headers;
    },
  };
}

/** Differs where the options do; headers are always the newest. */
export const fingerprintOf = (element: SessionAttributes): string =>
  JSON.stringify([plainOptionsOf(element), element.dialect, element.persist, keyOf(element)]);

/** Every name that `dialect` may have. */
export const dialectNames: Readonly<Record<DialectName | "auto" | "run", true>> = {
  auto: true,
  run: true,
  "openai-chat": true,
  "openai-responses": true,
  anthropic: true,
  gemini: true,
  ollama: true,
  cohere: true,
  "ai-sdk": true,
  "ag-ui": true,
  langgraph: true,
  "progress-json": true,
  text: true,
};

function dialectOf(name: string): NonNullable<SessionOptions["dialect"]> | null {
  if (name === "run") return null;
  if (Object.hasOwn(dialectNames, name)) return lazyDialect(name as DialectName | "auto");
  console.warn(
    `<ai-progress-stream> knows no dialect="${name}" and finds out by itself. There are: ${Object.keys(dialectNames).join(", ")}.`,
  );
  return lazyDialect("auto");
}

function plainOptionsOf(element: SessionAttributes): SessionOptions {
  const { action, credentials, cancelUrl, resumeUrl, maxRetries, idleTimeout, totalTimeout } = element;
  return {
    action,
    method: element.method.toUpperCase() === "GET" ? "GET" : "POST",
    credentials,
    ...(cancelUrl ? { cancelUrl } : {}),
    ...(resumeUrl ? { resumeUrl } : {}),
    ...(maxRetries === null ? {} : { maxRetries }),
    ...(idleTimeout === null ? {} : { idleTimeoutMs: idleTimeout }),
    ...(totalTimeout === null ? {} : { totalTimeoutMs: totalTimeout }),
  };
}

const claims = new Map<string, WeakRef<SessionAttributes>>();

/** One that has gone leaves its run to the one that comes in its place; two that are there would take turns. */
function claim(key: string, element: SessionAttributes): void {
  const other = claims.get(key)?.deref();
  if (other && other !== element && other.isConnected) {
    console.warn(
      `<ai-progress-stream persist="session"> shares its run with another of action="${element.action}": give each an id.`,
    );
  }
  claims.set(key, new WeakRef(element));
}

/** Two elements of one action keep their runs apart by id or name. */
const keyOf = ({ id, name, action }: SessionAttributes): string => `${id || name}:${action}`;
