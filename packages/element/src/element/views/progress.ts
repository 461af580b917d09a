import { type StageState, stageFraction } from "@ai-progress-stream/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { fill, formatPercent, percentOf } from "../format.js";
import { barOf, currentStage, isPlanned, type View } from "../view.js";
import { activity } from "./wording.js";

/** The one progress bar: a rail along the card's edge, or a segment per stage, as wide as its weight. */
export function progressView(view: View): TemplateResult | typeof nothing {
  const bar = barView(view);
  // Two templates in turn: a new run's bar is a new element, so it does not slide back from where the last one stood.
  return view.runNumber % 2 === 0 || bar === nothing ? bar : html`${bar}`;
}

/**
 * The `style` property, not the attribute: it goes through the CSSOM, which a page with `style-src 'self'` allows
 * (and Lit's styleMap does not).
 */
function barView(view: View): TemplateResult | typeof nothing {
  const bar = barOf(view);
  if (!bar) return nothing;
  const { progress, state } = view;
  const isKnown = progress !== null && state !== "connecting";
  return html`<div
    class="${bar} ${bar === "rail" && !isKnown ? "indeterminate" : ""}"
    part=${bar}
    role="progressbar"
    aria-label=${view.labels.progress}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${isKnown ? percentOf(progress) : nothing}
    aria-valuetext=${valueText(view)}
  >${bar === "rail" ? html`<i part="bar" .style=${`--p:${isKnown ? progress : 0}`}></i>` : view.stages.filter(({ weight }) => weight > 0).map(segmentView)}</div>`;
}

function segmentView(stage: StageState): TemplateResult {
  // A stage that failed before it said how far it was is red as a whole.
  const fraction = stage.status === "failed" ? stageFraction(stage) || 1 : stageFraction(stage);
  return html`<span class="segment ${stage.status}" part="segment segment-${stage.status}" .style=${`--w:${stage.weight}`}><i part="bar" .style=${`--p:${fraction}`}></i></span>`;
}

/** "Analyse clauses, step 3 of 4, 49%" */
function valueText(view: View): string {
  const { lang, labels, progress, stages } = view;
  const current = currentStage(view);
  const isWorking = view.state === "running" || view.state === "streaming" || view.state === "error";
  const parts = [current && isWorking ? current.stage.label : activity(view)];
  if (current && isPlanned(view))
    parts.push(fill(lang, labels.step, { index: current.index + 1, count: stages.length }));
  if (progress !== null) parts.push(formatPercent(lang, progress));
  return parts.join(", ");
}
