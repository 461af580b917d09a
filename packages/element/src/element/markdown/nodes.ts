import * as smd from "streaming-markdown";
import type { Labels } from "../labels/labels.js";
import { createBlockWriter, createSections, type TextWriter } from "../text-view.js";
import type { NodeWriter } from "./feed.js";
import { imageAddress, type LinkPolicy, linkAddress, linkTarget, trimAddress } from "./links.js";

/** The element's own words in a text. */
export type MarkdownLabels = Pick<Labels, "copy" | "copied" | "code" | "image" | "stageDone" | "taskOpen">;

export interface MarkdownOptions {
  readonly policy: LinkPolicy;
  readonly labels: () => MarkdownLabels;
  /** Copies a block of code, or selects it where that cannot be done, and gives false. */
  readonly copy: (code: Element) => Promise<boolean>;
}

const COPIED_MS = 2_000;

/** Deeper nesting is drawn flat: styles and layout recurse, and an answer may be hostile. */
const DEPTH_LIMIT = 40;

/** Tag and part by token. A page's own headings are unknown; the answer's begin at the third level. */
const elements: Readonly<Record<number, readonly [tag: string, part: string]>> = {
  [smd.PARAGRAPH]: ["p", "paragraph"],
  [smd.HEADING_1]: ["h3", "heading"],
  [smd.HEADING_2]: ["h4", "heading"],
  [smd.HEADING_3]: ["h5", "heading"],
  [smd.HEADING_4]: ["h6", "heading"],
  [smd.HEADING_5]: ["h6", "heading"],
  [smd.HEADING_6]: ["h6", "heading"],
  [smd.BLOCKQUOTE]: ["blockquote", "quote"],
  [smd.RULE]: ["hr", "rule"],
  [smd.LIST_UNORDERED]: ["ul", "list"],
  [smd.LIST_ORDERED]: ["ol", "list"],
  [smd.LIST_ITEM]: ["li", "item"],
  [smd.TABLE_ROW]: ["tr", "row"],
  [smd.TABLE_CELL]: ["td", "cell"],
  [smd.ITALIC_AST]: ["em", "emphasis"],
  [smd.ITALIC_UND]: ["em", "emphasis"],
  [smd.STRONG_AST]: ["strong", "strong"],
  [smd.STRONG_UND]: ["strong", "strong"],
  [smd.STRIKE]: ["s", "strike"],
  [smd.CODE_INLINE]: ["code", "inline-code"],
  [smd.LINE_BREAK]: ["br", "break"],
  [smd.EQUATION_INLINE]: ["span", "formula"],
  [smd.EQUATION_BLOCK]: ["p", "formula"],
};

/** What is open: its content goes into `node`, or where that is code, through `code`. */
interface Open {
  readonly token: number;
  readonly node: Element;
  readonly isFlat: boolean;
  readonly code: TextWriter | null;
  /** The address of a link or an image, once it is known. */
  address: string | null;
  /** How formulas end that began as this one did. */
  readonly delimiter: string;
}

export interface MarkdownNodes extends NodeWriter {
  /** The innermost block that is being written. */
  readonly tip: Element | null;
}

/** Writes Markdown as nodes, each by createElement: there is no HTML string that anything could hide in. */
export function createMarkdownNodes(
  container: Element,
  { policy, labels, copy }: MarkdownOptions,
): MarkdownNodes {
  const stack: Open[] = [];
  const root: Open = {
    token: smd.DOCUMENT,
    node: container,
    isFlat: false,
    code: null,
    address: null,
    delimiter: "",
  };
  let open = root;
  let tail: Text | null = null;
  let shownAhead = "";
  let body: Element | null = null;
  let looseCell: Element | null = null;
  let alignments: readonly string[] = [];
  let undirected: Element | null = null;

  const sections = createSections(container);

  function element(tag: string, part: string): HTMLElement {
    const created = container.ownerDocument.createElement(tag);
    created.setAttribute("part", part);
    return created;
  }

  function append(node: Element): void {
    if (open !== root) {
      place().append(node);
      return;
    }
    if (/^(?:[UO]L|BLOCKQUOTE|DIV)$/.test(node.tagName)) undirected = node;
    sections.place(node);
  }

  /** Where text belongs. A line under a table that is no row is one of a single cell. */
  function place(): Element {
    if (open === root) {
      const paragraph = element("p", "paragraph");
      sections.place(paragraph);
      return paragraph;
    }
    if (open.token !== smd.TABLE) return open.node;
    if (!looseCell) {
      looseCell = element("td", "cell");
      const row = element("tr", "row");
      row.append(looseCell);
      (body ?? open.node).append(row);
    }
    return looseCell;
  }

  function settle(): void {
    if (shownAhead && tail) tail.deleteData(tail.length - shownAhead.length, shownAhead.length);
    shownAhead = "";
    tail = null;
  }

  function text(added: string): void {
    const fresh = shownAhead ? added.slice(shownAhead.length) : added;
    shownAhead = "";
    if (!fresh) return;
    direct(fresh);
    if (open.code) open.code.append(fresh);
    else if (tail) tail.appendData(fresh);
    else {
      tail = container.ownerDocument.createTextNode(fresh);
      place().append(tail);
    }
  }

  /**
   * A list's marks and a quotation's line stand where its text begins, whichever way the page runs. `dir="auto"`
   * would look for that anew at each letter.
   */
  function direct(added: string): void {
    const letter = undirected && /\p{L}/u.exec(added)?.[0];
    if (!letter) return;
    undirected?.setAttribute("dir", rightToLeft.test(letter) ? "rtl" : "ltr");
    undirected = null;
  }

  function push(token: number, node: Element, more: Partial<Open> = {}): void {
    stack.push(open);
    open = { token, node, isFlat: false, code: null, address: null, delimiter: "", ...more };
  }

  function openCode(): void {
    const box = element("div", "code");
    const header = element("div", "code-header");
    const language = element("span", "code-language");
    const button = element("button", "copy-code");
    button.setAttribute("type", "button");
    button.className = "button quiet";
    button.textContent = labels().copy;
    header.append(language, button);
    const pre = element("pre", "code-text");
    scrollable(pre, labels().code);
    const code = element("code", "code-lines");
    button.addEventListener("click", async () => {
      if (!(await copy(code))) return;
      button.textContent = labels().copied;
      setTimeout(() => {
        button.textContent = labels().copy;
      }, COPIED_MS);
    });
    pre.append(code);
    box.append(header, pre);
    append(box);
    const createBlock = (): Element => element("span", "code-block");
    push(smd.CODE_FENCE, code, { code: createBlockWriter(code, { createBlock, isParted: false }) });
  }

  function openTable(): void {
    const scroller = element("div", "table-scroller");
    const table = element("table", "table");
    scrollable(scroller, "");
    scroller.append(table);
    append(scroller);
    body = looseCell = null;
    alignments = [];
    push(smd.TABLE, table);
  }

  function openRow(): void {
    looseCell = null;
    const row = element("tr", "row");
    const { node } = open;
    if (node.firstChild && !body) {
      body = element("tbody", "table-body");
      node.append(body);
    }
    const section = body ?? element("thead", "table-head");
    if (!body) node.append(section);
    section.append(row);
    push(smd.TABLE_ROW, row);
  }

  function alignCell(cell: Element, column: number): void {
    const alignment = alignments[column];
    if (alignment) cell.setAttribute("data-align", alignment);
  }

  function openCheckbox(): void {
    const box = element("input", "checkbox") as HTMLInputElement;
    box.type = "checkbox";
    box.disabled = true;
    box.setAttribute("aria-label", labels().taskOpen);
    place().append(box);
    if (open.token === smd.LIST_ITEM) open.node.setAttribute("part", "item task");
    push(smd.CHECKBOX, box);
  }

  function openElement(token: number, pending: string): void {
    const isHeadCell = token === smd.TABLE_CELL && open.node.parentElement?.localName === "thead";
    const isNested = stack.some((outer) => outer.token === smd.LINK) || open.token === smd.LINK;
    const [tag, part] =
      token === smd.LINK || token === smd.RAW_URL
        ? [isNested ? "span" : "a", "link-text"]
        : (elements[token] ?? ["span", "image"]);
    const node = element(isHeadCell ? "th" : tag, part);
    if (isHeadCell) node.setAttribute("scope", "col");
    if (isTablePart(token)) {
      alignCell(node, open.node.childElementCount);
      open.node.append(node);
    } else append(node);
    const isFormula = token === smd.EQUATION_INLINE || token === smd.EQUATION_BLOCK;
    push(token, node, isFormula ? { delimiter: pending } : {});
    if (token === smd.EQUATION_INLINE) text("\\(");
    else if (isFormula) text(`${pending}\n`);
  }

  function closeLink({ node, token, address }: Open, pending: string): void {
    if (address !== null && resolve(node, token, address)) return;
    if (token === smd.RAW_URL) return;
    node.prepend(token === smd.IMAGE ? "![" : "[");
    node.append(address === null ? (pending === "]" ? "]" : "") : `](${address})`);
  }

  /** Turns a link's or an image's text into what its address allows. Gives false where that is nothing. */
  function resolve(node: Element, token: number, address: string): boolean {
    if (token === smd.RAW_URL) return linkRawUrl(node, address);
    const target = linkTarget(address);
    if (token === smd.LINK) return link(node, linkAddress(policy, target));
    const source = imageAddress(policy, target);
    if (source) {
      const image = element("img", "image") as HTMLImageElement;
      image.alt = node.textContent ?? "";
      image.loading = "lazy";
      image.referrerPolicy = "no-referrer";
      image.src = source.href;
      node.replaceWith(image);
      return true;
    }
    const url = linkAddress(policy, target);
    if (!url) return false;
    const chip = element(node.closest("a") ? "span" : "a", "link-chip");
    const host = element("span", "link-host");
    host.textContent = url.host || url.protocol;
    chip.append(node.textContent || labels().image, " ", host);
    node.replaceWith(chip);
    link(chip, url);
    return true;
  }

  function linkRawUrl(node: Element, address: string): boolean {
    const kept = trimAddress(address);
    const written = node.textContent ?? "";
    node.textContent = kept;
    node.after(written.slice(kept.length));
    return link(node, linkAddress(policy, kept));
  }

  function link(node: Element, url: URL | null): boolean {
    if (!url) return false;
    if (node.localName !== "a") return true;
    node.setAttribute("part", node.part.contains("link-chip") ? "link link-chip" : "link");
    node.setAttribute("href", url.href);
    node.setAttribute("title", url.href);
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
    return true;
  }

  return {
    get tip() {
      const code = open.code && open.node.lastElementChild;
      if (code) return code;
      const block = [...stack, open].findLast(({ node }) => isBlock(node) && node !== container);
      return block?.node ?? sections.last;
    },
    open(token, pending) {
      const isPart = isTablePart(token) || token === smd.LIST_ITEM;
      if (open.isFlat || (!isPart && stack.length >= DEPTH_LIMIT)) {
        push(token, open.node, { isFlat: true, code: open.code });
        return;
      }
      settle();
      if (token === smd.CODE_FENCE || token === smd.CODE_BLOCK) openCode();
      else if (token === smd.TABLE) openTable();
      else if (token === smd.TABLE_ROW) openRow();
      else if (token === smd.CHECKBOX) openCheckbox();
      else openElement(token, pending);
    },
    close(pending) {
      const closed = open;
      if (!closed.isFlat) settle();
      if (isFormulaEnd(closed, pending))
        text(closed.token === smd.EQUATION_INLINE ? "\\)" : endOf(closed.delimiter));
      if (!closed.isFlat) tail = null;
      open = stack.pop() ?? root;
      if (closed.isFlat) return;
      const { token } = closed;
      if (token === smd.LINK || token === smd.IMAGE || token === smd.RAW_URL) closeLink(closed, pending);
      else if (token === smd.LINE_BREAK) looseCell = null;
    },
    text,
    attribute(name, value) {
      if (open.isFlat) return;
      if (name === smd.LANG) {
        const language = /^[\w+#.-]{1,30}/.exec(value.trim())?.[0] ?? "";
        const header = open.node.closest("[part=code]")?.querySelector("[part=code-language]");
        if (header) header.textContent = language;
      } else if (name === smd.CHECKED) {
        (open.node as HTMLInputElement).checked = true;
        open.node.setAttribute("aria-label", labels().stageDone);
      } else if (name === smd.START) {
        open.node.setAttribute("start", value.slice(0, 9));
      } else {
        open.address = value;
      }
    },
    align(line) {
      if (open.isFlat) return;
      alignments = line
        .replace(/^\s*\|/, "")
        .split("|")
        .map(alignmentOf);
      for (const [column, cell] of [...(open.node.querySelector("tr")?.children ?? [])].entries()) {
        alignCell(cell, column);
      }
    },
    ahead(char) {
      if (open.isFlat || !tail || shownAhead) return;
      text(char);
      shownAhead = char;
    },
  };
}

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
/** As GitHub's Markdown has it: `:--` left, `:-:` in the middle, `--:` right, else where the text begins. */
function alignmentOf(column: string): string {
  const [, left, right] = /^\s*(:)?-+(:)?\s*$/.exec(column) ?? [];
  if (right) return left ? "center" : "right";
  return left ? "left" : "";
}
const isTablePart = (token: number): boolean => token === smd.TABLE_ROW || token === smd.TABLE_CELL;
const isBlock = (node: Element): boolean => /^(?:P|H\d|LI|T[DH]|BLOCKQUOTE)$/.test(node.tagName);
const endOf = (delimiter: string): string => (delimiter === "$$" ? "$$" : "\\]");
const isFormulaEnd = ({ token }: Open, pending: string): boolean =>
  (token === smd.EQUATION_INLINE || token === smd.EQUATION_BLOCK) && (pending === "\\" || pending === "$");

/** What scrolls must be reachable by keyboard. */
function scrollable(box: Element, label: string): void {
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "group");
  if (label) box.setAttribute("aria-label", label);
}
