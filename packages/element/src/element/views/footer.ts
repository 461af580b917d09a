import { html, nothing, type TemplateResult } from "lit";
import { fill, formatDuration, formatMoney } from "../format.js";
import type { View } from "../view.js";

/** What the run has taken: time, tokens, money, as far as they are known and asked for. */
export function footerView(view: View, elapsed: number | null): TemplateResult | typeof nothing {
  if (view.state !== "done") return nothing;
  const { lang, labels, run, show } = view;
  const { inputTokens = 0, outputTokens = 0, cost, estimated } = run.usage ?? {};
  const count = inputTokens + outputTokens;
  const about = estimated ? "≈ " : "";
  return html`<div class="footer" part="footer">
    ${elapsed !== null && show.has("elapsed") ? html`<span part="elapsed">${formatDuration(lang, elapsed)}</span>` : nothing}
    ${count > 0 && show.has("tokens") ? html`<span part="tokens">${about}${fill(lang, labels.tokens, { count })}</span>` : nothing}
    ${cost && show.has("cost") ? html`<span part="cost">${about}${formatMoney(lang, cost.amount, cost.currency || view.currency)}</span>` : nothing}
    <slot name="footer"></slot>
  </div>`;
}
