import { decodeEntity, entityPattern } from "./entities.js";

export interface Target {
  readonly address: string;
  /** Where what follows it begins. */
  readonly end: number;
}

/** Where a link is longer than this, it is none. */
export const INLINE_LIMIT = 2_500;
const BRACKETS_LIMIT = 32;

/** Titles are passed over: the address is what a reader must see. */
const titles: Readonly<Record<string, RegExp>> = {
  '"': /"(?:[^"\\]|\\.)*("|\\?$)/sy,
  "'": /'(?:[^'\\]|\\.)*('|\\?$)/sy,
  "(": /\((?:[^()\\]|\\.)*(\)|\\?$)/sy,
};

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/**
 * What stands in the brackets behind a link's text, from the first of them on. Null: it is no address; undefined: it
 * may become one. https://spec.commonmark.org/0.31.2/#inline-link
 */
export function readTarget(text: string, from: number, isOpen: boolean): Target | null | undefined {
  const source = text.slice(from, from + INLINE_LIMIT);
  const more = isOpen && source.length < INLINE_LIMIT ? undefined : null;
  const past = (at: number): number => at + (matchAt(/\s*/y, source, at)?.[0].length ?? 0);

  const start = past(1);
  let end = start;
  let address: string;
  if (source[start] === "<") {
    const [whole, inside = "", closer] = matchAt(/<((?:[^<>\n\\]|\\.)*)(>|\\?$)/y, source, start) ?? [];
    if (whole === undefined) return null;
    if (closer !== ">") return more;
    address = inside;
    end += whole.length;
  } else {
    let depth = 0;
    for (; end < source.length; end++) {
      const char = source[end] ?? "";
      if (/[\s\p{Cc}]/u.test(char)) break;
      if (char === "\\" && /[!-/:-@[-`{-~]/.test(source[end + 1] ?? "")) end++;
      else if (char === "(" && ++depth > BRACKETS_LIMIT) return null;
      else if (char === ")" && --depth < 0) break;
    }
    if (end >= source.length) return more;
    if (depth > 0) return null;
    address = source.slice(start, end);
  }
  let at = past(end);
  if (at >= source.length) return more;
  const title = at > end ? titles[source[at] ?? ""] : undefined;
  if (title) {
    const [whole, closer] = matchAt(title, source, at) ?? [];
    if (whole === undefined) return null;
    if (closer === "" || closer === "\\") return more;
    at = past(at + whole.length);
    if (at >= source.length) return more;
  }
  return source[at] === ")" ? { address: plainAddress(address), end: from + at + 1 } : null;
}

/** An address without its escapes, each of which is read once. */
export const plainAddress = (address: string): string =>
  address.replace(/\\([!-/:-@[-`{-~])|&[#\w]{2,33};/g, (whole, escaped?: string) => {
    const entity = matchAt(entityPattern, whole, 0);
    return escaped ?? (entity ? decodeEntity(entity) : whole);
  });

/** The name of a definition, in brackets: spaces and case make no other of it. */
export const referenceName = (label: string): string =>
  label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase();

const wordAddress = /https?:\/\/(?=[\p{L}\p{N}[])|www\.(?=[\p{L}\p{N}])/iu;

/**
 * Where in a word an address begins: not behind a letter, but for those of scripts without cases, of which some have
 * no spaces between words. https://github.github.com/gfm/#autolinks-extension-
 */
export function addressIn(word: string, before: string): number {
  const found = wordAddress.exec(word);
  if (!found) return -1;
  const previous = found.index > 0 ? word.slice(0, found.index) : before;
  return /[\p{Lu}\p{Ll}\p{N}]$/u.test(previous) ? -1 : found.index;
}

/** An address of mail in a word, and where it begins. Its last label begins with a letter: `a@1.2.0` is a version. */
export function mailIn(word: string): { readonly address: string; readonly at: number } | null {
  if (!word.includes("@")) return null;
  const found =
    /[\w.+-]+@[a-z\d](?:[\w-]*[a-z\d])?(?:\.[a-z\d](?:[\w-]*[a-z\d])?)*\.[a-z](?:[\w-]*[a-z\d])?(?![\w-])/i.exec(
      word,
    );
  return found ? { address: found[0], at: found.index } : null;
}
