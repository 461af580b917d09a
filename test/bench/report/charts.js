/* Charts as SVG: no library, no script, light and dark by the reader's setting, a text for who cannot see them. */

const WIDTH = 720;
const SURFACE = `<rect class="surface" x=".5" y=".5" width="719" rx="8"`;
const STYLE = `<style>
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #16171a; }
  .surface { fill: #fff; stroke: #e6e7eb; }
  .title { font-size: 13px; font-weight: 600; }
  .muted { fill: #61646e; font-size: 11px; }
  .grid { stroke: #e6e7eb; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .pipe { --c: #8b8d98; } .ours { --c: #5b5bd6; } .redis { --c: #18794e; } .peer { --c: #8b8d98; }
  .line { stroke: var(--c); } .dot { fill: var(--c); } .ring { fill: #fff; stroke: var(--c); stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ededef; }
    .surface { fill: #131417; stroke: #26282d; }
    .muted { fill: #a0a3ad; }
    .grid { stroke: #26282d; }
    .ours { --c: #9b98ff; } .redis { --c: #4cc38a; } .ring { fill: #131417; }
  }
</style>`;

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const short = (value) => (value >= 1_000 ? `${value / 1_000}k` : String(value));
const two = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const at = (value) => Number(value.toFixed(1));

function svg(height, id, title, description, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${escaped(title)}</title>
<desc id="${id}-desc">${escaped(description)}</desc>
${STYLE}
${SURFACE} height="${height - 1}"/>
${content.join("\n")}
</svg>
`;
}

const kindOf = (relay) => {
  if (relay.startsWith("raw")) return "pipe";
  if (!relay.startsWith("ai-progress")) return "peer";
  return relay.includes("Redis") ? "redis" : "ours";
};

const PANELS = [
  ["length of the run", "per token, by tokens in the run"],
  ["viewers of one run", "per token and viewer, by viewers"],
  ["runs at once", "per token, by runs at once"],
];

/** CPU per token against what grows: three panels, a line for each relay. */
export function growthChart({ results }) {
  const top = 76;
  const bottom = 236;
  const relays = [...new Set(results.map(({ relay }) => relay))];
  const content = [
    `<text class="title" x="20" y="28">CPU per token as the work grows, µs (both axes logarithmic)</text>`,
  ];
  let x = 20;
  for (const relay of relays) {
    content.push(
      `<g class="${kindOf(relay)}"><circle class="dot" cx="${x + 4}" cy="46" r="4"/><text x="${x + 14}" y="50">${escaped(relay)}</text></g>`,
    );
    x += 34 + relay.length * 6.6;
  }
  const told = [];
  for (const [index, [what, caption]] of PANELS.entries()) {
    const rows = results.filter((row) => row.what === what);
    if (rows.length === 0) continue;
    const left = 20 + index * 232 + 26;
    const right = left + 170;
    const values = [...new Set(rows.map(({ value }) => value))];
    const all = rows.map(({ cpuMicros }) => cpuMicros);
    const marks = steps(Math.min(...all), Math.max(...all));
    const [least, most] = [marks[0], marks.at(-1)];
    const xOf = (value) =>
      at(left + ((right - left) * Math.log(value / values[0])) / Math.log(values.at(-1) / values[0]));
    const yOf = (micros) => at(bottom - ((bottom - top) * Math.log(micros / least)) / Math.log(most / least));
    for (const mark of marks) {
      content.push(
        `<path class="grid" d="M${left} ${yOf(mark)}H${right}"/><text class="muted" x="${left - 6}" y="${at(yOf(mark) + 4)}" text-anchor="end">${short(mark)}</text>`,
      );
    }
    for (const value of values) {
      content.push(
        `<text class="muted" x="${xOf(value)}" y="${bottom + 18}" text-anchor="middle">${short(value)}</text>`,
      );
    }
    content.push(
      `<text class="muted" x="${(left + right) / 2}" y="${bottom + 38}" text-anchor="middle">${caption}</text>`,
    );
    for (const relay of relays) {
      const points = rows.filter((row) => row.relay === relay);
      if (points.length === 0) continue;
      const path = points.map(({ value, cpuMicros }) => `${xOf(value)} ${yOf(cpuMicros)}`).join("L");
      const dots = points.map(
        ({ value, cpuMicros }) => `<circle class="dot" cx="${xOf(value)}" cy="${yOf(cpuMicros)}" r="3.5"/>`,
      );
      content.push(`<g class="${kindOf(relay)}"><path class="line" d="M${path}"/>${dots.join("")}</g>`);
      const last = points.at(-1);
      told.push(
        `${relay}, ${what} from ${short(points[0].value)} to ${short(last.value)}: ${two(points[0].cpuMicros)} to ${two(last.cpuMicros)} µs.`,
      );
    }
  }
  return svg(292, "growth", "CPU per token as the work grows", told.join(" "), content);
}

/** Round numbers from below the least to above the most: 1, 2, 5, 10, … */
function steps(least, most) {
  const all = [-1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power));
  const from = all.findLastIndex((mark) => mark <= least);
  const to = all.findIndex((mark) => mark >= most);
  return all.slice(Math.max(0, from), to + 1 || undefined).map((mark) => Number(mark.toPrecision(1)));
}

/** CPU per token beside the raw pipe: a row for each relay, on a logarithmic axis. */
export function relayChart({ results }) {
  const flood = results.findLast(({ scenario }) => scenario.startsWith("flood,"))?.scenario;
  const paced = results.find(({ scenario }) => scenario.startsWith("100 "))?.scenario;
  const relays = [...new Set(results.map(({ relay }) => relay))];
  const find = (relay, scenario) => results.find((row) => row.relay === relay && row.scenario === scenario);
  const left = 250;
  const right = 660;
  const top = 78;
  const step = 26;
  const all = relays.flatMap((relay) =>
    [flood, paced].map((scenario) => find(relay, scenario)?.cpuBesidePipe ?? 1),
  );
  const least = Math.min(0.5, ...all);
  const most = Math.max(...all) * 1.1;
  const xOf = (value) => at(left + ((right - left) * Math.log(value / least)) / Math.log(most / least));
  const bottom = top + relays.length * step;
  const content = [
    `<text class="title" x="20" y="28">CPU per token beside a raw byte pipe (logarithmic)</text>`,
    `<g class="peer"><circle class="dot" cx="24" cy="46" r="5"/><text x="36" y="50">${flood}</text><circle class="ring" cx="174" cy="46" r="4.5"/><text x="186" y="50">${paced}</text></g>`,
  ];
  for (const mark of [0.5, 1, 2, 5, 10, 20, 50, 100].filter((value) => value >= least && value <= most)) {
    content.push(
      `<path class="grid" d="M${xOf(mark)} ${top - 8}V${bottom - 6}"/><text class="muted" x="${xOf(mark)}" y="${bottom + 12}" text-anchor="middle">${mark} ×</text>`,
    );
  }
  const told = [];
  for (const [index, relay] of relays.entries()) {
    const y = top + index * step + 6;
    const [a, b] = [find(relay, flood)?.cpuBesidePipe, find(relay, paced)?.cpuBesidePipe];
    const line = a && b ? `<path class="line" d="M${xOf(a)} ${y}H${xOf(b)}"/>` : "";
    const dots = `${b ? `<circle class="ring" cx="${xOf(b)}" cy="${y}" r="4.5"/>` : ""}${a ? `<circle class="dot" cx="${xOf(a)}" cy="${y}" r="5"/>` : ""}`;
    content.push(
      `<text x="${left - 16}" y="${y + 4}" text-anchor="end">${escaped(relay)}</text><g class="${kindOf(relay)}">${line}${dots}</g>`,
    );
    told.push(
      `${relay}: ${a ? `${two(a)} times at ${flood}` : ""}${a && b ? ", " : ""}${b ? `${two(b)} times at ${paced}` : ""}.`,
    );
  }
  return svg(bottom + 26, "relay", "CPU per token beside a raw byte pipe", told.join(" "), content);
}
