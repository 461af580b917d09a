import type { StageState } from "@ai-progress-stream/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { formatDuration } from "../format.js";
import { isListShown, type View } from "../view.js";
import { crossGlyph, dashGlyph, dotGlyph, ringGlyph, tickGlyph } from "./glyphs.js";

export function stagesView(view: View): TemplateResult | typeof nothing {
  if (!isListShown(view)) return nothing;
  return html`<ol class="stages" part="stages" role="list">${view.stages.map((stage) => stageView(view, stage))}</ol>`;
}

function stageView(view: View, stage: StageState): TemplateResult {
  const { status } = stage;
  const meaning = meaningOf(view, stage);
  return html`<li class="stage ${status}" part="stage stage-${status}" aria-current=${status === "running" ? "step" : nothing}>${glyphs[status]}<span class="stage-label" part="stage-label" lang=${view.givenLang ?? nothing}>${stage.label}${meaning ? html`<span class="hidden" lang=${view.ownLang}>, ${meaning}</span>` : nothing}</span><span class="figures" part="stage-time">${timeOf(view, stage)}</span></li>`;
}

const glyphs: Readonly<Record<StageState["status"], TemplateResult>> = {
  pending: ringGlyph,
  running: dotGlyph,
  done: tickGlyph,
  failed: crossGlyph,
  skipped: dashGlyph,
};

/** What the drawing says, in words. */
function meaningOf({ labels }: View, { status }: StageState): string {
  if (status === "done") return labels.stageDone;
  if (status === "failed") return labels.stageFailed;
  return status === "skipped" ? labels.stageSkipped : "";
}

/** Tenths only of what is over: running ones would be a flicker. */
function timeOf({ lang, serverNow, show }: View, { startedAt, endedAt, status }: StageState): string {
  if (startedAt === undefined || !show.has("elapsed")) return "";
  if (endedAt !== undefined) return formatDuration(lang, endedAt - startedAt);
  return status === "running"
    ? formatDuration(lang, Math.floor((serverNow - startedAt) / 1000) * 1000, 0)
    : "";
}
