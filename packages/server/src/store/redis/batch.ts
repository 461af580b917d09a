import { type LoggedEvent, type RunState, reduce, type TextChannel } from "@ai-progress-stream/protocol";

/** What an append does to a channel's text. */
export interface TextChange {
  readonly how: "append" | "set" | "";
  /** Escaped as within a JSON string. */
  readonly characters: string;
}

/** Events as an append writes them. */
export interface Batch {
  /** The state after them, but for the texts, which are empty. */
  readonly state: RunState;
  readonly text: TextChange;
  readonly reasoning: TextChange;
  readonly events: readonly string[];
  readonly chars: number;
}

/**
 * Reduces events onto a state that is without its texts: the texts only ever grow, or start anew, so that Redis can
 * hold them itself and no append has to carry them whole.
 */
export function createBatch(before: RunState, events: readonly LoggedEvent[]): Batch {
  const { text, reasoning, ...state } = events.reduce(reduce, { ...before, text: "", reasoning: "" });
  const encoded = events.map((event) => JSON.stringify(event));
  return {
    state: { ...state, text: "", reasoning: "" },
    text: changeOf(events, "answer", text),
    reasoning: changeOf(events, "reasoning", reasoning),
    events: encoded,
    chars: encoded.reduce((chars, event) => chars + event.length, 0),
  };
}

function changeOf(events: readonly LoggedEvent[], channel: TextChannel, characters: string): TextChange {
  const isReplaced = events.some(
    (event) => event.type === "text" && event.replace === true && (event.channel ?? "answer") === channel,
  );
  if (!isReplaced && characters === "") return { how: "", characters: "" };
  return { how: isReplaced ? "set" : "append", characters: escapeText(characters) };
}

/**
 * Redis takes bytes, and half a surrogate pair has none: escaped, the halves of two appends join to the pair again
 * when the text is read.
 */
const escapeText = (characters: string): string => JSON.stringify(characters).slice(1, -1);

export const unescapeText = (escaped: string): string => JSON.parse(`"${escaped}"`) as string;

/** Which of a run's events may leave its log. */
export interface LogBounds {
  /** Number of the oldest event to keep. */
  readonly firstSeq: number;
  /** Takes note of events that have been written. */
  add(head: number, chars: number): void;
}

/** Marks per bound: as exact as one in so many, at the cost of so many. */
const MARKS = 16;

export function createLogBounds(maxEvents: number, maxChars: number): LogBounds {
  let firstSeq = 1;
  let written = 0;
  let marks: { readonly nextSeq: number; readonly written: number }[] = [];
  return {
    get firstSeq() {
      return firstSeq;
    },
    add(head, chars) {
      written += chars;
      if (written - (marks.at(-1)?.written ?? 0) >= maxChars / MARKS)
        marks.push({ nextSeq: head + 1, written });
      const passed = marks.filter((mark) => mark.written < written - maxChars);
      marks = marks.slice(passed.length);
      firstSeq = Math.max(firstSeq, passed.at(-1)?.nextSeq ?? 1, head - maxEvents + 1);
    },
  };
}
