/** Callbacks that cannot break what calls them. */
export interface Listeners<Args extends readonly unknown[]> {
  add(listener: (...args: Args) => void): () => void;
  call(...args: Args): void;
}

export function createListeners<Args extends readonly unknown[]>(): Listeners<Args> {
  // Wrapped, so that the same function can be added twice and each removed by its own.
  const entries = new Set<{ readonly listener: (...args: Args) => void }>();
  return {
    add: (listener) => {
      const entry = { listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    call: (...args) => {
      for (const { listener } of [...entries]) guard(() => listener(...args), undefined);
    },
  };
}

/** Calls code of the page's own. What it throws is made visible, as the platform does for its own events. */
export function guard<T, U>(action: () => T, otherwise: U): T | U {
  try {
    return action();
  } catch (error) {
    if (typeof globalThis.reportError === "function") globalThis.reportError(error);
    else {
      queueMicrotask(() => {
        throw error;
      });
    }
    return otherwise;
  }
}
