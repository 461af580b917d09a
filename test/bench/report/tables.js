/* The tables of the documents, each from the results of a part; null where it was not measured. */
import { figure, kilobytes, megabytes, ratio } from "../support/figures.js";
import { rowsOf as viewerRows } from "../viewers.js";

const OURS = /^ai-progress-stream/;
const name = (text) => (OURS.test(text) ? `**${text}**` : text);
const times = (value) => ratio(value).replace(" ×", "\u00a0×");
const dash = (text) => text || "–";

function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column ? "---:" : "---"))), ...rows.map(line)].join("\n");
}

const unique = (values) => [...new Set(values)];
const find = (results, scenario, relay) =>
  results.find((row) => row.scenario === scenario && row.relay === relay);
const scenarios = (relay, pattern) =>
  unique(relay.results.map(({ scenario }) => scenario)).filter((text) => pattern.test(text));
const relaysOf = ({ results }) => unique(results.map(({ relay }) => relay));
const cpu = (row) => (row ? `${figure(row.cpuMicrosPerToken)} (${times(row.cpuBesidePipe)})` : "–");

function floods({ relay }) {
  if (!relay) return null;
  const columns = scenarios(relay, /^flood/);
  return markdown(
    ["CPU per token, µs (beside the pipe)", ...columns, "bytes per token", "texts"],
    relaysOf(relay).map((one) => {
      const rows = columns.map((scenario) => find(relay.results, scenario, one));
      return [name(one), ...rows.map(cpu), dash(figure(rows.at(-1)?.bytesPerToken)), wholeness(rows)];
    }),
  );
}

function paced({ relay }) {
  if (!relay) return null;
  const columns = scenarios(relay, /a second$/);
  return markdown(
    [
      "",
      ...columns.flatMap((scenario) => {
        const [streams] = scenario.split(" at ");
        return [`${streams}: CPU per token, µs`, "latency p50", "p99"];
      }),
      "bytes per token",
      "texts",
    ],
    relaysOf(relay).map((one) => {
      const rows = columns.map((scenario) => find(relay.results, scenario, one));
      return [
        name(one),
        ...rows.flatMap((row) => [
          cpu(row),
          row ? `${ms(row.latencyP50Micros)} (${times(row.latencyP50BesidePipe)})` : "–",
          row ? ms(row.latencyP99Micros) : "–",
        ]),
        dash(figure(rows[0]?.bytesPerToken)),
        wholeness(rows),
      ];
    }),
  );
}

const ms = (micros) => figure(micros / 1_000, "ms").replace(" ", "\u00a0");
const wholeness = (rows) => (rows.every((row) => !row || row.isWhole) ? "whole" : "**incomplete**");

function request({ relay }) {
  if (!relay) return null;
  const [scenario] = scenarios(relay, /^one token/);
  return markdown(
    ["", "CPU per request, µs", "beside the pipe", "time to the first token", "beside the pipe"],
    relaysOf(relay).map((one) => {
      const row = find(relay.results, scenario, one);
      return [
        name(one),
        figure(row.cpuMicrosPerToken),
        times(row.cpuBesidePipe),
        ms(row.firstTokenMicros),
        times(row.firstTokenBesidePipe),
      ];
    }),
  );
}

function join({ join: part }) {
  if (!part) return null;
  const lengths = unique(part.results.map(({ tokens }) => tokens));
  return markdown(
    [
      "the run has come to",
      ...lengths.map((tokens) => `${figure(tokens)} tokens`),
      "bytes per token",
      "texts",
    ],
    relaysOf(part).map((one) => {
      const rows = lengths.map((tokens) =>
        part.results.find((row) => row.relay === one && row.tokens === tokens),
      );
      const cells = rows.map((row) => `${figure(row.medianMs, "ms")} (worst ${figure(row.worstMs)})`);
      return [name(one), ...cells, figure(rows.at(-1).bytesPerToken), wholeness(rows)];
    }),
  );
}

function growth({ growth: part }) {
  if (!part) return null;
  const units = { "length of the run": "tokens", "viewers of one run": "viewers", "runs at once": "runs" };
  return Object.entries(units)
    .map(([what, unit]) => {
      const rows = part.results.filter((row) => row.what === what);
      const values = unique(rows.map(({ value }) => value));
      const head = `CPU per token${unit === "viewers" ? " and viewer" : ""}, µs, by ${what}`;
      return markdown(
        [head, ...values.map((value) => `${figure(value)} ${value === 1 ? unit.slice(0, -1) : unit}`)],
        relaysOf({ results: rows }).map((one) => [
          name(one),
          ...values.map((value) =>
            dash(figure(rows.find((row) => row.relay === one && row.value === value)?.cpuMicros)),
          ),
        ]),
      );
    })
    .join("\n\n");
}

function memory({ bounds }) {
  if (!bounds) return null;
  const open = markdown(
    [`${figure(bounds.count)} open streams`, "memory of each", "beside the pipe", "of heap"],
    bounds.open.map((row) => [
      name(row.relay),
      kilobytes(row.bytesEach),
      times(row.besidePipe),
      kilobytes(row.heapEach),
    ]),
  );
  const flooded = markdown(
    [`${bounds.upstreamMegabytes} MB from upstream, a viewer that does not read`, "before", "peak", "more"],
    bounds.floods.map(({ relay, before, peak }) => [
      name(relay),
      megabytes(before),
      megabytes(peak),
      megabytes(peak - before),
    ]),
  );
  return `${open}\n\n${flooded}`;
}

function viewers({ viewers: part }) {
  if (!part?.viewers) return null;
  const head = `${figure(part.viewers)} viewers of ${figure(part.runs)} runs`;
  return `${markdown([head, ""], viewerRows(part))}\n\n${machineOf(part)}`;
}

function flushes({ render }) {
  if (!render) return null;
  const keyOf = ({ bytes, before, setting }) => `${bytes} ${before} ${setting}`;
  return unique(render.flushes.map(keyOf))
    .map((key) => {
      const rows = render.flushes.filter((row) => keyOf(row) === key);
      const [{ bytes, before, setting, wanted }] = rows;
      const title = before
        ? `from ${figure(before / 1_000)} KB to ${figure((before + bytes) / 1_000)} KB`
        : `${figure(bytes / 1_000)} KB`;
      return markdown(
        [
          `${title} in ${figure(wanted)} flushes${setting && `, ${setting}`}`,
          "in all",
          "median",
          "p95",
          "first tenth",
          "last tenth",
        ],
        rows.map((row) => [
          name(row.technique),
          total(row),
          ...[row.medianMs, row.p95Ms, row.firstTenthMs, row.lastTenthMs].map((value) => figure(value, "ms")),
        ]),
      );
    })
    .join("\n\n");
}

const total = ({ totalMs, flushes: done, wanted }) =>
  done < wanted
    ? `given up after ${figure(totalMs, "ms")}, at ${Math.floor((done / wanted) * 100)} %`
    : figure(totalMs, "ms");

function frames({ render }) {
  if (!render) return null;
  const sizes = unique(render.frames.map(({ before }) => before));
  return sizes
    .map((before) =>
      markdown(
        [`${figure(before / 1_000)} KB are there`, "frame p50", "p95", "longest", "frames missed"],
        render.frames
          .filter((row) => row.before === before)
          .map((row) => [
            name(row.technique),
            ...[row.p50Ms, row.p95Ms, row.maxMs].map((value) => figure(value, "ms")),
            `${Math.round(row.missed * 100)} %`,
          ]),
      ),
    )
    .join("\n\n");
}

const machineOf = ({ machine, measuredOn, isQuick }) =>
  `Measured on ${measuredOn}: ${machine.cpu}, ${machine.cores} core${machine.cores > 1 ? "s" : ""}, ${figure(machine.memoryBytes / 1e9)} GB, Node ${machine.node.replace("v", "")}${isQuick ? ", with --quick" : ""}.`;

function machine(results) {
  const lines = unique(Object.values(results).map(machineOf));
  return lines.length > 0 ? lines.join("\n") : null;
}

function leftOut(results) {
  const all = Object.values(results).flatMap((part) => part.leftOut);
  const lines = unique(
    all.map((left) => `- ${left.name}${left.scenario ? `, ${left.scenario}` : ""}: ${left.why}.`),
  );
  return lines.length > 0 ? lines.join("\n") : "Nothing.";
}

/** The README's: what a reader asks first. */
function summary({ relay, bounds, render }) {
  if (!relay) return null;
  const flood = scenarios(relay, /^flood,/).at(-1);
  const [pace] = scenarios(relay, /^100 /);
  const [one] = scenarios(relay, /^one token/);
  const table = markdown(
    [
      "beside a raw byte pipe",
      `CPU per token, ${flood}`,
      `CPU per token, ${pace}`,
      "latency p50",
      "first token",
      "can resume",
    ],
    relaysOf(relay).map((who) => {
      const rows = [flood, pace, one].map((scenario) => find(relay.results, scenario, who));
      return [
        name(who),
        dash(times(rows[0]?.cpuBesidePipe)),
        dash(times(rows[1]?.cpuBesidePipe)),
        dash(times(rows[1]?.latencyP50BesidePipe)),
        dash(times(rows[2]?.firstTokenBesidePipe)),
        OURS.test(who) || who.includes("resumable") ? "yes" : "no",
      ];
    }),
  );
  const ours = bounds?.open.find(({ relay: who }) => who === "ai-progress-stream");
  const stream = ours
    ? `\n\nAn open stream takes ${kilobytes(ours.bytesEach)}, ${times(ours.besidePipe)} what the pipe takes for one.`
    : "";
  const flushed = render?.flushes.filter(({ bytes, before }) => bytes === 100_000 && !before) ?? [];
  const inSetting = (wanted) => flushed.filter(({ setting }) => setting === wanted);
  const [away, undrawn] = unique(flushed.map(({ setting }) => setting)).slice(1);
  const cells = (row) => (row ? [total(row), figure(row.p95Ms, "ms")] : ["–", "–"]);
  const shown =
    flushed.length > 0
      ? `\n\n${markdown(
          [
            "100 KB of text in the browser, in 2,000 flushes",
            ...["its end in sight", away, undrawn].flatMap((setting) => [setting, "p95"]),
          ],
          inSetting("").map((row) => [
            name(row.technique),
            ...[
              row,
              ...[away, undrawn].map((wanted) =>
                inSetting(wanted).find(({ technique }) => technique === row.technique),
              ),
            ].flatMap(cells),
          ]),
        )}`
      : "";
  const isLater = render && render.measuredOn !== relay.measuredOn;
  const later = isLater ? ` What concerns the browser: on ${render.measuredOn}.` : "";
  return `${table}${stream}${shown}\n\n${machineOf(relay)}${later}`;
}

export const tables = {
  summary,
  machine,
  floods,
  paced,
  request,
  join,
  growth,
  memory,
  viewers,
  flushes,
  frames,
  "left-out": leftOut,
};
