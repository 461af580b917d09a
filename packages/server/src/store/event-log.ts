import type { LoggedEvent, TextEvent } from "@ai-progress-stream/protocol";

/** The tail of one run's events, bounded in number and in characters. */
export interface EventLog {
  /** Number of the oldest event that is still here. */
  readonly firstSeq: number;
  push(event: LoggedEvent): void;
  /** The events after `cursor`. Readers at the same cursor share one array until the next push. */
  after(cursor: number): readonly LoggedEvent[];
}

/** Those who follow live stand at one cursor or two. Each other one may cost a copy of the whole log. */
const MAX_PAGES = 8;

/**
 * A plain piece of the answer is kept as its string and its time, not as an object: 20 bytes a token instead of
 * 118, and tokens are nearly all that a log holds.
 */
export function createEventLog(maxEvents: number, maxChars: number): EventLog {
  let entries: (string | LoggedEvent)[] = [];
  let times: number[] = [];
  let firstSeq = 1;
  let chars = 0;
  let pages = new Map<number, readonly LoggedEvent[]>();

  /** Lets a quarter go at once, so that the copying is paid once in many pushes. */
  function trim(): void {
    let drop = 0;
    while (
      drop < entries.length - 1 &&
      (entries.length - drop > (maxEvents * 3) / 4 || chars > (maxChars * 3) / 4)
    ) {
      chars -= sizeOf(entries[drop]);
      drop++;
    }
    entries = entries.slice(drop);
    times = times.slice(drop);
    firstSeq += drop;
  }

  return {
    get firstSeq() {
      return firstSeq;
    },
    push(event) {
      const entry = isPlainText(event) ? event.delta : event;
      entries.push(entry);
      times.push(event.at);
      chars += sizeOf(entry);
      if (pages.size > 0) pages = new Map();
      if (entries.length > maxEvents || chars > maxChars) trim();
    },
    after(cursor) {
      let page = pages.get(cursor);
      if (!page) {
        const from = Math.max(0, cursor + 1 - firstSeq);
        page = entries.slice(from).map((entry, index) => {
          if (typeof entry !== "string") return entry;
          return { type: "text", at: times[from + index] ?? 0, delta: entry };
        });
        pages.set(cursor, page);
        const [oldest] = pages.keys();
        if (pages.size > MAX_PAGES && oldest !== undefined) pages.delete(oldest);
      }
      return page;
    },
  };
}

const isPlainText = (event: LoggedEvent): event is TextEvent =>
  event.type === "text" && event.replace !== true && (event.channel ?? "answer") === "answer";

/** Characters, roughly: what is not text is counted as its JSON would be, without making it. */
function sizeOf(entry: string | LoggedEvent | undefined): number {
  if (entry === undefined) return 0;
  if (typeof entry === "string") return entry.length;
  if (entry.type === "text") return entry.delta.length;
  if (entry.type === "result" || entry.type === "custom") return JSON.stringify(entry.value)?.length ?? 0;
  return 100;
}
