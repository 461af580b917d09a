/** What is left of a line, read from the left. */
export interface Line {
  readonly rest: string;
  readonly isBlank: boolean;
  /** The columns of white space ahead. */
  indent(): number;
  /** Takes white space away. */
  skip(columns: number): void;
  /** Takes characters away. */
  take(length: number): void;
}

/**
 * Tabs reach to the next fourth column; one that is taken away only in part becomes the spaces that are left of it.
 * https://spec.commonmark.org/0.31.2/#tabs
 */
export function createLine(text: string): Line {
  let rest = text;
  let column = 0;

  return {
    get rest() {
      return rest;
    },
    get isBlank() {
      return isBlank(rest);
    },
    indent() {
      let end = column;
      for (const char of rest) {
        if (char === " ") end++;
        else if (char === "\t") end += 4 - (end % 4);
        else break;
      }
      return end - column;
    },
    skip(columns) {
      let left = columns;
      let at = 0;
      while (left > 0 && at < rest.length) {
        const width = rest[at++] === "\t" ? 4 - (column % 4) : 1;
        const spare = Math.max(0, width - left);
        column += width - spare;
        left -= width;
        if (spare > 0) {
          rest = " ".repeat(spare) + rest.slice(at);
          return;
        }
      }
      rest = rest.slice(at);
    },
    take(length) {
      rest = rest.slice(length);
      column += length;
    },
  };
}

export const isBlank = (text: string): boolean => /^[ \t]*$/.test(text);

/** Where a text ends without its last white space. An expression would look for that anew from each space. */
export function trimmedLength(text: string): number {
  let end = text.length;
  while (text[end - 1] === " " || text[end - 1] === "\t") end--;
  return end;
}
