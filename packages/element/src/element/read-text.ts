/** What bears text of its own line. */
const BLOCK = "p, h3, h4, h5, h6, li, td, th, pre";
/** Words of ours that stand in an answer. */
const OURS = "[part=code-header]";

/**
 * The end of an answer, as it is read: without the marks of its Markdown, each block on a line of its own. From the
 * back, so that it costs the same however long the answer is.
 */
export function readText(container: Element, limit: number): string {
  const walker = container.ownerDocument.createTreeWalker(container, NodeFilter.SHOW_TEXT);
  let text = "";
  let block: Element | null = null;
  for (let node = walker.lastChild(); node && text.length < limit; node = walker.previousNode()) {
    const parent = node.parentElement;
    if (!parent || parent.closest(OURS)) continue;
    const own = parent.closest(BLOCK);
    const isApart = own !== block || (node.nextSibling ?? parent.nextSibling)?.nodeName === "BR";
    text = (node.nodeValue ?? "").slice(-limit) + (isApart && text ? "\n" : "") + text;
    block = own;
  }
  return text.slice(-limit);
}
