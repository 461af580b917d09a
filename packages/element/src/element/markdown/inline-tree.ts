import type { Mark, MarkedType } from "./delimiters.js";

export type ElementType = MarkedType | "code" | "formula" | "link" | "image" | "chip";

export interface InlineElement {
  readonly type: ElementType;
  /** Of a link, an image, or a link in an image's place; null: it is still being written. */
  url: URL | null;
  readonly children: InlineNode[];
}
export interface InlineText {
  readonly type: "text";
  text: string;
}
export type InlineNode = InlineElement | InlineText | { readonly type: "break" };

/** The bracket that opens a link or an image; null: nothing but a bracket. */
export interface Link {
  readonly kind: "link";
  readonly text: string;
  element: InlineElement | null;
}
export type Token = InlineNode | Mark | Link | { readonly kind: "end" };

/** What the tokens come to, and where in it those begin that may yet become something else. */
export interface InlineNodes {
  readonly nodes: InlineNode[];
  /** How many nodes are before that place, and how much of the last if it is a text. */
  readonly safeNodes: number;
  readonly safeText: number;
}

const DEPTH_LIMIT = 20;

/** The nodes of a leaf from its tokens, of which the first `safeTokens` are final. */
export function buildTree(tokens: readonly Token[], safeTokens: number): InlineNodes {
  const root: InlineNode[] = [];
  let top = root;
  const stack: { readonly list: InlineNode[]; readonly isLink: boolean }[] = [];
  let isInLink = false;
  let safeNodes = 0;
  let safeText = 0;

  function text(added: string): void {
    if (!added) return;
    const end = top.at(-1);
    if (end?.type === "text") end.text += added;
    else top.push({ type: "text", text: added });
  }
  /** What is too deep, and a link within a link, is drawn flat. */
  function open(element: InlineElement): void {
    const isFlat = stack.length >= DEPTH_LIMIT || (isInLink && element.type === "link");
    stack.push({ list: top, isLink: isInLink });
    if (isFlat) return;
    top.push(element);
    top = element.children;
    isInLink ||= element.type === "link";
  }
  function close(): void {
    const outer = stack.pop();
    if (!outer) return;
    top = outer.list;
    isInLink = outer.isLink;
  }
  const atSafe = (): void => {
    const end = root.at(-1);
    safeNodes = root.length;
    safeText = end?.type === "text" ? end.text.length : 0;
  };

  for (const [index, token] of tokens.entries()) {
    if (index === safeTokens) atSafe();
    if ("type" in token) {
      if (token.type === "text") text(token.text);
      else if (token.type === "link" && isInLink)
        for (const child of token.children) text((child as InlineText).text);
      else top.push(token);
    } else if (token.kind === "end") close();
    else if (token.kind === "link") {
      if (token.element) open(token.element);
      else text(token.text);
    } else {
      for (let left = token.closes; left > 0; left--) close();
      text(token.text);
      for (const type of token.opens) open({ type, url: null, children: [] });
    }
  }
  if (safeTokens >= tokens.length) atSafe();
  return { nodes: root, safeNodes, safeText };
}
