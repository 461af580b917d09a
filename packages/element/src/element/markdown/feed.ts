import {
  type Attr,
  BLOCKQUOTE,
  CODE_BLOCK,
  CODE_FENCE,
  CODE_INLINE,
  parser as createParser,
  DOCUMENT,
  EQUATION_BLOCK,
  EQUATION_INLINE,
  IMAGE,
  LINE_BREAK,
  LINK,
  LIST_ORDERED,
  LIST_UNORDERED,
  PARAGRAPH,
  type Parser,
  parser_write,
  RAW_URL,
  TABLE,
  TABLE_ROW,
  type Token,
} from "streaming-markdown";
import { opensMore } from "./links.js";

/** What the parser's findings are written with. `pending` is what the parser has read and not yet understood. */
export interface NodeWriter {
  open(token: Token, pending: string): void;
  close(pending: string): void;
  text(text: string): void;
  attribute(name: Attr, value: string): void;
  /** The line under a table's head, which says how its columns are set: `|:--|--:|`. */
  align(line: string): void;
  /** Shows a character before the parser lets go of it. It is the next text, or is taken back. */
  ahead(text: string): void;
}

export interface Feed {
  write(text: string): void;
  finish(): void;
}

/** The parser looks at the beginning of what is pending with each character: it must not grow without end. */
const PENDING_LIMIT = 1_000;
const CHECK_EVERY = 512;

const verbatim: ReadonlySet<number | undefined> = new Set([
  CODE_BLOCK,
  CODE_FENCE,
  CODE_INLINE,
  EQUATION_BLOCK,
  EQUATION_INLINE,
  IMAGE,
]);
const roots: ReadonlySet<number | undefined> = new Set([DOCUMENT, BLOCKQUOTE, LIST_ORDERED, LIST_UNORDERED]);
const isWordEnd = (char: string): boolean => /[\p{L}\p{N}]/u.test(char);

/**
 * Feeds the parser of streaming-markdown, and mends what its grammar does to the answers of models:
 * `snake_case` is no emphasis and `$5` no mathematics, CRLF is a line break, `1)` begins a list as `1.` does, columns
 * are aligned, and a link, an image or a formula that is never closed does not swallow the rest of the answer. All that
 * is decided at places of the text, never at those where it happens to be split.
 */
export function createFeed(nodes: NodeWriter): Feed {
  const parser: Parser = createParser({
    data: null,
    add_token(_, token) {
      flushText();
      nodes.open(token, parser.pending);
    },
    end_token() {
      flushText();
      nodes.close(parser.pending);
    },
    add_text: (_, text) => nodes.text(text),
    set_attr: (_, name, value) => nodes.attribute(name, value),
  });
  let offset = 0;
  let previous = "";
  let held = "";

  /** Some of the parser's ways forget to, and the text would come up wherever the split happens to be. */
  function flushText(): void {
    if (parser.text) nodes.text(parser.text);
    parser.text = "";
  }

  const top = (): number | undefined => parser.tokens[parser.len];

  function pass(source: string, isLiteral = false): void {
    for (let at = 0; at < source.length; ) {
      if (offset % CHECK_EVERY === 0) boundPending();
      const part = source.slice(at, at + CHECK_EVERY - (offset % CHECK_EVERY));
      parser_write(parser, isLiteral ? part.replace(/./g, "\\$&") : part);
      at += part.length;
      offset += part.length;
    }
    previous = source.slice(-1);
  }

  /** Takes what is pending as the text that it is. */
  function giveUp(): void {
    const rest = parser.pending;
    const token = top();
    parser.pending = "";
    if (verbatim.has(token) || token === LINK) {
      const isAddress = rest.startsWith("](");
      if (!isAddress) nodes.text(rest);
      if (token === CODE_FENCE || token === CODE_INLINE || token === CODE_BLOCK) {
        parser.fence_end = 0;
        return;
      }
      parser.len--;
      nodes.close("");
      if (isAddress) nodes.text(rest);
    } else {
      if (roots.has(token)) {
        parser.tokens[++parser.len] = PARAGRAPH;
        nodes.open(PARAGRAPH, "");
      }
      parser.indent = "";
      parser.indent_len = parser.hr_chars = parser.fence_start = 0;
      nodes.text(rest);
    }
    parser.token = top() as Token;
  }

  function boundPending(): void {
    const { pending, token } = parser;
    if (pending.length > PENDING_LIMIT && token !== RAW_URL && token !== TABLE) giveUp();
  }

  function endLine(): void {
    const token = top();
    if (parser.token === TABLE && parser.table_state === 1) nodes.align(parser.pending);
    // An empty line behind a table's only row would be taken for the line under its head, and what follows for a row.
    if (parser.token === TABLE_ROW && parser.pending === "\n" && parser.table_state === 0) {
      parser.pending = "";
      for (let rest = 2; rest > 0; rest--) {
        parser.len--;
        nodes.close("");
      }
      parser.token = top() as Token;
      return;
    }
    const isOpen =
      (token === IMAGE && parser.pending !== "]") ||
      token === EQUATION_INLINE ||
      (token === EQUATION_BLOCK && previous === "\n") ||
      (token === LINK && parser.pending.startsWith("]("));
    if (isOpen) giveUp();
  }

  /** Whether a character would be taken as it is, so that a backslash before it would be seen. */
  const isVerbatim = (): boolean =>
    verbatim.has(top()) ||
    parser.token === RAW_URL ||
    parser.indent_len > 2 ||
    /^(?:[\\`]|]\()/.test(parser.pending);

  function run(chars: string, next: string): void {
    const isLiteral = chars[0] === "_" ? isWordEnd(previous) && isWordEnd(next) : chars === "$";
    pass(chars, isLiteral && !isVerbatim());
  }

  const isPlain = (): boolean =>
    parser.token === top() && !verbatim.has(parser.token) && !roots.has(parser.token);

  /** The parser knows an address only behind a space, or behind nothing. */
  function openBracket(): void {
    if (parser.pending !== "(" || !isPlain()) return;
    parser.pending = "";
    nodes.text("(");
  }

  /** Behind code, three of them end nothing; the parser would take the last letter for the line's beginning. */
  function keepCode(): void {
    if (parser.token !== CODE_FENCE || !/^[^\n`]/.test(parser.pending)) return;
    nodes.text(parser.pending);
    parser.pending = "";
    parser.fence_end = PENDING_LIMIT + CHECK_EVERY;
  }

  /** Whether a bracket stands behind the number of a list's item; within a paragraph none but the first begins a list. */
  const isNumbered = (): boolean =>
    (roots.has(parser.token) || parser.token === LINE_BREAK) &&
    (top() === PARAGRAPH ? /^1$/ : /^\d{1,9}$/).test(parser.pending);

  /** A bracket that an address has opened is a part of it. */
  function closeBracket(): void {
    const isAddress = (top() === LINK || top() === IMAGE) && parser.pending.startsWith("](");
    if (isAddress && opensMore(parser.pending.slice(2))) {
      parser.pending += ")";
      offset++;
      previous = ")";
    } else {
      pass(")");
    }
  }

  return {
    write(text) {
      const input = held + text.replaceAll("\r", "");
      held = "";
      const special = /[\n()`]|_+|\$+/g;
      let at = 0;
      while (at < input.length) {
        special.lastIndex = at;
        const found = special.exec(input);
        const end = found?.index ?? input.length;
        if (end > at) pass(input.slice(at, end));
        if (!found) break;
        const [chars] = found;
        at = end + chars.length;
        const next = input[at];
        if (chars === "\n") {
          endLine();
          pass(chars);
        } else if (chars === "(") {
          pass(chars);
          openBracket();
        } else if (chars === "`") {
          keepCode();
          pass(chars);
        } else if (chars === ")" && !isNumbered()) {
          closeBracket();
        } else if (next === undefined) {
          held = chars;
        } else if (chars === ")") {
          // The parser knows only the other way to write it.
          pass(next === " " ? "." : chars);
        } else {
          run(chars, next);
        }
      }
      if (isPlain() && /^[\p{L}\p{N}.,:;?)]$/u.test(parser.pending)) nodes.ahead(parser.pending);
    },
    finish() {
      if (held === ")") pass(held);
      else if (held) run(held, "");
      held = "";
      endLine();
      if (parser.pending) pass("\n");
    },
  };
}
