/** Shows one growing text in one container. */
export interface TextView {
  /**
   * Brings the container to `text`. `appended` is what was added since the last update where that is all that
   * happened, else null: then the texts are compared, and what no longer begins as before is built anew.
   * `isWhole`: nothing more is to come, so nothing has to be held back.
   */
  update(text: string, appended: string | null, isWhole: boolean): void;
}

/** How one format is written into a container. */
export interface TextWriter {
  append(text: string): void;
  /** No more will come. What is appended all the same follows a `clear()`. */
  finish?(): void;
  clear(): void;
}

export function createTextView(writer: TextWriter): TextView {
  let shown = "";
  let isFinished = false;

  function write(text: string, appended: string): void {
    if (isFinished && writer.finish) {
      rewrite(text);
    } else {
      writer.append(appended);
      shown = text;
    }
  }
  function rewrite(text: string): void {
    isFinished = false;
    shown = "";
    writer.clear();
    if (text) write(text, text);
  }

  return {
    update(text, appended, isWhole) {
      // Lengths cost nothing; comparing or slicing the whole would flatten the rope that the state's text is.
      if (appended !== null && shown.length + appended.length === text.length) {
        if (appended) write(text, appended);
      } else if (text.startsWith(shown)) {
        if (text.length > shown.length) write(text, text.slice(shown.length));
      } else {
        rewrite(text);
      }
      if (isWhole && !isFinished) writer.finish?.();
      isFinished ||= isWhole;
    },
  };
}

/**
 * From this length on a single line break ends a block too, so that none grows costly to lay out, and a text node gets
 * no more, as all of it is copied for each letter.
 */
const LONG_BLOCK = 1_000;

/** How many blocks a section holds; the first, which is always laid out where it is the only one, fewer. */
const SECTION_SIZE = 32;
const FIRST_SECTION_SIZE = 8;

/**
 * Where blocks go: a section of many is skipped as one by `content-visibility`, and passed over as one by layout.
 * Each block by itself would cost more the more there are.
 */
export function createSections(container: Element): {
  place(block: Element): void;
  readonly last: Element | null;
} {
  let section: Element | null = null;
  const isFull = ({ childElementCount, previousElementSibling }: Element): boolean =>
    childElementCount >= (previousElementSibling ? SECTION_SIZE : FIRST_SECTION_SIZE);
  return {
    get last() {
      return section?.lastElementChild ?? null;
    },
    place(block) {
      if (!section || isFull(section)) {
        section = container.ownerDocument.createElement("div");
        container.append(section);
      }
      section.append(block);
    },
  };
}

export interface BlockOptions {
  readonly createBlock: () => Element;
  /** Whether an empty line ends a block; else only a block's length does. */
  readonly isParted: boolean;
}

/**
 * Text, exactly, in blocks of one text node, or of more where a line is long. Laying out one huge inline block at
 * each flush is what makes long answers slow. A block keeps its own line breaks: white-space: pre-wrap drops only the
 * last, which the block's end replaces.
 */
export function createBlockWriter(container: Element, { createBlock, isParted }: BlockOptions): TextWriter {
  let sections = createSections(container);
  let tail: Text | null = null;
  let length = 0;
  let endsWithBreak = false;

  function write(part: string): void {
    // The second half of a character belongs with its first.
    if (tail && (tail.length < LONG_BLOCK || /^[\udc00-\udfff]/.test(part))) {
      tail.appendData(part);
      return;
    }
    const block = tail?.parentElement ?? createBlock();
    if (!tail) sections.place(block);
    tail = container.ownerDocument.createTextNode(part);
    block.append(tail);
  }
  function endBlock(): void {
    tail = null;
    length = 0;
    endsWithBreak = false;
  }

  return {
    append(text) {
      let from = 0;
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
        const followsBreak = isParted && (at > from ? text[at - 1] === "\n" : endsWithBreak);
        if (followsBreak || length + at - from >= LONG_BLOCK) {
          write(text.slice(from, at + 1));
          from = at + 1;
          endBlock();
        }
      }
      if (from < text.length) {
        write(text.slice(from));
        length += text.length - from;
        endsWithBreak = text.endsWith("\n");
      }
    },
    clear() {
      container.replaceChildren();
      sections = createSections(container);
      endBlock();
    },
  };
}

/**
 * Holds back the empty lines that a text ends in, until it goes on: models end in them, and at the end of an output
 * they are nothing but a gap.
 */
function withoutEnd(writer: TextWriter): TextWriter {
  let held = "";
  return {
    append(text) {
      const end = text.trimEnd().length;
      if (end > 0 || held === "") {
        const gap = text.slice(end).search(/[\r\n]/);
        const length = gap < 0 ? text.length : end + gap;
        if (length > 0) writer.append(held + text.slice(0, length));
        held = text.slice(length);
      } else held += text;
    },
    clear() {
      held = "";
      writer.clear();
    },
  };
}

/** Plain text: a block per paragraph. */
export function createPlainTextView(container: Element): TextView {
  const createBlock = (): Element => {
    const block = container.ownerDocument.createElement("p");
    block.setAttribute("part", "paragraph");
    return block;
  };
  return createTextView(withoutEnd(createBlockWriter(container, { createBlock, isParted: true })));
}
