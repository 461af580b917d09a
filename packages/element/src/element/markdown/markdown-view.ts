import { createTextView, type TextView } from "../text-view.js";
import { createFeed, type Feed } from "./feed.js";
import { createMarkdownNodes, type MarkdownNodes, type MarkdownOptions } from "./nodes.js";

/** Markdown as it comes: what is finished is never touched again, so a selection in it stays. */
export function createMarkdownView(container: Element, options: MarkdownOptions): TextView {
  let nodes: MarkdownNodes;
  let feed: Feed;
  let tip: Element | null = null;

  function begin(): void {
    nodes = createMarkdownNodes(container, options);
    feed = createFeed(nodes);
  }
  /** Marks the block that is being written: it has the caret, and is not skipped by content-visibility. */
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
      feed.write(text);
      moveTip();
    },
    finish() {
      feed.finish();
      moveTip();
    },
    clear() {
      container.replaceChildren();
      begin();
    },
  });
}
