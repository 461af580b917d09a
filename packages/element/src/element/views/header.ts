import { html, nothing, type TemplateResult } from "lit";
import { blankBefore, fill, formatClock, formatPercent } from "../format.js";
import { isBusy, type View } from "../view.js";
import { alertGlyph, copyGlyph, ringGlyph, spinGlyph, stopGlyph, tickGlyph, waveGlyph } from "./glyphs.js";
import { activity, givenActivity, remark } from "./wording.js";

export function headerView(view: View, elapsed: number | null, onCopy: () => void): TemplateResult {
  const isIdle = view.state === "idle";
  return html`<div class="header ${isIdle ? "idle" : ""}" part="header">
    ${isIdle && view.hasForm ? ringGlyph : nothing}
    <div class=${isIdle ? "intro" : "hidden"}>
      <div id="title" class="title" part="label" lang=${(view.label && view.givenLang) || nothing}><slot name="label">${titleOf(view)}</slot></div>
      <div class="hint" part="hint"><slot name="hint"></slot></div>
    </div>
    ${isIdle ? readyView(view) : liveView(view, elapsed, onCopy)}
  </div>`;
}

const titleOf = ({ label, labels, state }: View): string =>
  label || (state === "idle" ? labels.ready : labels.title);

/** Where a form has the button, the element only says that it waits. */
const readyView = (view: View): TemplateResult | typeof nothing =>
  view.hasForm && view.label ? html`<div class="figures" part="figures">${view.labels.ready}</div>` : nothing;

function liveView(view: View, elapsed: number | null, onCopy: () => void): TemplateResult {
  const message = activity(view);
  const more = remark(view);
  const lang = (givenActivity(view) && view.givenLang) || nothing;
  const copyLabel = view.isCopied ? view.labels.copied : view.labels.copy;
  const separator = view.state === "cancelled" ? blankBefore(more) : " — ";
  return html`${glyphOf(view)}
    <div class="message" part="message" lang=${lang} title=${more ? `${message}${separator}${more}` : message}><span class="activity">${message}</span>${more ? html`<span class="remark" part="remark" lang=${lang === nothing ? nothing : view.ownLang}>${separator}${more}</span>` : nothing}</div>
    ${figuresView(view, elapsed)}
    ${
      !isBusy(view.state) && view.run.text
        ? html`<button type="button" part="copy" class="button quiet copy" title=${copyLabel} @click=${onCopy}>${view.isCopied ? tickGlyph : copyGlyph}<span class="button-label">${copyLabel}</span></button>`
        : nothing
    }`;
}

function glyphOf({ state }: View): TemplateResult {
  if (state === "done") return tickGlyph;
  if (state === "error") return alertGlyph;
  if (state === "cancelled") return stopGlyph;
  return state === "reconnecting" ? waveGlyph : spinGlyph;
}

/** "49% · 0:11", once tokens are counted "0:17 · 412 tokens". The clock is a timer and never in a live region. */
function figuresView(view: View, elapsed: number | null): TemplateResult | typeof nothing {
  const { state, lang, labels, run, progress } = view;
  if (state === "connecting" || state === "done" || state === "cancelled") return nothing;
  if (state === "reconnecting") return html`<div class="figures" part="figures">${retryText(view)}</div>`;
  const tokens = run.usage?.outputTokens;
  const isCounted = run.text !== "" && tokens !== undefined && view.show.has("tokens");
  const before = !isCounted && progress !== null && state !== "error" ? formatPercent(lang, progress) : "";
  const after = isCounted && state !== "error" ? fill(lang, labels.tokens, { count: tokens }) : "";
  const clock =
    elapsed !== null && view.show.has("elapsed")
      ? html`<span role="timer" part="elapsed">${formatClock(view.lang, elapsed)}</span>`
      : nothing;
  if (clock === nothing && before + after === "") return nothing;
  const dot = (isBetween: boolean): string => (isBetween && clock !== nothing ? "\u00a0· " : "");
  return html`<div class="figures" part="figures">${before}${dot(before !== "")}${clock}${dot(after !== "")}${after}</div>`;
}

function retryText({ retry, labels, lang, now }: View): string {
  if (!retry) return "";
  const seconds = Math.ceil((retry.dueAt - now) / 1000);
  const values = { attempt: retry.attempt, max: retry.maxRetries };
  // No wait is longer than five minutes: a clock that was set back would make it one.
  return seconds > 0 && seconds <= 300
    ? fill(lang, labels.retryIn, { ...values, seconds })
    : fill(lang, labels.retrying, values);
}
