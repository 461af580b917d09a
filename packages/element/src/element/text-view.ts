/** Shows one growing text in one container. A renderer of another format takes its place behind this. */
export interface TextView {
  /**
   * Brings the container to `text`. `appended` is what was added since the last update where that is all that
   * happened, else null: then the texts are compared, and what no longer begins as before is built anew.
   */
  update(text: string, appended: string | null): void;
}

/** From this length on a single line break ends a block too, so that none grows costly to lay out. */
const LONG_BLOCK = 1_000;

/**
 * Plain text, exactly: a block with one text node per paragraph. Laying out one huge inline block at each flush
 * is what makes long answers slow; the finished paragraphs here are skipped by `content-visibility`.
 */
export function createPlainTextView(container: Element): TextView {
  let shown = "";
  let tail: Text | null = null;
  let length = 0;
  let endsWithBreak = false;

  /** A block keeps its own line breaks: white-space: pre-wrap drops only the last, which the block's end replaces. */
  function append(text: string): void {
    const blocks = container.ownerDocument.createDocumentFragment();
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      const followsBreak = at > from ? text[at - 1] === "\n" : endsWithBreak;
      if (followsBreak || length + at - from >= LONG_BLOCK) {
        write(text.slice(from, at + 1), blocks);
        from = at + 1;
        tail = null;
        length = 0;
        endsWithBreak = false;
      }
    }
    if (from < text.length) {
      write(text.slice(from), blocks);
      length += text.length - from;
      endsWithBreak = text.endsWith("\n");
    }
    if (blocks.firstChild) container.append(blocks);
    shown += text;
  }

  function write(part: string, blocks: DocumentFragment): void {
    if (tail) {
      tail.appendData(part);
      return;
    }
    const block = container.ownerDocument.createElement("p");
    block.part.add("paragraph");
    tail = container.ownerDocument.createTextNode(part);
    block.append(tail);
    blocks.append(block);
  }

  function clear(): void {
    container.replaceChildren();
    shown = "";
    tail = null;
    length = 0;
    endsWithBreak = false;
  }

  return {
    update(text, appended) {
      // Lengths cost nothing; comparing or slicing the whole would flatten the rope that the state's text is.
      if (appended !== null && shown.length + appended.length === text.length) {
        if (appended) append(appended);
      } else if (text.startsWith(shown)) {
        if (text.length > shown.length) append(text.slice(shown.length));
      } else {
        clear();
        if (text) append(text);
      }
    },
  };
}
