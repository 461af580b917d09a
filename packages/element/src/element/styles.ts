import { type CSSResult, css } from "lit";

/**
 * The look. Everything that a page may want to change is a custom property with a default here, or a part.
 * The card is a grid of rows; the one button moves between them by `data-row`, never in the tree. The room below what
 * a page puts into `idle` is the gap before an empty item, so that there is none where nothing is put.
 * A container counts as empty where its parent takes its width from it. Hence the columns around the card: 480 px
 * where there is room, less where there is not. (`contain-intrinsic-inline-size` would be its least width, too.)
 * Of a text's sections the last but one is laid out, too: skipped later on, it has a height that is known. What is
 * looked for at the text's end stands below the output's inset, 18 px.
 */
export const styles: CSSResult = css`
:host {
  --_surface: var(--ai-surface, light-dark(#fff, #131417));
  --_sunken: var(--ai-sunken, light-dark(#f7f7f8, #1a1b1f));
  --_text: var(--ai-text, light-dark(#16171a, #ededef));
  --_muted: var(--ai-muted, light-dark(#61646e, #a0a3ad));
  --_border: var(--ai-border, light-dark(#e6e7eb, #26282d));
  --_outline: var(--ai-outline, light-dark(#d5d7dd, #3a3d45));
  --_track: var(--ai-track, light-dark(#ececef, #26282d));
  --_accent: var(--ai-accent, light-dark(#5b5bd6, #9b98ff));
  --_success: var(--ai-success, light-dark(#18794e, #4cc38a));
  --_warning: var(--ai-warning, light-dark(#8a5a00, #f1b44c));
  --_danger: var(--ai-danger, light-dark(#c62a2f, #ff8b8b));
  --_danger-surface: var(--ai-danger-surface, light-dark(#fff5f5, #2a1518));
  --_pad: var(--ai-padding, 16px);
  --_bar: var(--_accent);
  --_way: 1;
  display: grid;
  grid: auto / minmax(0, 480px) minmax(0, 1fr);
  align-content: start;
  position: relative;
  color: var(--_text);
  font-family: var(--ai-font, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  font-size: var(--ai-font-size, 15px);
  line-height: 1.6;
}
:host(:dir(rtl)) { --_way: -1; }
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
.card {
  grid-column: 1 / -1;
  container: ai-progress-stream / inline-size;
  position: relative;
  isolation: isolate;
  display: grid;
  grid-template: [header] auto [segments] auto [stages] auto [notice] auto [reasoning] auto [output] auto [footer] auto / minmax(0, 1fr) auto;
  background: var(--_surface);
  border: 1px solid var(--_border);
  border-radius: var(--ai-radius, 12px);
  box-shadow: var(--ai-shadow, 0 1px 2px rgb(0 0 0 / .04), 0 8px 24px -12px rgb(0 0 0 / .1));
  overflow: clip;
  text-align: left;
  text-indent: 0;
  text-transform: none;
  white-space: normal;
}
.message, .figures, .title, .hint, .sentence, .detail, .stage-label, .button-label, .footer span { unicode-bidi: plaintext; }
.card > * { grid-column: 1 / -1; }
[data-row=header] > .header, [data-row=notice] > .notice, [data-row=footer] > .footer { grid-column: 1; }
[data-state=reconnecting] { --_bar: var(--_warning); }

.header { grid-row: header; display: flex; align-items: start; gap: 10px; padding: calc(24px - .5lh) var(--_pad); font-size: 14px; line-height: 1.45; overflow-wrap: anywhere; }
[data-row=header] > .header:has(+ .actions:not([hidden])) { padding-inline-end: 8px; }
.header.idle { align-items: center; gap: 12px; padding-block: 14px; line-height: 1.5; }
.header > .glyph { block-size: 1lh; }
.copy { align-self: center; margin-block: calc(.5lh - 16px); }
.header:has(> .copy) { padding-inline-end: 8px; }
[data-row=header] > .header:has(> .copy) { padding-inline-end: 0; }
.intro { flex: 1; min-inline-size: 0; }
.title { font-weight: 600; }
.hint, .figures { color: var(--_muted); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.figures { white-space: nowrap; }
.figures::before { content: ""; font-size: 14px; }
.message { flex: 1; min-inline-size: 0; font-weight: 500; overflow: hidden; text-overflow: ellipsis; }
.remark { flex: none; font-weight: 400; color: var(--_muted); }
.glyph { flex: none; inline-size: 16px; block-size: 16px; color: var(--_accent); fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
.spin { stroke-width: 2; } .ok { stroke-width: 1.75; } .dot { stroke-width: 6.5; } .solid { fill: currentColor; }
.ok { color: var(--_success); } .warn { color: var(--_warning); } .danger { color: var(--_danger); } .muted { color: var(--_muted); }

.actions { grid-row: header; grid-column: 2 !important; display: flex; align-items: center; padding-inline: 0 8px; }
[data-row=notice] > .actions { grid-row: notice; align-items: start; padding-block: 12px; padding-inline: 0 var(--_pad); background: var(--_danger-surface); border-block-start: 1px solid var(--_border); }
[data-row=footer] > .actions { grid-row: footer; border-block-start: 1px solid var(--_border); padding-block: 8px; }
[data-state=idle] > .actions { padding-inline: 0 var(--_pad); }
.button { appearance: none; display: inline-flex; align-items: center; gap: 6px; block-size: 32px; padding: 0 12px; font: inherit; font-size: 13px; font-weight: 500; line-height: 1; white-space: nowrap; color: var(--_text); background: transparent; border: 1px solid transparent; border-radius: var(--ai-button-radius, 8px); cursor: pointer; }
.button .glyph { display: none; color: inherit; }
.primary { background: var(--ai-button-surface, var(--_text)); color: var(--ai-button-text, var(--_surface)); }
.outline { border-color: var(--_outline); background: var(--_surface); }
.quiet { color: var(--_muted); }
.button:focus-visible, summary:focus-visible, .output:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
.output:focus-visible { outline-offset: -2px; }
@media (hover: hover) {
  .button:hover { background: var(--_sunken); color: var(--_text); }
  .primary:hover { background: var(--ai-button-surface, color-mix(in oklab, var(--_text) 86%, var(--_surface))); color: var(--ai-button-text, var(--_surface)); }
}
.button[aria-disabled=true] { cursor: default; background: transparent; color: var(--_muted); }

.rail { position: absolute; inset: 0 0 auto; block-size: 2px; overflow: hidden; z-index: 1; }
.segments { grid-row: segments; display: flex; gap: 3px; padding: 0 var(--_pad) 4px; }
[data-state=error] > .segments, [data-state=done] > .segments, [data-state=cancelled] > .segments { padding-block-end: 14px; }
.segment { position: relative; flex: var(--w, 1) 1 0; min-inline-size: 4px; block-size: 4px; border-radius: 99px; background: var(--_track); overflow: hidden; }
.rail i, .segment i { position: absolute; inset: 0; border-radius: inherit; background: var(--_bar); transform: translateX(calc((var(--p, 0) - 1) * var(--_way) * 100%)); transition: transform .4s cubic-bezier(.2, .8, .2, 1); }
.segment.failed { --_bar: var(--_danger); }
.segment.pending i { visibility: hidden; }
:host(:dir(rtl)) .card { text-align: right; }
.indeterminate i { inline-size: 32%; left: 0; right: auto; transition: none; background: linear-gradient(90deg, transparent, var(--_bar), transparent); animation: travel 1.6s ease-in-out infinite; }
@keyframes travel { from { transform: translateX(-100%); } to { transform: translateX(313%); } }
:host(:dir(rtl)) .indeterminate i { animation-direction: reverse; }

.stages { grid-row: stages; list-style: none; margin: 0; padding: 6px var(--_pad) 14px; display: grid; gap: 2px; }
[data-state=idle] > .stages { padding-block-start: 0; }
[name=idle] { grid-row: output; display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; padding-inline: var(--_pad); }
[name=idle]::after { content: ""; }
.stage { display: grid; grid-template-columns: 16px 1fr auto; gap: 10px; align-items: center; min-block-size: 30px; padding-block: 5px; font-size: 13.5px; color: var(--_muted); }
.stage.running { color: var(--_text); font-weight: 500; }
.stage .figures { font-weight: 400; line-height: 1.4; }
.stage .figures::before { font-size: 13.5px; }
.stage-label { min-inline-size: 0; overflow-wrap: anywhere; line-height: 1.4; }

.notice { grid-row: notice; padding-block: 12px; padding-inline: calc(var(--_pad) + 26px) 12px; font-size: 13.5px; background: var(--_danger-surface); border-block-start: 1px solid var(--_border); overflow-wrap: anywhere; }
.sentence { font-weight: 600; }
.detail { color: var(--_muted); font-size: 13px; }
.detail code { font-family: var(--ai-mono, ui-monospace, SFMono-Regular, Menlo, monospace); font-size: 12px; white-space: nowrap; }

.reasoning { grid-row: reasoning; border-block-start: 1px solid var(--_border); padding: 6px var(--_pad); font-size: 13.5px; color: var(--_muted); }
summary { cursor: pointer; inline-size: fit-content; min-block-size: 24px; border-radius: 4px; font-weight: 500; }
.reasoning .text { padding-block: 4px 8px; }
.output, .skeleton { grid-row: output; border-block-start: 1px solid var(--_border); padding: 14px var(--_pad) 18px; }
.output { max-block-size: var(--ai-max-height, none); overflow-y: auto; overscroll-behavior: contain; overflow-anchor: none; scrollbar-width: thin; }
[data-state$=ing] > .output { min-block-size: 83px; }
[data-state=reconnecting] > .output { color: var(--_muted); }
.text { overflow-wrap: anywhere; text-align: start; }
.text > * { content-visibility: auto; contain-intrinsic-block-size: auto 90em; }
.text > :nth-last-child(-n + 2) { content-visibility: visible; }
.live > * + :last-child { content-visibility: auto; contain-intrinsic-block-size: auto 10em; }
[data-in-sight] > .live > :last-child { content-visibility: visible; }
p { margin: 0; unicode-bidi: plaintext; }
.text:not(.markdown) p { white-space: pre-wrap; }
.live:not(.markdown) > :last-child > :last-child::after, .live [data-tip]::after { content: ""; display: inline-block; inline-size: .5em; block-size: 1.05em; margin-inline-start: 2px; vertical-align: -.16em; border-radius: 2px; background: var(--_accent); animation: blink 1.1s steps(1) infinite; }
@keyframes blink { 50% { opacity: 0; } }
.sentinel { block-size: 1px; margin-block: 17px -18px; }
.jump { grid-row: output; align-self: end; justify-self: center; margin-block-end: 10px; z-index: 1; border-radius: 99px; box-shadow: 0 2px 8px rgb(0 0 0 / .12); }
.skeleton { display: grid; gap: 10px; }
.skeleton i { block-size: 10px; border-radius: 5px; background: var(--_track); inline-size: 92%; }
.skeleton i + i { inline-size: 84%; } .skeleton i + i + i { inline-size: 58%; }

.footer { grid-row: footer; display: flex; flex-wrap: wrap; align-items: center; gap: 2px 14px; min-block-size: 48px; padding-block: 8px; padding-inline: var(--_pad) 8px; border-block-start: 1px solid var(--_border); color: var(--_muted); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.spin { animation: spin 1s linear infinite; }
@keyframes spin { to { transform: rotate(1turn); } }

@container ai-progress-stream (inline-size < 358px) {
  .header:not(.idle) { flex-wrap: wrap; gap: 0 10px; }
  .header:not(.idle) > .message { flex-basis: calc(100% - 26px); }
  .header:not(.idle):has(> .copy) > .message { flex-basis: calc(100% - 80px); }
  .header:not(.idle) > .figures { order: 1; flex-basis: 100%; padding-inline-start: 26px; white-space: normal; }
  .actions .button:not(.primary), .copy { padding: 0; inline-size: 32px; justify-content: center; }
  .button:not(.primary) > .glyph { display: block; }
  .button:not(.primary) > .button-label { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
  .notice { padding-inline-start: var(--_pad); }
  .detail code { white-space: normal; }
}
@container ai-progress-stream (inline-size >= 358px) {
  :is([data-state=running], [data-state=streaming]) .message { display: flex; white-space: nowrap; }
  :is([data-state=running], [data-state=streaming]) .activity { overflow: hidden; text-overflow: ellipsis; unicode-bidi: plaintext; }
  :is([data-state=running], [data-state=streaming]) .remark { white-space: pre; }
}
@media (prefers-reduced-motion: reduce) {
  .spin, .indeterminate i, .live ::after { animation: none !important; }
  .rail i, .segment i { transition: none; }
  .indeterminate i { left: 34%; transform: none; }
}
@media (forced-colors: active) {
  .rail i, .segment i, .live ::after { background: Highlight !important; forced-color-adjust: none; }
  .segment { outline: 1px solid CanvasText; }
  .segment.failed i { background: Mark !important; }
  .skeleton i { background: CanvasText; opacity: .3; }
  .glyph { color: CanvasText; }
  .button { border-color: ButtonBorder; }
  .button[aria-disabled=true] { color: GrayText; border-color: GrayText; }
}
@media print {
  :host { color-scheme: light; }
  [data-row] > .header { padding-inline-end: var(--_pad) !important; }
  .notice { background: none; }
  [part=table-scroller] { overflow: visible !important; }
  table { font-size: .85em !important; }
  th, td { overflow-wrap: anywhere !important; min-inline-size: 0 !important; padding-inline: 6px !important; }
  .actions, .copy, .jump, .rail, .skeleton, [part=copy-code] { display: none !important; }
  .segment, .segment i { print-color-adjust: exact; }
  pre, pre * { white-space: pre-wrap !important; overflow-wrap: anywhere !important; inline-size: auto !important; }
  .card { box-shadow: none; overflow: visible; }
  .output { max-block-size: none; overflow: visible; }
  .text > * { content-visibility: visible !important; }
  .live ::after { content: none !important; }
}
`;
