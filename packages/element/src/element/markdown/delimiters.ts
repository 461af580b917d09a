/** A place between texts where elements end and begin. */
export interface Mark {
  readonly kind: "mark";
  /** What stands there where nothing ends or begins. */
  text: string;
  closes: number;
  /** Outermost first. */
  readonly opens: MarkedType[];
}
export type MarkedType = "emphasis" | "strong" | "strike";

/** A run of `*`, `_` or `~` that may begin or end an element. */
export interface Run {
  readonly mark: Mark;
  readonly char: string;
  readonly length: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
}

const isSpace = (char: string): boolean => !char || /\s/.test(char);
const isCjk = (char: string): boolean =>
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\u3000-\u303f\uff00-\uffef]/u.test(
    char,
  );
const isPunctuation = (char: string): boolean => /[\p{P}\p{S}]/u.test(char) && !isCjk(char);

/**
 * What a run may do, by what stands before and behind it; "" is the text's beginning or end. Where words have no
 * spaces between them, as in Chinese, what CommonMark asks of a space is taken as given.
 * https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
 */
export function createRun(text: string, before: string, after: string): Run {
  const isLeft = !isSpace(after) && (!isPunctuation(after) || !isInWord(before));
  const isRight = !isSpace(before) && (!isPunctuation(before) || !isInWord(after));
  const char = text[0] ?? "";
  const isFree = char !== "_";
  // GFM strikes out between single tildes, too; here they are text, for they say "about".
  const isRun = char !== "~" || text.length === 2;
  return {
    mark: { kind: "mark", text, closes: 0, opens: [] },
    char,
    length: text.length,
    canOpen: isLeft && (isFree || !isRight || isPunctuation(before)) && isRun,
    canClose: isRight && (isFree || !isLeft || isPunctuation(after)) && isRun,
  };
}
const isInWord = (char: string): boolean => !isSpace(char) && !isPunctuation(char) && !isCjk(char);

export interface Delimiters {
  /** Whether there are runs that wait for what ends them. */
  readonly isEmpty: boolean;
  add(run: Run): void;
  /** Puts off what is added, as a bracket that was opened may yet become a link. */
  readonly deferred: number;
  /** Decides on what was put off since, by itself: a link's text is closed to what stands around it. */
  enclose(since: number): void;
  /** Decides on all that was put off. */
  settle(): void;
  /** Shows those that nothing ended, but something may yet. */
  open(): void;
  /** Takes those that nothing ended as the text that they are. */
  clear(): void;
}

/** https://spec.commonmark.org/0.31.2/#process-emphasis, at each run as soon as there is no bracket around it. */
export function createDelimiters(): Delimiters {
  let openers: Run[] = [];
  let deferred: Run[] = [];
  /** By the kind of a closing run: below which of the openers there is none for it. Else this would be quadratic. */
  const bottoms = new Map<string, number>();

  function truncate(length: number): void {
    openers.length = length;
    for (const [kind, bottom] of bottoms) if (bottom > length) bottoms.set(kind, length);
  }

  function findOpener(run: Run, base: number): number {
    const kind = `${run.char}${run.canOpen}${run.length % 3}`;
    const bottom = Math.max(base, bottoms.get(kind) ?? 0);
    for (let at = openers.length - 1; at >= bottom; at--) {
      const opener = openers[at];
      if (opener?.char === run.char && canMatch(opener, run)) return at;
    }
    // What lies beneath a link's text has not been looked at.
    if (base === 0 || bottom > base) bottoms.set(kind, openers.length);
    return -1;
  }

  function decide(run: Run, base: number): void {
    while (run.canClose && run.mark.text) {
      const at = findOpener(run, base);
      const opener = openers[at];
      if (!opener) break;
      const used = Math.min(run.mark.text.length, opener.mark.text.length, 2);
      opener.mark.opens.unshift(run.char === "~" ? "strike" : used === 2 ? "strong" : "emphasis");
      opener.mark.text = opener.mark.text.slice(used);
      run.mark.text = run.mark.text.slice(used);
      run.mark.closes++;
      truncate(opener.mark.text ? at + 1 : at);
    }
    if (run.canOpen && run.mark.text) openers.push(run);
  }

  return {
    get isEmpty() {
      return openers.length + deferred.length === 0;
    },
    get deferred() {
      return deferred.length;
    },
    add(run) {
      deferred.push(run);
    },
    enclose(since) {
      const base = openers.length;
      for (const run of deferred.splice(since)) decide(run, base);
      truncate(base);
    },
    settle() {
      const runs = deferred;
      deferred = [];
      for (const run of runs) decide(run, 0);
    },
    open() {
      const base = openers.length;
      for (const run of deferred) decide(run, base);
      for (const { mark, char, canClose } of openers) {
        // Within a word it is as likely a sign of mathematics.
        if (canClose) continue;
        const opens: MarkedType[] = char === "~" ? ["strike"] : [];
        if (char !== "~") {
          if (mark.text.length % 2) opens.push("emphasis");
          for (let left = mark.text.length; left > 1; left -= 2) opens.push("strong");
        }
        mark.opens.unshift(...opens);
        mark.text = "";
      }
    },
    clear() {
      openers = [];
      deferred = [];
      bottoms.clear();
    },
  };
}

/** https://spec.commonmark.org/0.31.2/#can-open-emphasis, rules 9 and 10: `**a*` ends nothing that `*a**` could. */
function canMatch(opener: Run, run: Run): boolean {
  const isOneSided = !opener.canClose && !run.canOpen;
  return (
    isOneSided || (opener.length + run.length) % 3 !== 0 || (opener.length % 3 === 0 && run.length % 3 === 0)
  );
}
