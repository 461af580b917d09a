import { createDelimiters, createRun } from "./delimiters.js";
import { decodeEntity, entityBeginning, entityPattern } from "./entities.js";
import {
  buildTree,
  type ElementType,
  type InlineElement,
  type InlineNodes,
  type Link,
  type Token,
} from "./inline-tree.js";
import { trimAddress } from "./links.js";
import { addressIn, INLINE_LIMIT, mailIn, readTarget, referenceName, type Target } from "./targets.js";

/** What addresses lead to; null: they are not allowed. */
export interface Resolver {
  link(address: string): URL | null;
  image(address: string): URL | null;
  /** The address that a name was defined to be. */
  reference(name: string): string | undefined;
}

export interface InlineOptions {
  readonly resolver: Resolver;
  /** The character before the source; "" where it is a text's beginning. */
  readonly before: string;
  /** Whether more of the source may come. */
  readonly isOpen: boolean;
  /** Up to where the source will not change. */
  readonly firm: number;
}

export interface InlineTree extends InlineNodes {
  /** Up to where the source is never to be read again: what follows does not depend on what was before. */
  readonly safe: number;
}

interface Bracket {
  readonly token: Link;
  readonly isImage: boolean;
  /** Where its text begins. */
  readonly from: number;
  readonly deferred: number;
  /** Links are never in links. */
  isActive: boolean;
}

/** Of a run of one mark, and of a word: what is longer is taken in parts. */
const RUN_LIMIT = 100;

const word = /(?:[^\s\\`*_~[\]!<&$]|(?<=[a-z\d])_{1,100}(?=[a-z\d])){1,500}/iy;
const WORD_LIMIT = 500;
/** What a word may go on behind, once there is more. */
const wordEnd = /^_{0,100}$/;
const space = /[^\S\n]{1,500}/y;
const run = /([`*_~$])\1{0,99}/y;
/** By Pandoc's rule, and with no digit behind what opens it: that is a price. Else it reaches the source's end. */
const dollarFormula = /\$(?![\s\d$])(?:[^\n\\$]|\\.){1,2500}(?:(?<!\s)(\$)(?!\d)|\\?$)/y;
const autolink = /<(?:([a-z][a-z\d+.-]{1,31}:[^\s<>]*)|([\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*))>/iy;
/** An address in running text. It has no punctuation of Chinese or Japanese, where no space follows it. */
const bareAddress = /[^\s<>"|，。、；：！？（）【】《》「」『』“”]{1,2500}/y;
const lineBreak = /<br[ \t]*\/?>/iy;
const angleBeginning =
  /<(?:[a-z][a-z\d+.-]{1,31}:[^\s<>]{0,2500}|[\w.!#$%&'*+/=?^`{|}~-]{0,2500}(?:@[\w.-]{0,2500})?|br[ \t]*\/?)$/iy;
const labelInBrackets = /^\[((?:[^[\]\\]|\\.)*)(\]|\\?$)/s;

/**
 * The inline nodes of a leaf's source. What was begun and not ended is shown as if it were, as long as more may come;
 * at the end, or INLINE_LIMIT further on, it is the text that it is.
 * https://spec.commonmark.org/0.31.2/#phase-2-inline-structure
 */
export function parseInline(source: string, options: InlineOptions): InlineTree {
  const { resolver, isOpen, firm } = options;
  const tokens: Token[] = [];
  const brackets: Bracket[] = [];
  const delimiters = createDelimiters();
  let at = 0;
  let last = 0;
  let safe = 0;
  let safeTokens = 0;
  let isTentative = false;
  let held = firm;

  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const text = (added: string): void => {
    const end = tokens.at(-1);
    if (end && "type" in end && end.type === "text" && safeTokens < tokens.length) end.text += added;
    else tokens.push({ type: "text", text: added });
  };
  const element = (type: ElementType, url: URL | null, inside = ""): InlineElement => ({
    type,
    url,
    children: inside ? [{ type: "text", text: inside }] : [],
  });

  /** Takes all that is not ended as text. */
  function giveUp(): void {
    brackets.length = 0;
    delimiters.settle();
    delimiters.clear();
  }

  function markSafe(): void {
    last = at;
    if (at > held) return;
    safe = at;
    safeTokens = tokens.length;
  }

  function readWord(found: string): void {
    const before = characterBefore(source, at, options.before);
    const start = addressIn(found, before);
    if (start >= 0) {
      text(found.slice(0, start));
      at += start;
      readAddress();
      return;
    }
    isTentative =
      isOpen &&
      found.length < WORD_LIMIT &&
      wordEnd.test(source.slice(at + found.length, at + found.length + RUN_LIMIT + 2));
    const mail = isTentative ? null : mailIn(found);
    const url = mail && resolver.link(`mailto:${mail.address}`);
    if (mail && url) {
      text(found.slice(0, mail.at));
      tokens.push(element("link", url, mail.address));
      text(found.slice(mail.at + mail.address.length));
    } else text(found);
    at += found.length;
  }

  function readAddress(): void {
    // Within brackets the address ends where they do.
    const [found = ""] = (match(bareAddress)?.[0] ?? "").split(brackets.length > 0 ? "]" : " ", 1);
    const isWhole = at + found.length < source.length;
    isTentative = !isWhole && found.length < INLINE_LIMIT;
    const address = found.length < INLINE_LIMIT ? trimAddress(found) : "";
    const url = address && resolver.link(/^w/i.test(address) ? `http://${address}` : address);
    if (!url) {
      text(found);
      at += found.length;
      return;
    }
    tokens.push(element("link", isWhole || !isOpen ? url : null, address));
    at += address.length;
    // The rest is text like any other, once it is known to be no part of it.
    if (!isWhole && isOpen) {
      text(source.slice(at));
      at = source.length;
    }
  }

  /** Something verbatim. Gives null where it is not closed, undefined where it may yet be. */
  function verbatim(type: "code" | "formula", opener: string, closer: string): boolean | undefined {
    const from = at + opener.length;
    const limit = Math.min(source.length, at + INLINE_LIMIT);
    // A search that goes on to the source's end would be made anew by each opener.
    const near = source.slice(0, limit + closer.length);
    let isEnding = false;
    for (let end = near.indexOf(closer, from); end >= 0 && end < limit; ) {
      let after = end + closer.length;
      if (type === "code") while (source[after] === "`") after++;
      // A run of other length closes no code.
      if (type === "code" && after - end !== closer.length && !(isOpen && after === source.length)) {
        end = near.indexOf(closer, after);
        continue;
      }
      isEnding = isOpen && type === "code" && after === source.length;
      if (isEnding) break;
      const inside = source.slice(from, end);
      tokens.push(element(type, null, type === "code" ? plainCode(inside) : opener + inside + closer));
      at = after;
      return true;
    }
    if (!isEnding && !(isOpen && source.length < at + INLINE_LIMIT + closer.length)) return false;
    const inside = source.slice(from);
    tokens.push(element(type, null, type === "code" ? openCode(inside) : opener + inside));
    return undefined;
  }

  /** Gives false where it is none. What may become one is text until then, and is read again. */
  function readDollars(): boolean {
    const [found = "", closer] = match(dollarFormula) ?? [];
    if (!found || found.length > INLINE_LIMIT) return false;
    const isKnown = !isOpen || at + found.length < source.length;
    if (isKnown && closer) {
      tokens.push(element("formula", null, found));
      at += found.length;
      return true;
    }
    if (!isKnown) held = Math.min(held, at);
    return false;
  }

  /** Gives false where more must come first. */
  function readRun(found: string): boolean {
    const char = found[0] ?? "";
    const isLong = found.length === RUN_LIMIT;
    const end = at + found.length;
    if (isOpen && end === source.length && !isLong) return false;
    if (!isLong && (char === "`" || found === "$$")) {
      const isRead = verbatim(char === "`" ? "code" : "formula", found, found);
      if (isRead !== false) return isRead === true;
    }
    if (found === "$" && readDollars()) return true;
    if (isLong || char === "`" || char === "$") text(found);
    else {
      const after = end < source.length ? String.fromCodePoint(source.codePointAt(end) ?? 0) : "";
      const created = createRun(found, characterBefore(source, at, options.before), after);
      if (created.canOpen || created.canClose) {
        tokens.push(created.mark);
        delimiters.add(created);
        if (brackets.length === 0) delimiters.settle();
      } else text(found);
    }
    at = end;
    return true;
  }

  function readBackslash(): boolean {
    const next = source[at + 1];
    if (next === undefined && isOpen) return false;
    if (next === "(" || next === "[") {
      const isRead = verbatim("formula", `\\${next}`, next === "(" ? "\\)" : "\\]");
      if (isRead !== false) return isRead === true;
    }
    if (next === "\n") tokens.push({ type: "break" });
    else text(next !== undefined && /[!-/:-@[-`{-~]/.test(next) ? next : `\\${next ?? ""}`);
    at += next === undefined ? 1 : 2;
    return true;
  }

  function openBracket(isImage: boolean): void {
    const token: Link = { kind: "link", text: isImage ? "![" : "[", element: null };
    tokens.push(token);
    at += token.text.length;
    brackets.push({ token, isImage, from: at, deferred: delimiters.deferred, isActive: true });
  }

  /** The link or the image whose text ends here. https://spec.commonmark.org/0.31.2/#look-for-link-or-image */
  function closeBracket(): boolean {
    const bracket = brackets.at(-1);
    if (!bracket) {
      text("]");
      at++;
      return true;
    }
    const next = source[at + 1];
    const target = bracket.isActive ? readBehind(bracket, next) : null;
    if (target === undefined) return false;
    brackets.pop();
    const { token, isImage } = bracket;
    const address = target?.address ?? "";
    const image = isImage && address ? resolver.image(address) : null;
    const url = image ?? (address ? resolver.link(address) : null);
    if (!target || !url) {
      text(source.slice(at, target ? target.end : at + 1));
      at = target ? target.end : at + 1;
    } else {
      token.element = element(isImage ? (image ? "image" : "chip") : "link", url);
      delimiters.enclose(bracket.deferred);
      tokens.push({ kind: "end" });
      at = target.end;
      if (!isImage) for (const outer of brackets) if (!outer.isImage) outer.isActive = false;
    }
    if (brackets.length === 0) delimiters.settle();
    return true;
  }

  function readBehind({ from }: Bracket, next: string | undefined): Target | null | undefined {
    if (next === undefined && isOpen) return undefined;
    if (next === "(") {
      const target = readTarget(source, at + 1, isOpen);
      if (target !== null) return target;
    }
    let name = source.slice(from, at);
    let end = at + 1;
    if (next === "[") {
      const rest = source.slice(end, end + INLINE_LIMIT);
      const [whole, label = "", closer] = labelInBrackets.exec(rest) ?? [];
      if (whole !== undefined && closer !== "]" && isOpen && rest.length < INLINE_LIMIT) return undefined;
      if (whole !== undefined && closer === "]") {
        end += whole.length;
        name = label.trim() || name;
      }
    }
    const address = name.length < INLINE_LIMIT ? resolver.reference(referenceName(name)) : undefined;
    return address === undefined ? null : { address, end };
  }

  function readAngle(): boolean {
    const found = match(lineBreak);
    if (found) {
      tokens.push({ type: "break" });
      at += found[0].length;
      return true;
    }
    const [whole, address, mail] = match(autolink) ?? [];
    if (!whole && isOpen && match(angleBeginning) && source.length - at < INLINE_LIMIT) return false;
    const url = whole ? resolver.link(mail ? `mailto:${mail}` : (address ?? "")) : null;
    if (whole && url) tokens.push(element("link", url, mail ?? address));
    else text("<");
    at += whole && url ? whole.length : 1;
    return true;
  }

  function readEntity(): boolean {
    const found = match(entityPattern);
    if (!found && isOpen && match(entityBeginning)) return false;
    text(found ? decodeEntity(found) : "&");
    at += found ? found[0].length : 1;
    return true;
  }

  /** Gives false at the end of what can be decided. */
  function readToken(): boolean {
    const char = source[at] ?? "";
    switch (char) {
      case "\n":
        tokens.push({ type: "break" });
        at++;
        return true;
      case "\\":
        return readBackslash();
      case "[":
        openBracket(false);
        return true;
      case "]":
        return closeBracket();
      case "<":
        return readAngle();
      case "&":
        return readEntity();
      case "!":
        if (source[at + 1] === "[") openBracket(true);
        else text(source[at++] ?? "");
        return true;
      case "`":
      case "*":
      case "_":
      case "~":
      case "$":
        return readRun(match(run)?.[0] ?? char);
      default: {
        const found = match(space)?.[0];
        if (found) {
          text(found);
          at += found.length;
        } else readWord(wholeCharacters(match(word)?.[0] ?? char));
        return true;
      }
    }
  }

  markSafe();
  while (at < source.length) {
    const isBalanced = brackets.length === 0 && delimiters.isEmpty;
    if (!isBalanced && at - last >= INLINE_LIMIT) {
      giveUp();
      markSafe();
    }
    isTentative = false;
    if (!readToken()) break;
    // What touches the end may be the beginning of something else: a word of an address, `!` of an image.
    const mayChange = isTentative || (isOpen && at === source.length);
    if (brackets.length === 0 && delimiters.isEmpty && !mayChange) markSafe();
  }
  if (isOpen) {
    const bracket = brackets.find(({ isActive }) => isActive);
    if (bracket) bracket.token.element = element(bracket.isImage ? "image" : "link", null);
    delimiters.open();
  } else {
    giveUp();
    markSafe();
  }
  return { safe, ...buildTree(tokens, safeTokens) };
}

/** A word that was cut for its length, without half a character. */
const wholeCharacters = (found: string): string =>
  found.length === WORD_LIMIT ? found.replace(/[\ud800-\udbff]$/, "") : found;

/** The character before a place, whole. */
export function characterBefore(source: string, at: number, before: string): string {
  if (at === 0) return before;
  const isHalf = /[\udc00-\udfff]/.test(source[at - 1] ?? "");
  return source.slice(Math.max(0, at - (isHalf ? 2 : 1)), at);
}

/** https://spec.commonmark.org/0.31.2/#code-spans */
function plainCode(inside: string): string {
  const code = inside.replaceAll("\n", " ");
  return /^ .* $/s.test(code) && /[^ ]/.test(code) ? code.slice(1, -1) : code;
}
/** Code whose end may have come only in part. */
const openCode = (inside: string): string => inside.replaceAll("\n", " ").replace(/`{1,100}$/, "");
