import { linkPolicy } from "../../../packages/element/src/element/markdown/links.js";
import { createMarkdownView } from "../../../packages/element/src/element/markdown/markdown-view.js";

export interface RenderOptions {
  readonly schemes?: string;
  readonly imageOrigins?: string;
  /** Where the text is cut; at each place the view is updated. */
  readonly cuts?: readonly number[];
  /** What it stands in. */
  readonly parent?: Element;
  /** Whether more may come. */
  readonly isOpen?: boolean;
}

export interface Box {
  readonly box: HTMLElement;
  write(text: string): void;
  finish(): void;
}

/** Markdown in a box of its own, as the element writes it. */
export function createBox(options: Pick<RenderOptions, "schemes" | "imageOrigins" | "parent"> = {}): Box {
  const { schemes = "http https mailto", imageOrigins = "", parent } = options;
  const box = document.createElement("div");
  parent?.append(box);
  const words = {
    copy: "Copy",
    copied: "Copied",
    code: "Code",
    image: "Image",
    stageDone: "done",
    taskOpen: "to do",
  };
  const view = createMarkdownView(box, {
    policy: linkPolicy(schemes, imageOrigins),
    labels: () => words,
    copy: () => Promise.resolve(true),
  });
  let written = "";
  return {
    box,
    write(text) {
      written += text;
      view.update(written, text, false);
    },
    finish: () => view.update(written, "", true),
  };
}

export function render(markdown: string, options: RenderOptions = {}): HTMLElement {
  const { cuts = [], isOpen = false } = options;
  const { box, write, finish } = createBox(options);
  let from = 0;
  for (const end of [...cuts, markdown.length]) {
    write(markdown.slice(from, end));
    from = end;
  }
  if (!isOpen) finish();
  return box;
}

/** The tree without what is only looks: "p(one em(two))". */
export function outline(node: Node): string {
  if (node instanceof Text) return node.data;
  const inside = [...node.childNodes].map(outline).join("");
  if (!(node instanceof Element)) return inside;
  if (node.matches("[part=code-header]")) return "";
  const name = node.localName;
  return node.matches("[part=code-block], code > div") ? inside : `${name}(${inside})`;
}

/** Of every block in a box. */
export const outlines = (box: Element): string[] =>
  [...box.children].flatMap((section) => [...section.children].map(outline));
