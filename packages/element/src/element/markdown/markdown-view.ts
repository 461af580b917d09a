import { createTextView, type TextView } from "../text-view.js";
import { type Blocks, createBlocks } from "./blocks.js";
import { createMarkdownNodes, type MarkdownNodes, type MarkdownOptions } from "./nodes.js";

/** Markdown as it comes: what is finished is never touched again, so a selection in it stays. */
export function createMarkdownView(container: Element, options: MarkdownOptions): TextView {
  let nodes: MarkdownNodes;
  let blocks: Blocks;
  let tip: Element | null = null;

  function begin(): void {
    nodes = createMarkdownNodes(container, options);
    blocks = createBlocks(nodes);
  }
  /** Marks the block that is being written: it has the caret. */
  function moveTip(): void {
    const next = nodes.tip;
    if (next === tip) return;
    tip?.removeAttribute("data-tip");
    next?.setAttribute("data-tip", "");
    tip = next;
  }

  begin();
  return createTextView({
    append(text) {
      blocks.write(text);
      moveTip();
    },
    finish() {
      blocks.finish();
      moveTip();
    },
    clear() {
      container.replaceChildren();
      begin();
    },
  });
}
