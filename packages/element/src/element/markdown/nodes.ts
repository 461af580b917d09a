import type { Labels } from "../labels/labels.js";
import { createBlockWriter, createSections, type TextWriter } from "../text-view.js";
import type { BlockWriter } from "./blocks.js";
import { createLetterSearch } from "./first-letter.js";
import type { Resolver } from "./inline.js";
import { createInlineWriter, type InlineWriter } from "./inline-writer.js";
import { imageAddress, type LinkPolicy, linkAddress } from "./links.js";
import type { Alignment } from "./table.js";
import { plainAddress, referenceName } from "./targets.js";

/** The element's own words in a text. */
export type MarkdownLabels = Pick<Labels, "copy" | "copied" | "code" | "image" | "stageDone" | "taskOpen">;

export interface MarkdownOptions {
  readonly policy: LinkPolicy;
  readonly labels: () => MarkdownLabels;
  /** Copies a block of code, or selects it where that cannot be done, and gives false. */
  readonly copy: (code: Element) => Promise<boolean>;
}

export interface MarkdownNodes extends BlockWriter {
  /** The block that is being written. */
  readonly tip: Element | null;
}

const COPIED_MS = 2_000;

/** Writes Markdown as nodes, each by createElement: there is no HTML string that anything could hide in. */
export function createMarkdownNodes(
  container: Element,
  { policy, labels, copy }: MarkdownOptions,
): MarkdownNodes {
  const sections = createSections(container);
  const definitions = new Map<string, string>();
  const resolver: Resolver = {
    link: (address) => linkAddress(policy, address),
    image: (address) => imageAddress(policy, address),
    reference: (name) => definitions.get(name),
  };
  /** The open containers. */
  const stack: Element[] = [];
  let leaf: Element | null = null;
  let inline: InlineWriter | null = null;
  let code: TextWriter | null = null;
  /** Of a formula. */
  let verbatim: Text | null = null;
  let pending = "";
  let body: Element | null = null;
  let alignments: readonly Alignment[] = [];
  /** Which way the last text ran that had a letter, at first the page. */
  let direction: string | null = null;
  const currentDirection = (): string => (direction ??= container.matches(":dir(rtl)") ? "rtl" : "ltr");
  let letterIn = createLetterSearch();
  /** The block whose direction no letter has decided yet, and the paragraph that goes by the one before it meanwhile. */
  let undirected: Element | null = null;
  let unlettered: Element | null = null;
  let tip: Element | null = null;

  function element(tag: string, part: string): HTMLElement {
    const created = container.ownerDocument.createElement(tag);
    created.setAttribute("part", part);
    return created;
  }

  function place<Placed extends Element>(node: Placed): Placed {
    const holder = stack.at(-1);
    if (holder) holder.append(node);
    else {
      undirected = node;
      if (isDirected(node)) node.setAttribute("dir", currentDirection());
      sections.place(node);
    }
    return node;
  }

  function open(node: Element): void {
    stack.push(place(node));
    tip = node;
  }

  function write(node: Element): void {
    leaf = tip = node;
    inline = createInline(node);
    letterIn = createLetterSearch();
    // By itself a paragraph without a letter would run from left to right.
    unlettered = node.localName !== "li" && currentDirection() === "rtl" ? node : null;
    unlettered?.setAttribute("dir", "rtl");
  }
  const createInline = (node: Element): InlineWriter =>
    createInlineWriter(node, { resolver, imageLabel: () => labels().image });

  /**
   * A list's marks and a quotation's line stand where its text begins, whichever way the page runs. `dir="auto"`
   * would look for that anew at each letter. What has no letter runs as the text before it.
   */
  function direct(text: string): void {
    if (!undirected && !unlettered) return;
    const isVerbatim = code !== null || verbatim !== null;
    const letter = isVerbatim ? /\p{L}/u.exec(text)?.[0] : letterIn(text);
    if (!letter) return;
    unlettered?.removeAttribute("dir");
    unlettered = null;
    if (!undirected) return;
    const own = rightToLeft.test(letter) ? "rtl" : "ltr";
    if (isDirected(undirected)) undirected.setAttribute("dir", own);
    if (!isVerbatim) direction = own;
    undirected = null;
  }

  function addCheckbox(item: Element, isDone: boolean): void {
    const box = element("input", "checkbox") as HTMLInputElement;
    box.type = "checkbox";
    box.disabled = true;
    box.checked = isDone;
    box.setAttribute("aria-label", isDone ? labels().stageDone : labels().taskOpen);
    item.setAttribute("part", "item task");
    item.append(box);
  }

  function addRow(section: Element, tag: string, cells: readonly string[]): void {
    const row = element("tr", "row");
    section.append(row);
    for (const [column, text] of cells.entries()) {
      const cell = element(tag, "cell");
      if (tag === "th") cell.setAttribute("scope", "col");
      const alignment = alignments[column];
      if (alignment) cell.setAttribute("data-align", alignment);
      row.append(cell);
      letterIn = createLetterSearch();
      direct(text);
      const content = createInline(cell);
      content.append(text, 0);
      content.finish();
      tip = cell;
    }
    const missing = alignments.length - cells.length;
    if (missing <= 0) return;
    // One for all of them: else a few letters could ask for hundreds of cells.
    const rest = element(tag, "cell") as HTMLTableCellElement;
    if (missing > 1) rest.colSpan = missing;
    row.append(rest);
  }

  const lastLine = (): Element | null | undefined => leaf?.lastElementChild?.lastElementChild;

  function writeCode(): void {
    if (!pending) return;
    if (code) code.append(pending);
    else verbatim?.appendData(pending);
    pending = "";
  }

  return {
    get tip() {
      return (code && lastLine()) ?? tip;
    },
    openQuote: () => open(element("blockquote", "quote")),
    openList(start) {
      const list = element(start === null ? "ul" : "ol", "list");
      if (start !== null && start !== 1) list.setAttribute("start", String(start));
      open(list);
    },
    openItem: () => open(element("li", "item")),
    closeContainer() {
      stack.pop();
    },
    openParagraph(isDone) {
      const holder = stack.at(-1);
      const isFirst = holder?.localName === "li" && !holder.firstChild;
      if (holder && isDone !== null) addCheckbox(holder, isDone);
      // The first paragraph of an item stands in the item itself, whether or not the list turns out to be loose.
      write(holder && isFirst ? holder : place(element("p", "paragraph")));
    },
    // A page's own headings are unknown; the answer's begin at the third level.
    openHeading: (level) => write(place(element(`h${Math.min(level + 2, 6)}`, "heading"))),
    openCode(info) {
      const box = place(element("div", "code"));
      const header = element("div", "code-header");
      const language = element("span", "code-language");
      language.textContent = /^[\w+#.-]{1,30}/.exec(info)?.[0] ?? "";
      const button = element("button", "copy-code");
      button.setAttribute("type", "button");
      button.className = "button quiet";
      button.textContent = labels().copy;
      header.append(language, button);
      const pre = element("pre", "code-text");
      scrollable(pre, labels().code);
      const lines = element("code", "code-lines");
      button.addEventListener("click", async () => {
        if (!(await copy(lines))) return;
        button.textContent = labels().copied;
        setTimeout(() => {
          button.textContent = labels().copy;
        }, COPIED_MS);
      });
      pre.append(lines);
      box.append(header, pre);
      leaf = tip = lines;
      const createBlock = (): Element => element("span", "code-block");
      code = createBlockWriter(lines, { createBlock, isParted: false });
    },
    openFormula() {
      leaf = tip = place(element("p", "formula"));
      verbatim = container.ownerDocument.createTextNode("");
      leaf.append(verbatim);
    },
    openTable(head, columns) {
      const scroller = place(element("div", "table-scroller"));
      scrollable(scroller, "");
      leaf = element("table", "table");
      scroller.append(leaf);
      alignments = columns;
      body = null;
      const section = element("thead", "table-head");
      leaf.append(section);
      addRow(section, "th", head);
    },
    row(cells) {
      if (!body) {
        body = element("tbody", "table-body");
        leaf?.append(body);
      }
      addRow(body, "td", cells);
    },
    rule() {
      tip = place(element("hr", "rule"));
    },
    text(text, revisable) {
      direct(text);
      if (inline) inline.append(text, revisable);
      else pending += text;
    },
    takeBack: (length) => inline?.takeBack(length),
    promote(level) {
      if (!leaf) return;
      inline?.flush();
      const heading = element(`h${level + 2}`, "heading");
      const isItem = leaf.localName === "li";
      const nodes = [...leaf.childNodes].filter((node) => !(node instanceof HTMLInputElement));
      if (isItem) leaf.append(heading);
      else leaf.replaceWith(heading);
      heading.append(...nodes);
      if (unlettered) heading.setAttribute("dir", "rtl");
      inline?.moveTo(heading);
      leaf = tip = heading;
    },
    closeLeaf() {
      inline?.finish();
      writeCode();
      if (code) tip = lastLine() ?? tip;
      inline = code = verbatim = leaf = null;
    },
    dropLeaf() {
      inline?.remove();
      if (leaf?.localName === "p") leaf.remove();
      inline = leaf = null;
    },
    define(label, address) {
      const target = plainAddress(address.replace(/^<(.*)>$/s, "$1"));
      // A lone word behind a colon is more likely a remark.
      const isAddress = /^(?:[a-z][a-z\d+.-]*:|[/#?.])/i.test(target);
      if (!isAddress || !(resolver.link(target) ?? resolver.image(target))) return false;
      // What is drawn of the definition refers to none.
      inline?.finish();
      inline = null;
      const name = referenceName(label);
      if (!definitions.has(name)) definitions.set(name, target);
      return true;
    },
    flush() {
      inline?.flush();
      writeCode();
    },
  };
}

/** Paragraphs and headings are not: each of their lines runs as its own first letter does. */
const isDirected = (block: Element): boolean => /^(?:[UO]L|BLOCKQUOTE|DIV)$/.test(block.tagName);

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** What scrolls must be reachable by keyboard. */
function scrollable(box: Element, label: string): void {
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "group");
  if (label) box.setAttribute("aria-label", label);
}
