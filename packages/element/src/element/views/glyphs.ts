import { html, type TemplateResult } from "lit";

/** A 16 px drawing of one line; its weight is the style sheet's. What it means is always said in words beside it. */
const glyph = (kind: string, path: string): TemplateResult =>
  html`<svg class="glyph ${kind}" viewBox="0 0 16 16" aria-hidden="true"><path d=${path} /></svg>`;

export const spinGlyph: TemplateResult = html`<svg class="glyph spin" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6" opacity=".22" /><path d="M14 8a6 6 0 0 0-6-6" /></svg>`;
export const tickGlyph: TemplateResult = glyph("ok", "m3.5 8.5 3 3 6-7");
/** A line of no length, as thick as the dot is wide. */
export const dotGlyph: TemplateResult = glyph("dot", "M8 8h0");
export const ringGlyph: TemplateResult = glyph("muted", "M5 8a3 3 0 1 0 6 0 3 3 0 1 0-6 0");
export const crossGlyph: TemplateResult = glyph("danger", "m4.5 4.5 7 7m0-7-7 7");
export const dashGlyph: TemplateResult = glyph("muted", "M5 8h6");
export const waveGlyph: TemplateResult = glyph(
  "warn",
  "M2.5 6.5a8 8 0 0 1 11 0M5 9a4.5 4.5 0 0 1 6 0m-3 3h0",
);
export const alertGlyph: TemplateResult = glyph(
  "danger",
  "M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8m6-3v3.5m0 2.6h0",
);
export const stopGlyph: TemplateResult = glyph("muted solid", "M5.25 5.25h5.5v5.5h-5.5z");
export const playGlyph: TemplateResult = glyph("solid", "M5.5 3.5v9l7-4.5z");
export const againGlyph: TemplateResult = glyph("", "M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5");
export const copyGlyph: TemplateResult = glyph("", "M5.5 5.5H13V13H5.5zM10.5 3H3v7.5");
