import type { LoggedEvent, TextEvent } from "@ai-progress-stream/protocol";

/**
 * The tail of one run's events, bounded in number and in characters. A plain piece of the answer is kept as its string and
 * its time, not as an object: 20 bytes a token instead of 118, and tokens are nearly all that a log holds.
 */
export class EventLog {
  readonly #maxEvents: number;
  readonly #maxChars: number;
  #entries: (string | LoggedEvent)[] = [];
  #times: number[] = [];
  #firstSeq = 1;
  #chars = 0;

  constructor(maxEvents: number, maxChars: number) {
    this.#maxEvents = maxEvents;
    this.#maxChars = maxChars;
  }

  /** Number of the oldest event that is still here. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** How much it holds. */
  get chars(): number {
    return this.#chars;
  }

  push(event: LoggedEvent): void {
    // Told apart first: what is read of texts alone finds one shape, where it would find that of every event.
    if (isPlainText(event)) this.#add(event.delta, event.at, event.delta.length);
    else this.#add(event, event.at, sizeOf(event));
  }

  #add(entry: string | LoggedEvent, at: number, chars: number): void {
    this.#entries.push(entry);
    this.#times.push(at);
    this.#chars += chars;
    if (this.#entries.length > this.#maxEvents || this.#chars > this.#maxChars) this.#trim();
  }

  /** The events after `cursor`. */
  after(cursor: number): readonly LoggedEvent[] {
    const events: LoggedEvent[] = [];
    const entries = this.#entries;
    for (let at = Math.max(0, cursor + 1 - this.#firstSeq); at < entries.length; at++) {
      const entry = entries[at];
      if (typeof entry === "string") events.push({ type: "text", at: this.#times[at] ?? 0, delta: entry });
      else if (entry) events.push(entry);
    }
    return events;
  }

  /** Lets a quarter go at once, so that the copying is paid once in many pushes. */
  #trim(): void {
    const entries = this.#entries;
    const keptEvents = (this.#maxEvents * 3) / 4;
    const keptChars = (this.#maxChars * 3) / 4;
    let drop = 0;
    while (drop < entries.length - 1 && (entries.length - drop > keptEvents || this.#chars > keptChars)) {
      this.#chars -= sizeOf(entries[drop]);
      drop++;
    }
    this.#entries = entries.slice(drop);
    this.#times = this.#times.slice(drop);
    this.#firstSeq += drop;
  }
}

/** A piece of the answer that goes on where the one before it ended. */
type PlainText = TextEvent & { readonly channel?: "answer"; readonly replace?: false };

export const isPlainText = (event: LoggedEvent): event is PlainText =>
  event.type === "text" && event.replace !== true && (event.channel ?? "answer") === "answer";

/** Characters, roughly: what is not text is counted as its JSON. */
export function sizeOf(entry: string | LoggedEvent | undefined): number {
  if (entry === undefined) return 0;
  if (typeof entry === "string") return entry.length;
  if (entry.type === "text") return entry.delta.length;
  return JSON.stringify(entry).length;
}
