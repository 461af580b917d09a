import type { Labels } from "./labels.js";

/** Told to the document when a language has come: elements that are there speak it from then on. */
export const LABELS_EVENT = "ai-labels";

/** Shared by every copy of this library on the page, whichever script brings the language. */
const KEY: unique symbol = Symbol.for("ai-progress-stream.labels");
type Registry = Map<string, Labels>;
const shared = globalThis as { [KEY]?: Registry };

export const registeredLabels = (lang: string): Labels | undefined => shared[KEY]?.get(lang);

/**
 * Teaches the elements of the page a language, by its tag: "it", or "pt-BR" where the region matters. A language
 * that is known is replaced. Texts of a single element are its `labels`.
 */
export function registerLabels(lang: string, labels: Labels): void {
  shared[KEY] ??= new Map();
  shared[KEY].set(lang.toLowerCase(), labels);
  globalThis.document?.dispatchEvent(new Event(LABELS_EVENT));
}
