import { html, type TemplateResult } from "lit";

/** They stand there from the first render on: a region that appears along with its text is not read. */
export const liveRegions: TemplateResult = html`<div class="hidden" aria-live="polite" aria-atomic="true"></div><div class="hidden" aria-live="polite" aria-atomic="true"></div><div class="hidden" role="alert"></div>`;

/** Two polite regions in turn: one whose text is replaced by the same words would stay silent. */
export function sayIn(root: ParentNode, message: string, isUrgent: boolean): void {
  const [first, second] = root.querySelectorAll("[aria-live=polite]");
  const alert = root.querySelector("[role=alert]");
  if (!first || !second || !alert) return;
  alert.textContent = isUrgent ? message : "";
  if (isUrgent) return;
  const [from, to] = first.textContent ? [first, second] : [second, first];
  from.textContent = "";
  to.textContent = message;
}
