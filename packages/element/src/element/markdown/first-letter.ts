/**
 * Finds the first letter of a text that comes in pieces, and looks away from code: a command at the start of an Arabic
 * item does not make it run from left to right.
 */
export function createLetterSearch(): (piece: string) => string | undefined {
  let isEscaped = false;
  /** How many backticks have just been read, and how many have opened the code, if any. */
  let run = 0;
  let opener = 0;
  return (piece) => {
    for (const sign of piece) {
      if (sign === "`" && !isEscaped) {
        run++;
        continue;
      }
      if (run > 0) opener = opener === 0 ? run : opener === run ? 0 : opener;
      run = 0;
      isEscaped = sign === "\\" && !isEscaped && opener === 0;
      if (opener === 0 && /\p{L}/u.test(sign)) return sign;
    }
    return undefined;
  };
}
