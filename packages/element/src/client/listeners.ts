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
      for (const { listener } of [...entries]) {
        try {
          listener(...args);
        } catch (error) {
          report(error);
        }
      }
    },
  };
}

/** Makes an error of a listener's visible, as the platform does for its own events. */
function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else {
    queueMicrotask(() => {
      throw error;
    });
  }
}
