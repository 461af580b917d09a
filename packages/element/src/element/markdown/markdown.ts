import type { TextView } from "../text-view.js";
import { linkPolicy } from "./links.js";
import { createMarkdownView } from "./markdown-view.js";
import type { MarkdownOptions } from "./nodes.js";
import { markdownStyles } from "./styles.js";

export interface MarkdownSettings extends Omit<MarkdownOptions, "policy"> {
  readonly allowedLinkSchemes: string;
  readonly allowedImageOrigins: string;
}

let sheet: CSSStyleSheet | null = null;

/** Brings the look of Markdown into a shadow root, and gives what writes into a container there. */
export function createMarkdownRenderer(
  root: ShadowRoot,
  { allowedLinkSchemes, allowedImageOrigins, ...words }: MarkdownSettings,
): (container: Element) => TextView {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(markdownStyles);
  }
  const sheets = root.adoptedStyleSheets;
  // Behind the element's own look, before that of a class which extends it.
  if (!sheets.includes(sheet)) sheets.splice(1, 0, sheet);
  const policy = linkPolicy(allowedLinkSchemes, allowedImageOrigins);
  return (container) => createMarkdownView(container, { policy, ...words });
}
