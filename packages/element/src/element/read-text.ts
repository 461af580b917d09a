/** What bears text of its own line. */
const BLOCK = "p, h3, h4, h5, h6, li, td, th, pre";
/** Words of ours that stand in an answer. */
const OURS = "[part=code-header]";

/** Texts, and what breaks their lines. */
const isRead = ({ nodeName }: Node): number =>
  /^(?:#text|BR)$/.test(nodeName) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;

/**
 * The end of an answer, as it is read: without the marks of its Markdown, each block on a line of its own. From the
 * back, so that it costs the same however long the answer is. Half a character at its beginning is made whole.
 */
export function readText(container: Element, limit: number): string {
  const walker = container.ownerDocument.createTreeWalker(container, NodeFilter.SHOW_ALL, isRead);
  let text = "";
  let block: Element | null = null;
  let isApart = false;
  for (let node = walker.lastChild(); node && text.length < limit; node = walker.previousNode()) {
    const parent = node.parentElement;
    if (!parent || parent.closest(OURS)) continue;
    const own = parent.closest(BLOCK);
    isApart ||= own !== block || node.nodeName === "BR";
    if (!node.nodeValue) continue;
    text = node.nodeValue.slice(-limit - 1) + (isApart && text ? "\n" : "") + text;
    block = own;
    isApart = false;
  }
  const end = text.slice(-limit - 1);
  return end.length > limit && !/^[\ud800-\udbff]/.test(end) ? end.slice(1) : end;
}
