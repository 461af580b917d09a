/** Lit's own would bring Lit along, into a chunk that has no other use for it. */
const css = String.raw;

/** The look of a text in Markdown. The first and the last block keep to the output's inset. */
export const markdownStyles: string = css`
.markdown { --_mono: var(--ai-mono, ui-monospace, SFMono-Regular, Menlo, monospace); }
.markdown > * > * { margin-block: 0 .75em; }
.markdown > :last-child > :last-child { margin-block-end: 0; }
.markdown > * > * + :is(h3, h4, h5, h6) { margin-block-start: 1.25em; }
h3, h4, h5, h6 { font-size: 1em; font-weight: 600; line-height: 1.4; margin-block: 0 .4em; unicode-bidi: plaintext; }
h3 { font-size: 1.2em; } h4 { font-size: 1.08em; }
h6 { color: var(--_muted); }
:is(p, h3, h4, h5, h6)[dir] { unicode-bidi: isolate; }
.markdown :is(ul, ol) { padding-inline-start: 1.6em; }
li :is(ul, ol), blockquote :is(ul, ol) { margin-block: .25em 0; }
li { padding-inline-start: .15em; }
li + li { margin-block-start: .25em; }
li > :is(p, div, blockquote, h3, h4, h5, h6) { margin-block-start: .5em; }
li::marker { color: var(--_muted); }
[part~=task] { list-style: none; margin-inline-start: -1.5em; }
[part~=task] [part~=task] { margin-inline-start: 0; }
input { margin-inline: 0 .4em; vertical-align: -.1em; accent-color: var(--_accent); }
blockquote { margin-inline: 0; padding-inline-start: 1em; border-inline-start: 3px solid var(--_border); color: var(--_muted); }
blockquote > * + * { margin-block-start: .5em; }
hr { border: 0; border-block-start: 1px solid var(--_border); margin-block: 1.25em !important; }
a { color: var(--_accent); text-underline-offset: .15em; unicode-bidi: isolate; border-radius: 3px; }
.markdown :is(a, pre, [part=table-scroller]):focus-visible { outline: 2px solid var(--_accent); outline-offset: 1px; }
a:not([href]) { color: inherit; }
code { unicode-bidi: isolate; }
.markdown :is(code, [part=formula]) { font-family: var(--_mono); font-size: .84em; }
[part=inline-code] { direction: ltr; background: var(--_sunken); border: 1px solid var(--_border); border-radius: 5px; padding: 1px 4px; }
[part=code], [part=table-scroller] { border: 1px solid var(--_border); border-radius: 8px; overflow: clip; }
[part=code-header] { display: flex; align-items: center; justify-content: space-between; padding-inline: 12px 4px; min-block-size: 34px; font-size: 12.5px; color: var(--_muted); background: var(--_sunken); border-block-end: 1px solid var(--_border); }
[part=copy-code] { block-size: 26px; padding: 0 8px; font-size: 12.5px; }
pre { margin: 0; padding: 10px 12px; overflow-x: auto; line-height: 1.5; scrollbar-width: thin; direction: ltr; text-align: left; overflow-wrap: normal; text-wrap: nowrap; }
pre :is(code, div, span) { display: block; white-space: pre; unicode-bidi: plaintext; inline-size: max-content; min-inline-size: 100%; }
p[part=formula] { white-space: pre-wrap; }
[part=table-scroller] { overflow-x: auto; scrollbar-width: thin; }
table { border-collapse: collapse; inline-size: 100%; font-size: .93em; line-height: 1.45; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 12px; text-align: start; vertical-align: top; overflow-wrap: break-word; min-inline-size: 6ch; }
[data-align=left] { text-align: left; } [data-align=center] { text-align: center; } [data-align=right] { text-align: right; }
th { font-weight: 600; background: var(--_sunken); }
tr + tr > *, tbody > tr > * { border-block-start: 1px solid var(--_border); }
img { max-inline-size: 100%; block-size: auto; border-radius: 6px; vertical-align: middle; }
[part~=link-chip] { display: inline-flex; align-items: baseline; gap: .5em; max-inline-size: 100%; padding: 0 8px; font-size: .87em; text-decoration: none; color: var(--_text); background: var(--_sunken); border: 1px solid var(--_border); border-radius: 99px; }
[part=link-host] { color: var(--_muted); white-space: normal; overflow-wrap: anywhere; }
`;
