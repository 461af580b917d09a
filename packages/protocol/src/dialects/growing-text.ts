import { type Emit, emitText } from "./decoder.js";
import { MAX_REPLAY, missingBreaks } from "./prose.js";

/** So much of the text at the head of a later piece is all of it again, and no coincidence. */
const MIN_REPEATED_LENGTH = 64;
/** What begins alike so far is likely the same text, gone on or changed. */
const HEAD_LENGTH = 16;

/** What is known of a piece besides its text. */
export interface PieceOptions {
  /** In what words it came. The same text in other words is the text again; in the same, a line that repeats. */
  readonly shape: string;
  /** It stands under a name of the whole text. */
  readonly isNamedWhole: boolean;
  /** It is called the last: all of the text once more, however short that is, or a piece. */
  readonly isLast?: boolean;
}

/** A text that comes in pieces, or all that there is of it each time, or first so and then so. It must not double. */
export interface GrowingText {
  isEmpty(): boolean;
  /** Whether a text goes on where this one ends, from its first word. */
  isBegunBy(whole: string): boolean;
  add(piece: string, options: PieceOptions): void;
  /** All of it, which counts for more than its pieces. */
  settle(whole: string): void;
  /** All of the message once more, or its last piece. */
  addLast(written: string): void;
  /** What comes next is another message. */
  close(): void;
}

export function createGrowingText(emit: Emit): GrowingText {
  /** The messages before the one that is being written, with the blank line behind them. */
  let earlier = "";
  let text = "";
  let isClosed = false;
  let count = 0;
  let firstShape = "";
  /** The piece before, as long as each may be all that there is; null: they are pieces. */
  let last: string | null = "";
  /** How often a piece has begun with the one before it and gone on. Deltas do so once at the most. */
  let growth = 0;
  /** Where wholes are taken for likely: what the text is if they are pieces after all. */
  let inPieces: string | null = null;

  function append(piece: string): void {
    text += piece;
    emitText(emit, piece);
  }

  function show(next: string): void {
    const goesOn = next.length >= text.length && next.startsWith(text);
    if (goesOn) emitText(emit, next.slice(text.length));
    else emit({ type: "text", delta: earlier + next, replace: true });
    text = next;
  }

  function begin(piece: string): void {
    if (!isClosed) return;
    isClosed = false;
    if (text === "") return;
    const gap = missingBreaks(text.slice(-2), piece);
    emitText(emit, gap);
    earlier += text + gap;
    text = "";
    count = 0;
    inPieces = null;
    if (last !== null) last = "";
  }

  function addFirst(piece: string, shape: string): void {
    append(piece);
    count = 1;
    firstShape = shape;
    if (last !== null) last = piece;
  }

  /** A piece that the one before it does not begin. */
  function addOther(piece: string, shape: string): void {
    const areWholes = growth >= 2 && count > 1;
    if (areWholes && text.length >= HEAD_LENGTH && piece.startsWith(text.slice(0, HEAD_LENGTH))) {
      if (mayReplay(piece)) show(piece);
      last = piece;
    } else if (areWholes) {
      isClosed = true;
      begin(piece);
      addFirst(piece, shape);
    } else {
      last = null;
      if (inPieces === null) append(piece);
      else show(inPieces + piece);
      inPieces = null;
    }
  }

  function addNext(piece: string, before: string, isNamedWhole: boolean): void {
    const hasGrown = piece.length > before.length;
    if (hasGrown) growth++;
    last = piece;
    count++;
    if (growth >= 2 || (hasGrown && before.length >= MIN_REPEATED_LENGTH)) {
      show(piece);
      inPieces = null;
    } else if (hasGrown && (isNamedWhole || before.length >= HEAD_LENGTH)) {
      inPieces = text + piece;
      show(piece);
    } else if (inPieces !== null) {
      inPieces += piece;
    } else {
      append(piece);
    }
  }

  function isAllAgain(piece: string, { shape, isLast }: PieceOptions): boolean {
    if (text.length < MIN_REPEATED_LENGTH && !isLast) return false;
    if (count === 1 && shape === firstShape && piece.length === text.length) return false;
    return (piece.length >= text.length && piece.startsWith(text)) || isAlike(piece, text);
  }

  const mayReplay = (next: string): boolean => next.length * MAX_REPLAY >= earlier.length;

  return {
    isEmpty: () => earlier === "" && text === "",
    isBegunBy: (whole) => whole.length >= earlier.length + text.length && whole.startsWith(earlier + text),
    add(piece, options) {
      const { shape, isNamedWhole } = options;
      if (piece === "") return;
      begin(piece);
      if (text === "") {
        addFirst(piece, shape);
      } else if (isAllAgain(piece, options)) {
        if (last !== null && piece.length > text.length) growth++;
        if (last !== null) last = piece;
        inPieces = null;
        count++;
        if (mayReplay(piece)) show(piece);
      } else if (last === null) {
        append(piece);
        count++;
      } else if (piece.startsWith(last)) {
        addNext(piece, last, isNamedWhole);
      } else {
        addOther(piece, shape);
      }
    },
    settle(whole) {
      if (earlier !== "" && isAlike(whole, text)) return;
      text = earlier + text;
      earlier = "";
      last = null;
      inPieces = null;
      if (!isLong(whole, text) || whole.trim() !== text.trim()) show(whole);
    },
    addLast(written) {
      if (written === "" || (earlier !== "" && isAlike(written, earlier + text))) return;
      if (isAlike(written, text)) {
        if (mayReplay(written) && written.trim() !== text.trim()) show(written);
      } else if (isWhole(written)) {
        show(written);
      } else {
        begin(written);
        append(written);
      }
      if (last !== null) last = written;
    },
    close() {
      isClosed = true;
    },
  };

  /** As long as the message is open, what is longer is another version of it. */
  function isWhole(written: string): boolean {
    if (!isLong(written, text)) return false;
    if (text !== "" && squeezed(written).startsWith(squeezed(text))) return true;
    return !isClosed && mayReplay(written) && written.length >= text.trim().length;
  }
}

/** Nothing is searched for in a text much longer: whatever comes may come a thousand times. */
const isLong = (written: string, text: string): boolean => written.length * 2 >= text.length;

/** White space aside: some servers tidy the text at its end. */
const isAlike = (written: string, text: string): boolean =>
  isLong(written, text) && isLong(text, written) && squeezed(written) === squeezed(text);

const squeezed = (text: string): string => text.replace(/\s+/g, "");
