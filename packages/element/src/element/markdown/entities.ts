/** Those that models write; others stand as they are. */
const names =
  "amp & lt < gt > quot \" apos ' nbsp \u00a0 copy © reg ® trade ™ hellip … mdash — ndash – lsquo ‘ rsquo ’ ldquo “ rdquo ” bull • middot · sect § deg ° plusmn ± times × divide ÷ ne ≠ le ≤ ge ≥ larr ← rarr → euro €".split(
    " ",
  );
const named = new Map(names.flatMap((name, index) => (index % 2 ? [] : [[name, names[index + 1] ?? ""]])));

export const entityPattern: RegExp = /&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z][a-z\d]{1,31}));/iy;
export const entityBeginning: RegExp = /&(?:#(?:x[\da-f]{0,6}|\d{0,7})|[a-z][a-z\d]{0,31})?$/iy;

/** https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references */
export function decodeEntity([whole, hex, decimal, name = ""]: RegExpExecArray): string {
  if (name) return named.get(name) ?? whole;
  const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return String.fromCodePoint(isCharacter ? code : 0xfffd);
}
