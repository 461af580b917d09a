import type { createMarkdownRenderer } from "./markdown.js";

type CreateRenderer = typeof createMarkdownRenderer;

/** What is written after this time is plain: nobody waits for ever for the look of a text. */
const PATIENCE_MS = 10_000;

let renderer: CreateRenderer | null | undefined;
let loading: Promise<void> | null = null;

/** Markdown is code of its own. Undefined: not loaded yet; null: it cannot be had. */
export const markdownRenderer = (): CreateRenderer | null | undefined => renderer;

/** Loads it once for all elements. Resolves when it is there or was given up; never rejects. */
export function loadMarkdown(): Promise<void> {
  loading ??= new Promise((resolve) => {
    const settle = (found: CreateRenderer | null, cause?: unknown): void => {
      // Too late: what is written plain stays so.
      if (renderer !== undefined) return;
      renderer = found;
      clearTimeout(timer);
      if (!found)
        console.warn("ai-progress-stream: Markdown cannot be loaded, so answers are plain text.", cause);
      resolve();
    };
    const timer = setTimeout(() => settle(null, "It takes too long."), PATIENCE_MS);
    import("./markdown.js").then(
      ({ createMarkdownRenderer }) => settle(createMarkdownRenderer),
      (cause: unknown) => settle(null, cause),
    );
  });
  return loading;
}
