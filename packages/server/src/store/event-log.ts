import type { LoggedEvent, TextEvent } from "@ai-progress-stream/protocol";

/** The tail of one run's events, bounded in number and in characters. */
export interface EventLog {
  /** Number of the oldest event that is still here. */
  readonly firstSeq: number;
  /** How much it holds. */
  readonly chars: number;
  push(event: LoggedEvent): void;
  /** The events after `cursor`. */
  after(cursor: number): readonly LoggedEvent[];
}

/**
 * A plain piece of the answer is kept as its string and its time, not as an object: 20 bytes a token instead of
 * 118, and tokens are nearly all that a log holds.
 */
export function createEventLog(maxEvents: number, maxChars: number): EventLog {
  let entries: (string | LoggedEvent)[] = [];
  let times: number[] = [];
  let firstSeq = 1;
  let chars = 0;

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

  function eventsFrom(index: number): LoggedEvent[] {
    const events: LoggedEvent[] = [];
    for (let at = index; at < entries.length; at++) {
      const entry = entries[at];
      if (typeof entry === "string") events.push({ type: "text", at: times[at] ?? 0, delta: entry });
      else if (entry) events.push(entry);
    }
    return events;
  }

  return {
    get firstSeq() {
      return firstSeq;
    },
    get chars() {
      return chars;
    },
    push(event) {
      const entry = isPlainText(event) ? event.delta : event;
      entries.push(entry);
      times.push(event.at);
      chars += sizeOf(entry);
      if (entries.length > maxEvents || chars > maxChars) trim();
    },
    after(cursor) {
      return eventsFrom(Math.max(0, cursor + 1 - firstSeq));
    },
  };
}

const isPlainText = (event: LoggedEvent): event is TextEvent =>
  event.type === "text" && event.replace !== true && (event.channel ?? "answer") === "answer";

/** Characters, roughly: what is not text is counted as its JSON. */
export function sizeOf(entry: string | LoggedEvent | undefined): number {
  if (entry === undefined) return 0;
  if (typeof entry === "string") return entry.length;
  if (entry.type === "text") return entry.delta.length;
  return JSON.stringify(entry).length;
}
