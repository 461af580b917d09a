import type { TextView } from "../text-view.js";
import { linkPolicy } from "./links.js";
import { createMarkdownView } from "./markdown-view.js";
import type { MarkdownOptions } from "./nodes.js";
import { markdownStyles } from "./styles.js";

export interface MarkdownSettings extends Omit<MarkdownOptions, "policy"> {
  readonly allowedLinkSchemes: string;
  readonly allowedImageOrigins: string;
}

/** Brings the look of Markdown into a shadow root, and gives what writes into a container there. */
export function createMarkdownRenderer(
  root: ShadowRoot,
  { allowedLinkSchemes, allowedImageOrigins, ...words }: MarkdownSettings,
): (container: Element) => TextView {
  const { styleSheet } = markdownStyles;
  const sheets = root.adoptedStyleSheets;
  // Behind the element's own look, before that of a class which extends it.
  if (styleSheet && !sheets.includes(styleSheet)) sheets.splice(1, 0, styleSheet);
  const policy = linkPolicy(allowedLinkSchemes, allowedImageOrigins);
  return (container) => createMarkdownView(container, { policy, ...words });
}
