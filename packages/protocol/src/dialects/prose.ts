import type { Emit } from "./decoder.js";

/** How much of earlier messages may be sent again, as a multiple of what makes it necessary. */
export const MAX_REPLAY = 8;

/** The text of one channel, by one message after another: between two of them stands a blank line. */
export interface Prose {
  /** What comes next is another message's. */
  begin(): void;
  /** Appends a piece, if it is one, and gives what has been appended. */
  write(delta: unknown): string;
  /** Puts another text into the place of all that there is. */
  replace(text: string): void;
}

export function createProse(emit: Emit, channel?: "reasoning"): Prose {
  /** The last two characters: all of a text that grows is never looked at. */
  let tail = "";
  let isApart = false;

  const tell = (delta: string, more: { readonly replace?: true } = {}): void =>
    emit({ type: "text", delta, ...(channel ? { channel } : {}), ...more });

  return {
    begin() {
      isApart = true;
    },
    write(delta) {
      if (typeof delta !== "string" || delta === "") return "";
      const written = (isApart ? missingBreaks(tail, delta) : "") + delta;
      isApart = false;
      tail = (tail + delta).slice(-2);
      tell(written);
      return written;
    },
    replace(text) {
      isApart = false;
      tail = text.slice(-2);
      tell(text, { replace: true });
    },
  };
}

/** What a blank line lacks between two texts, of which either may bring its line breaks along. */
export function missingBreaks(tail: string, next: string): string {
  if (tail === "") return "";
  const before = /\n*$/.exec(tail)?.[0].length ?? 0;
  const after = /^\n{0,2}/.exec(next)?.[0].length ?? 0;
  return "\n".repeat(Math.max(0, 2 - before - after));
}
