import { createLine, isBlank, type Line } from "./line.js";
import { type Alignment, readAlignments, splitRow } from "./table.js";

/** How much of a line there is: it goes on, is whole, or is longer than what decides on it. */
export type Extent = "open" | "whole" | "long";

export interface Quote {
  readonly kind: "quote";
}
export interface Item {
  readonly kind: "item";
  /** What items of the same list have in common: `-`, `*`, `+`, `.` or `)`. */
  readonly mark: string;
  /** The number of an ordered list's item. */
  readonly number: number | null;
  /** The columns that its further lines are indented by. */
  readonly indent: number;
  isEmpty: boolean;
}
export type Container = Quote | Item;

/** What a line needs to know of the open leaf. */
export interface OpenLeaf {
  readonly kind: "paragraph" | "heading" | "fence" | "code" | "formula" | "table";
  /** The last line so far; "" where it is too long to be a table's head. */
  readonly line: string;
  /** The fence that opened it, and its indentation. */
  readonly fence: string;
  readonly indent: number;
}

export type LineKind =
  | { readonly kind: "blank" | "continued" | "row" | "rule" | "end" | "code" }
  | { readonly kind: "paragraph"; readonly isDone: boolean | null }
  | { readonly kind: "definition"; readonly label: string; readonly address: string }
  | { readonly kind: "heading" | "setext"; readonly level: number }
  | { readonly kind: "fence"; readonly fence: string; readonly indent: number; readonly info: string }
  | { readonly kind: "formula"; readonly closer: string; readonly isClosed: boolean }
  | { readonly kind: "table"; readonly alignments: readonly Alignment[] };

export type Plan = LineKind & {
  /** How many of the open containers go on. */
  readonly matched: number;
  readonly opens: readonly Container[];
  /** What of the line goes into the leaf. */
  readonly content: string;
};

/** Deeper nesting is text: styles and layout recurse, and an answer may be hostile. An item is two levels. */
const DEPTH_LIMIT = 40;

/** What may become more than one kind of block by what follows on its line, or is decided by the line's end. */
const undecided =
  /^(?:#{1,6}[ \t]*|`{1,2}|`{3,}[^`]*|~{1,2}|~{3}.*|([-*_])[ \t]*(?:\1[ \t]*)*|(?:[-+*]|\d{1,9}[.)]?)[ \t]*|\$|\$\$(?!\$).*|\\|\\\[.*)$/s;
const undecidedUnderText = /^(?:=+[ \t]*|[-:|][-:| \t]*)$/;
const undecidedBracket = /^\[(?:[^[\]\\]|\\.)*(?:\\|\](?::[ \t]*(?:\S*|\S+[ \t]+(?:["'(].*)?))?)?$/s;

const ruleLine = /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const definitionLine =
  /^\[((?:[^[\]\\]|\\.)+)\]:[ \t]*(\S+)(?:[ \t]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*$/s;

/**
 * What a line is, among the open containers and under the open leaf; null: more of it must come first. What is said
 * of a line's beginning is said of the whole. https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy
 */
export function readLine(
  text: string,
  extent: Extent,
  containers: readonly Container[],
  leaf: OpenLeaf | null,
): Plan | null {
  const line = createLine(text);
  const isOpen = extent === "open";
  const opens: Container[] = [];
  let matched = 0;
  const plan = (found: LineKind): Plan => ({ ...found, matched, opens, content: line.rest });

  for (const container of containers) {
    if (isOpen && line.isBlank) return null;
    if (!enter(container, line)) break;
    matched++;
  }
  if (isOpen && line.isBlank) return null;
  const isInside = matched === containers.length;
  if (leaf && isInside) {
    const found = goOn(leaf, line, extent);
    if (found !== undefined) return found && plan(found);
  }

  let depth = containers.slice(0, matched).reduce((sum, container) => sum + levelsOf(container), 0);
  const open = (container: Container): void => {
    opens.push(container);
    depth += levelsOf(container);
  };
  for (;;) {
    if (line.isBlank && extent !== "long") return isOpen ? null : plan({ kind: "blank" });
    const indent = line.indent();
    const isContinued = leaf?.kind === "paragraph" && opens.length === 0;
    if (indent >= 4) {
      line.skip(isContinued ? indent : 4);
      return plan({ kind: isContinued ? "continued" : "code" });
    }
    const rest = line.rest.slice(leadOf(line.rest));
    const under = isContinued && isInside ? leaf : null;
    if (rest[0] === ">" && depth < DEPTH_LIMIT) {
      line.skip(indent);
      line.take(1);
      if (line.indent() > 0) line.skip(1);
      open({ kind: "quote" });
      continue;
    }
    const isRow = leaf?.kind === "table" && isInside && opens.length === 0;
    const mayDefine = !isContinued && !isRow;
    if (isOpen) {
      const isUndecided =
        undecided.test(rest) ||
        (under && undecidedUnderText.test(rest)) ||
        (mayDefine && undecidedBracket.test(rest));
      if (isUndecided) return null;
    }
    const [head = "", level = ""] = /^(#{1,6})(?:[ \t]+|$)/.exec(rest) ?? [];
    const started: LineKind | null = level
      ? { kind: "heading", level: level.length }
      : extent === "whole"
        ? readWhole(rest, indent, under !== null)
        : null;
    line.skip(indent);
    if (started) {
      line.take(head.length);
      return plan(started);
    }
    const item = depth < DEPTH_LIMIT ? readItem(rest, indent, under !== null, line) : null;
    if (item) {
      open(item);
      continue;
    }
    const alignments = under?.line && extent === "whole" ? readAlignments(rest) : null;
    if (under && alignments && splitRow(under.line).length === alignments.length) {
      return plan({ kind: "table", alignments });
    }
    if (isContinued) return plan({ kind: "continued" });
    if (isRow) return plan({ kind: "row" });
    const [, label = "", address = ""] = (extent === "whole" && definitionLine.exec(rest)) || [];
    if (/^[^^]/.test(label.trim())) return plan({ kind: "definition", label, address });
    const [box, mark] = (opens.at(-1)?.kind === "item" && /^\[([ xX])\](?=[ \t]|$)/.exec(rest)) || [];
    line.take(box?.length ?? 0);
    return plan({ kind: "paragraph", isDone: mark === undefined ? null : mark !== " " });
  }
}

const levelsOf = ({ kind }: Container): number => (kind === "item" ? 2 : 1);
const leadOf = (text: string): number => /^[ \t]*/.exec(text)?.[0].length ?? 0;

/** Whether a line goes on with a container; takes away what says so. */
function enter(container: Container, line: Line): boolean {
  const indent = line.indent();
  if (container.kind === "quote") {
    const lead = leadOf(line.rest);
    if (indent > 3 || line.rest[lead] !== ">") return false;
    line.skip(indent);
    line.take(1);
    if (line.indent() > 0) line.skip(1);
    return true;
  }
  // An item may begin with one empty line, not with two.
  const goesOn = line.isBlank ? !container.isEmpty : indent >= container.indent;
  if (goesOn) line.skip(Math.min(indent, container.indent));
  return goesOn;
}

/** How a line goes on with the leaf above it; undefined: as any line, null: more of it must come first. */
function goOn(leaf: OpenLeaf, line: Line, extent: Extent): LineKind | null | undefined {
  const indent = line.indent();
  if (leaf.kind === "formula") return line.isBlank ? undefined : { kind: "continued" };
  if (leaf.kind === "code") {
    if (indent < 4 && !line.isBlank) return undefined;
    const isEmpty = line.isBlank;
    line.skip(Math.min(indent, 4));
    return { kind: isEmpty ? "blank" : "continued" };
  }
  if (leaf.kind !== "fence") return undefined;
  if (indent < 4 && extent !== "long") {
    const rest = line.rest.slice(leadOf(line.rest));
    const [, marks = ""] = /^(`*|~*)[ \t]*$/.exec(rest) ?? [];
    if (marks[0] === leaf.fence[0]) {
      if (extent === "open") return null;
      if (marks.length >= leaf.fence.length) {
        line.take(line.rest.length);
        return { kind: "end" };
      }
    }
  }
  line.skip(Math.min(indent, leaf.indent));
  return { kind: "continued" };
}

/** Blocks that are known by a whole line. */
function readWhole(rest: string, indent: number, isUnderText: boolean): LineKind | null {
  if (isUnderText && /^(?:=+|-+)[ \t]*$/.test(rest))
    return { kind: "setext", level: rest[0] === "=" ? 1 : 2 };
  if (ruleLine.test(rest)) return { kind: "rule" };
  const [, fence = "", info = ""] = /^(`{3,}|~{3,})[ \t]*(.*)$/s.exec(rest) ?? [];
  if (fence && !(fence[0] === "`" && info.includes("`"))) return { kind: "fence", fence, indent, info };
  return readFormula(rest);
}

/** A formula has its lines to itself: `$$…$$` or `\[…\]`, closed on the same line, or on a later one. */
function readFormula(rest: string): LineKind | null {
  const [opener] = /^(?:\$\$(?!\$)|\\\[)/.exec(rest) ?? [];
  if (!opener) return null;
  const closer = opener === "$$" ? "$$" : "\\]";
  const inside = rest.slice(2);
  const end = inside.indexOf(closer);
  if (end >= 0) return isBlank(inside.slice(end + 2)) ? { kind: "formula", closer, isClosed: true } : null;
  // `\[1] Smith` is a bracket that was only escaped.
  return opener === "$$" || !inside.includes("]") ? { kind: "formula", closer, isClosed: false } : null;
}

/** Within a paragraph only 1 begins a list, and nothing empty does. https://spec.commonmark.org/0.31.2/#list-items */
function readItem(rest: string, indent: number, isUnderText: boolean, line: Line): Item | null {
  const [mark, bullet, number, delimiter] = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/.exec(rest) ?? [];
  if (!mark) return null;
  const isEmpty = isBlank(rest.slice(mark.length));
  if (isUnderText && (isEmpty || (number && Number(number) !== 1))) return null;
  line.take(mark.length);
  const gap = line.indent();
  // What is indented by five is code, one column behind the mark.
  const taken = isEmpty || gap > 4 ? 1 : gap;
  line.skip(taken);
  return {
    kind: "item",
    mark: bullet ?? delimiter ?? "",
    number: number === undefined ? null : Number(number),
    indent: indent + mark.length + taken,
    isEmpty: true,
  };
}
