import { characterBefore, parseInline, type Resolver } from "./inline.js";
import type { ElementType, InlineNode } from "./inline-tree.js";

export interface InlineOptions {
  readonly resolver: Resolver;
  /** What stands for an image without a text. */
  readonly imageLabel: () => string;
}

/** The growing inline content of one leaf. */
export interface InlineWriter {
  /** The last characters, as many as `revisable` says, may yet be taken back. */
  append(text: string, revisable: number): void;
  takeBack(length: number): void;
  /** Draws what was appended. */
  flush(): void;
  /** No more will come. */
  finish(): void;
  /** Goes on in another element, with what is drawn. */
  moveTo(parent: Element): void;
  /** Takes all away that is drawn. */
  remove(): void;
}

interface Drawn {
  readonly source: InlineNode;
  readonly node: Node;
  readonly children: Drawn[];
}

/** A text node that is full gets no more, as all of it is copied for each letter. */
const LONG_TEXT = 1_000;

const looks: Readonly<Record<ElementType | "break", readonly [tag: string, part: string]>> = {
  break: ["br", "break"],
  code: ["code", "inline-code"],
  formula: ["span", "formula"],
  emphasis: ["em", "emphasis"],
  strong: ["strong", "strong"],
  strike: ["s", "strike"],
  link: ["a", "link-text"],
  image: ["span", "image"],
  chip: ["a", "link link-chip"],
};

/**
 * Draws inline nodes, and keeps those that stay what they are: a text only grows at its end, so that what is selected
 * in it stays so. What can change no more is let go of; what is drawn anew is never much.
 */
export function createInlineWriter(
  container: Element,
  { resolver, imageLabel }: InlineOptions,
): InlineWriter {
  let parent = container;
  let source = "";
  let revisable = 0;
  let before = "";
  let isStale = false;
  const shown: Drawn[] = [];
  /** Whether the first of what is shown is a text that was let go of but for its end. */
  let hasTail = false;
  const { ownerDocument } = container;

  function draw(isOpen: boolean): void {
    if (!isStale && isOpen) return;
    isStale = false;
    const firm = source.length - revisable;
    const { nodes, safe, safeNodes, safeText } = parseInline(source, { resolver, before, isOpen, firm });
    const isAfterText = hasTail && nodes[0]?.type !== "text";
    if (isAfterText) nodes.unshift({ type: "text", text: "" });
    reconcile(parent, shown, nodes);
    before = characterBefore(source, safe, before);
    source = source.slice(safe);
    letGo(safeNodes + (isAfterText ? 1 : 0), safeText);
  }

  function letGo(count: number, length: number): void {
    if (count === 0) return;
    const [last] = shown.splice(0, count).slice(-1);
    hasTail = last?.node instanceof Text && last.node.length < LONG_TEXT;
    const isSplit = last?.source.type === "text" && last.source.text.length > length;
    if (last?.source.type !== "text" || !(hasTail || isSplit)) return;
    hasTail = true;
    shown.unshift({ ...last, source: { type: "text", text: last.source.text.slice(length) } });
  }

  function reconcile(holder: Element, drawn: Drawn[], next: readonly InlineNode[]): void {
    let same = 0;
    for (const node of next) {
      const old = drawn[same];
      if (!old || !update(old, node)) break;
      drawn[same++] = { ...old, source: node };
    }
    for (const { node } of drawn.splice(same)) (node as ChildNode).remove();
    for (const node of next.slice(same)) drawn.push(create(holder, node));
  }

  /** Gives false where it must be drawn anew. */
  function update({ source: old, node, children }: Drawn, next: InlineNode): boolean {
    if (old.type === "text" && next.type === "text") {
      change(node as Text, old.text, next.text);
      return true;
    }
    if (!("children" in old && "children" in next)) return old.type === next.type;
    if (old.type !== next.type) return false;
    if (old.url?.href !== next.url?.href) {
      if (old.url || next.type !== "link") return false;
      linkTo(node as Element, next.url);
    }
    if (next.type === "chip" || (next.type === "image" && next.url)) return true;
    reconcile(node as Element, children, next.children);
    return true;
  }

  function create(holder: Element, source: InlineNode): Drawn {
    if (source.type === "text") {
      const node = ownerDocument.createTextNode(source.text);
      holder.append(node);
      return { source, node, children: [] };
    }
    const [tag, part] = looks[source.type];
    const isImage = source.type === "image" && source.url;
    const isNested = tag === "a" && holder.closest("a");
    const node = ownerDocument.createElement(isImage ? "img" : isNested ? "span" : tag);
    node.setAttribute("part", isNested && source.type === "chip" ? "link-chip" : part);
    const children: Drawn[] = [];
    if (isImage) loadImage(node as HTMLImageElement, isImage, textOf(source));
    else if (source.type === "chip") fillChip(node, source.url, textOf(source));
    else {
      if (source.type === "link") linkTo(node, source.url);
      if ("children" in source) reconcile(node, children, source.children);
    }
    holder.append(node);
    return { source, node, children };
  }

  function fillChip(node: HTMLElement, url: URL | null, text: string): void {
    const host = ownerDocument.createElement("span");
    host.setAttribute("part", "link-host");
    host.textContent = url ? url.host || url.protocol : "";
    node.append(text || imageLabel(), " ", host);
    if (node.localName === "a") linkTo(node, url);
  }

  return {
    append(text, last) {
      source += text;
      revisable = last;
      isStale = true;
    },
    takeBack(length) {
      source = source.slice(0, source.length - length);
      revisable = 0;
      isStale = true;
    },
    flush: () => draw(true),
    finish: () => draw(false),
    moveTo(element) {
      draw(true);
      parent = element;
    },
    remove() {
      for (const { node } of shown.splice(0)) (node as ChildNode).remove();
      source = "";
    },
  };
}

function linkTo(link: Element, url: URL | null): void {
  if (!url) return;
  if (link.getAttribute("part") === "link-text") link.setAttribute("part", "link");
  link.setAttribute("href", url.href);
  link.setAttribute("title", url.href);
  link.setAttribute("rel", "noopener noreferrer nofollow");
  link.setAttribute("target", "_blank");
}

function loadImage(image: HTMLImageElement, url: URL, alt: string): void {
  image.alt = alt;
  image.loading = "lazy";
  image.referrerPolicy = "no-referrer";
  image.src = url.href;
}

/** Only the end of a text's node is this text: what stands before it was let go of. */
function change(node: Text, old: string, next: string): void {
  if (old === next) return;
  let same = 0;
  while (same < old.length && old[same] === next[same]) same++;
  const start = node.length - old.length + same;
  if (same < old.length) node.deleteData(start, old.length - same);
  if (same < next.length) node.appendData(next.slice(same));
}

function textOf(node: InlineNode): string {
  if (node.type === "text") return node.text;
  return "children" in node ? node.children.map(textOf).join("") : " ";
}
