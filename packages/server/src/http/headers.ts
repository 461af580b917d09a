/** What makes a response an event stream that no proxy holds back, shortens or stores. */
export const streamHeaders = {
  "Content-Type": "text/event-stream; charset=utf-8",
  // no-transform is what keeps `compression()` and its like from buffering it.
  "Cache-Control": "no-cache, no-store, no-transform",
  "X-Accel-Buffering": "no",
  "X-Content-Type-Options": "nosniff",
} as const;
