export interface RepeatedText {
  /** The texts of all these frames, joined. */
  readonly text: string;
  /** Where the first frame begins that is another, or not there as a whole. */
  readonly end: number;
}

/** Within a JSON string these would have to be written as escapes, so they need the parser. */
const NEEDS_PARSER = /[\\\p{Cc}]/u;

/** Of what stands beside the text, decoders keep this in mind, unless it is null. */
const KEPT_IN_MIND =
  /"(?:message|tool_calls|function_call|partial_json|content_block|usage)"\s*:\s*(?!null\b)\S/;

/** After so many frames that were learnt in vain, each differs in more than its text: a number, a padding. */
const MAX_VAIN = 16;

/**
 * Recognises frames that differ from an earlier one in nothing but their text. Thousands of frames of one answer are the
 * same but for a few letters. Where all before and all behind the text is equal to what was parsed once, the text can be
 * cut out: the structure is known, and a text without quotes and escapes is its own JSON. Costs 0.12 microseconds a frame
 * where taking the message, JSON.parse and what becomes of its objects cost 1.7.
 */
export class TextTemplate {
  #before = "";
  #after = "";
  #vain = 0;

  /** Reads what follows at `at` as long as it is the learnt frame over and over; null where it is another. */
  read(input: string, at: number): RepeatedText | null {
    const before = this.#before;
    const after = this.#after;
    if (before === "") return null;
    let text = "";
    let end = at;
    for (;;) {
      const from = end + before.length;
      // Equality of slices, not startsWith: it compares words where that compares characters, at a quarter of the time.
      if (input.slice(end, from) !== before) break;
      const to = input.indexOf('"', from);
      if (to < 0 || input.slice(to, to + after.length) !== after) break;
      const piece = input.slice(from, to);
      // Without any text it is no piece of it, and may mean something else.
      if (piece === "" || NEEDS_PARSER.test(piece)) break;
      text += piece;
      end = to + after.length;
    }
    if (end === at) return null;
    this.#vain = 0;
    return { text: detached(text), end };
  }

  /** Takes a whole frame that was parsed and found to hold `text` and nothing else that matters. */
  learn(frame: string, text: string): void {
    this.#before = "";
    if (this.#vain >= MAX_VAIN || /[\\\r]/.test(frame)) return;
    this.#vain++;
    if (KEPT_IN_MIND.test(frame)) return;
    // It must stand there once, and as a value: a key follows a brace or a comma.
    const quoted = `"${text}"`;
    const at = frame.indexOf(quoted);
    if (at < 0 || frame.indexOf(quoted, at + 1) >= 0) return;
    if (!/:\s*$/.test(frame.slice(Math.max(0, at - 2), at))) return;
    this.#before = frame.slice(0, at + 1);
    this.#after = frame.slice(at + 1 + text.length);
  }
}

/** Below that, V8 copies what it cuts out. */
const MIN_SLICE_CHARS = 13;

/**
 * The same characters, in a string of their own: V8 makes a slice point into what it was cut from, so that a log of
 * texts would keep the frames around them, which are ten times as long.
 */
const detached = (slice: string): string => (slice.length < MIN_SLICE_CHARS ? slice : ` ${slice}`.slice(1));
