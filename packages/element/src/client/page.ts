/** Calls back when the tab becomes visible and when the network comes back. Gives the function that ends it. */
export function watchPage(callbacks: { onVisible: () => void; onOnline: () => void }): () => void {
  const changed = (): void => {
    if (!document.hidden) callbacks.onVisible();
  };
  document.addEventListener("visibilitychange", changed);
  window.addEventListener("online", callbacks.onOnline);
  return () => {
    document.removeEventListener("visibilitychange", changed);
    window.removeEventListener("online", callbacks.onOnline);
  };
}

/** Whether the browser is certain that there is no network. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false;

/** What relative addresses are relative to: the document, or outside of one, nothing. */
export const baseUrl = (): string | undefined => globalThis.document?.baseURI;
