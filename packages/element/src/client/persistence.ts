import type { PersistedSession, SessionPersistence } from "./session.js";

/**
 * Keeps a session under `key` in a storage, so that a reload finds its run. A storage that throws (switched
 * off, full) or that holds something else keeps nothing; it never breaks a session.
 *
 * @param storage - @defaultValue globalThis.sessionStorage, so that a second tab does not share the run
 */
export function sessionPersistence(key: string, storage?: Storage): SessionPersistence {
  // Merely naming sessionStorage throws where the user has forbidden it.
  const area = (): Storage => storage ?? globalThis.sessionStorage;
  const attempt = <T>(action: () => T, otherwise: T): T => {
    try {
      return action();
    } catch {
      return otherwise;
    }
  };
  const write = (session: PersistedSession): boolean =>
    attempt(() => {
      area().setItem(key, JSON.stringify(session));
      return true;
    }, false);
  const clear = (): void => attempt(() => area().removeItem(key), undefined);
  return {
    name: key,
    load: () => attempt(() => readSession(area().getItem(key)), null),
    save: (session) => {
      // A body too large for the storage still leaves room for the run's URL. What stood there is stale.
      if (!write(session) && !write({ ...session, body: null })) clear();
    },
    clear,
  };
}

function readSession(text: string | null): PersistedSession | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const { key, action, body, url, run } = value as Record<string, unknown>;
  if (typeof key !== "string" || typeof action !== "string") return null;
  if (!isTextOrNull(body) || !isTextOrNull(url) || !isTextOrNull(run)) return null;
  return { key, action, body, url, run };
}

const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === "string";
