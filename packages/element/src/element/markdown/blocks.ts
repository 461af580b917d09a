import { trimmedLength } from "./line.js";
import { type Container, type Extent, type OpenLeaf, type Plan, readLine } from "./read-line.js";
import { type Alignment, fitRow, splitRow } from "./table.js";

/** What blocks are written with. The last that was opened is closed first; there is one open leaf at most. */
export interface BlockWriter {
  openQuote(): void;
  /** Null: a list with bullets. */
  openList(start: number | null): void;
  openItem(): void;
  closeContainer(): void;
  /** `isDone` is null where it is no task. */
  openParagraph(isDone: boolean | null): void;
  openHeading(level: number): void;
  openCode(info: string): void;
  openFormula(): void;
  openTable(head: readonly string[], alignments: readonly Alignment[]): void;
  row(cells: readonly string[]): void;
  rule(): void;
  /** Into the open leaf. The last characters, as many as `revisable` says, may yet be taken back. */
  text(text: string, revisable: number): void;
  takeBack(length: number): void;
  /** Makes the open paragraph a heading. */
  promote(level: number): void;
  closeLeaf(): void;
  /** Takes the open leaf away. */
  dropLeaf(): void;
  /** The open paragraph is a definition, which is drawn as it is written. Gives false where it is none after all. */
  define(label: string, address: string): boolean;
  /** Nothing more comes for now. */
  flush(): void;
}

export interface Blocks {
  write(text: string): void;
  finish(): void;
}

/** What decides on a line, and the longest that can be taken back, or become a table's head. */
const LINE_LIMIT = 1_000;

interface Leaf extends OpenLeaf {
  line: string;
  isLong: boolean;
  isFirstLine: boolean;
  /** Characters of the line that were written. */
  written: number;
  /** What goes before the next text: the line's break, and white space that a line's end would drop. */
  lead: string;
  /** A line that may be a table's row is written when it is over. */
  isRow: boolean;
  readonly closer: string;
  readonly columns: number;
}

/**
 * The blocks of CommonMark and of GFM's tables, line by line, as containers and leaves. A line goes into its leaf as
 * soon as its first characters have decided on it. https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy
 */
export function createBlocks(writer: BlockWriter): Blocks {
  const containers: Container[] = [];
  let leaf: Leaf | null = null;
  let line = "";
  let isBegun = false;
  let endsWithReturn = false;
  let half = "";

  function fill(): void {
    const holder = containers.at(-1);
    if (holder?.kind === "item") holder.isEmpty = false;
  }

  function openLeaf(kind: Leaf["kind"], more: Partial<Leaf> = {}): void {
    fill();
    const line = { line: "", isLong: false, isFirstLine: true, written: 0, lead: "", isRow: false };
    leaf = { kind, fence: "", indent: 0, closer: "", columns: 0, ...line, ...more };
  }

  function closeLeaf(): void {
    if (!leaf) return;
    writeRow(leaf);
    leaf = null;
    writer.closeLeaf();
  }

  /** Writes a row of no table as the text that it is. */
  function writeRow(open: Leaf): void {
    if (!open.isRow || open.kind !== "paragraph") return;
    open.isRow = false;
    const text = open.line;
    open.line = "";
    addInline(open, text);
  }

  function addInline(open: Leaf, chunk: string): void {
    if (!open.isLong) {
      open.line += chunk;
      open.isLong = open.line.length > LINE_LIMIT;
      if (open.isRow && !open.isLong) return;
    }
    const text = open.isRow ? open.line : chunk;
    open.isRow = false;
    if (open.isLong) open.line = "";
    const end = trimmedLength(text);
    if (end > 0) {
      const added = open.lead + text.slice(0, end);
      open.written += added.length;
      writer.text(added, open.isLong ? 0 : open.written);
      open.lead = "";
    }
    open.lead += text.slice(end);
  }

  function add(content: string): void {
    if (!leaf || !content) return;
    if (leaf.kind === "paragraph" || leaf.kind === "heading") addInline(leaf, content);
    else {
      if (leaf.kind === "table" || leaf.kind === "formula") leaf.line += content;
      if (leaf.kind !== "table") writer.text(content, 0);
    }
  }

  function beginLine(open: Leaf, plan: Plan): void {
    writeRow(open);
    const isFirst = open.kind === "fence" && open.isFirstLine;
    open.isFirstLine = false;
    open.line = "";
    open.isLong = false;
    open.written = 0;
    if (open.kind === "code") {
      open.lead += "\n";
      if (plan.kind === "blank") open.lead += plan.content;
    } else open.lead = isFirst ? "" : "\n";
    if (open.kind === "paragraph") open.isRow = plan.content[0] === "|";
    else if (plan.kind !== "blank") {
      writer.text(open.lead, 0);
      open.lead = "";
    }
  }

  /** Closes the containers that do not go on, opens those that begin. */
  function arrange({ matched, opens }: Plan): void {
    const [first] = opens;
    let isSibling = false;
    while (containers.length > matched) {
      const closed = containers.pop();
      writer.closeContainer();
      if (closed?.kind !== "item") continue;
      isSibling = containers.length === matched && first?.kind === "item" && first.mark === closed.mark;
      if (!isSibling) writer.closeContainer();
    }
    for (const container of opens) {
      fill();
      containers.push(container);
      if (container.kind === "quote") writer.openQuote();
      else {
        if (!(isSibling && container === first)) writer.openList(container.number);
        writer.openItem();
      }
    }
  }

  /** Gives whether the line's content belongs into the leaf. */
  function apply(plan: Plan): boolean {
    if (plan.kind === "continued" && leaf) {
      beginLine(leaf, plan);
      return true;
    }
    if (plan.kind === "setext" && leaf) {
      writeRow(leaf);
      writer.promote(plan.level);
      closeLeaf();
      return false;
    }
    if (plan.kind === "table" && leaf) {
      beginTable(leaf, plan.alignments);
      return false;
    }
    if (plan.kind === "row" && leaf) {
      leaf.isRow = true;
      return true;
    }
    const isInside = plan.matched === containers.length && plan.opens.length === 0;
    if (plan.kind === "blank" && leaf?.kind === "code" && isInside) {
      beginLine(leaf, plan);
      return false;
    }
    closeLeaf();
    arrange(plan);
    switch (plan.kind) {
      case "paragraph":
        beginParagraph(plan.isDone, plan.content);
        return true;
      case "definition":
        beginParagraph(null, plan.content);
        add(plan.content);
        if (writer.define(plan.label, plan.address)) closeLeaf();
        return false;
      case "heading":
        writer.openHeading(plan.level);
        openLeaf("heading");
        return true;
      case "fence":
        writer.openCode(plan.info);
        openLeaf("fence", { fence: plan.fence, indent: plan.indent });
        return false;
      case "code":
        writer.openCode("");
        openLeaf("code");
        return true;
      case "formula":
        writer.openFormula();
        openLeaf("formula", { closer: plan.closer });
        add(plan.content);
        if (plan.isClosed) closeLeaf();
        return false;
      case "rule":
        fill();
        writer.rule();
        return false;
      default:
        return false;
    }
  }

  function beginParagraph(isDone: boolean | null, content: string): void {
    writer.openParagraph(isDone);
    openLeaf("paragraph", { isRow: isDone === null && content[0] === "|" });
  }

  /** The paragraph's last line was the table's head. */
  function beginTable(open: Leaf, alignments: readonly Alignment[]): void {
    const head = splitRow(open.line);
    const isWritten = !open.isRow;
    open.isRow = false;
    if (open.isFirstLine) writer.dropLeaf();
    else {
      if (isWritten) writer.takeBack(open.written);
      closeLeaf();
    }
    writer.openTable(head, alignments);
    openLeaf("table", { columns: alignments.length });
  }

  function endLine(): void {
    if (!leaf) return;
    if (leaf.kind === "heading") {
      endHeading(leaf);
    } else if (leaf.kind === "table" && leaf.isRow) {
      writer.row(fitRow(splitRow(leaf.line), leaf.columns));
      leaf.isRow = false;
      leaf.line = "";
    } else if (leaf.kind === "formula" && !leaf.isFirstLine && leaf.line.includes(leaf.closer)) {
      closeLeaf();
    }
  }

  /** Marks that close a heading are none of it. https://spec.commonmark.org/0.31.2/#atx-headings */
  function endHeading({ line }: Leaf): void {
    const text = line.slice(0, trimmedLength(line));
    let end = text.length;
    while (text[end - 1] === "#") end--;
    if (end < text.length && (end === 0 || /[ \t]/.test(text[end - 1] ?? ""))) {
      writer.takeBack(text.length - trimmedLength(text.slice(0, end)));
    }
    closeLeaf();
  }

  function begin(extent: Extent): void {
    const plan = readLine(extent === "long" ? line.slice(0, LINE_LIMIT) : line, extent, containers, leaf);
    if (!plan) return;
    const content = plan.content + (extent === "long" ? line.slice(LINE_LIMIT) : "");
    line = "";
    isBegun = true;
    if (apply(plan)) add(content);
  }

  function put(part: string, isEnd: boolean): void {
    if (isBegun) add(part);
    else if (part || isEnd) {
      line += part;
      begin(line.length > LINE_LIMIT ? "long" : isEnd ? "whole" : "open");
    }
    if (!isEnd) return;
    endLine();
    isBegun = false;
    line = "";
  }

  return {
    write(text) {
      const input = (half + (endsWithReturn ? text.replace(/^\n/, "") : text)).replace(/\r\n?/g, "\n");
      endsWithReturn = text.endsWith("\r");
      // Half a character is of no kind yet.
      half = /[\ud800-\udbff]$/.exec(input)?.[0] ?? "";
      const end = input.length - half.length;
      let from = 0;
      for (let at = input.indexOf("\n"); at >= 0; at = input.indexOf("\n", from)) {
        put(input.slice(from, at), true);
        from = at + 1;
      }
      put(input.slice(from, end), false);
      writer.flush();
    },
    finish() {
      put(half, false);
      half = "";
      if (isBegun || line) put("", true);
      closeLeaf();
      writer.flush();
    },
  };
}
