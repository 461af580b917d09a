/*
 * Whether a token costs the same however much there is: against the length of the run, the viewers of one run, and the
 * runs at once. What grows is told beside the raw pipe, which has one viewer a run.
 */
import { findRelays, SATURATED } from "./relay/relays.js";
import { figure, median, printTable } from "./support/figures.js";
import { ask, createProcesses } from "./support/processes.js";

const PER_SECOND = 50;

export async function measure({ isQuick, redisUrl }) {
  const rounds = isQuick ? 2 : 3;
  const { relays, leftOut } = findRelays(
    redisUrl,
    ({ name, canResume, isSlow }) => name.startsWith("raw") || (canResume && !isSlow),
  );
  const processes = createProcesses();
  const results = [];
  try {
    const { message: port } = await processes.start("relay/upstream.js");
    const { child: load } = await processes.start("relay/load.js");
    const upstream = `http://127.0.0.1:${port}`;
    const running = [];
    for (const relay of relays) {
      running.push({
        ...relay,
        ...(await processes.start(relay.file, { UPSTREAM: upstream, ...relay.env })),
      });
    }
    for (const { what, unit, values, wishOf, needsResume, mostBounded = Infinity } of series(isQuick)) {
      const taking = running.filter(({ canResume }) => canResume || !needsResume);
      const rows = [];
      for (const value of values) {
        const able = taking.filter(({ isBounded }) => !(isBounded && value > mostBounded));
        const seen = new Map(able.map(({ name }) => [name, []]));
        for (let round = -1; round < rounds; round++) {
          for (const relay of able) {
            const cost = await costOf(relay, load, upstream, wishOf(value));
            if (round >= 0) seen.get(relay.name).push(cost);
          }
        }
        rows.push(
          ...able.map(({ name }) => ({ what, value, relay: name, cpuMicros: median(seen.get(name)) })),
        );
      }
      results.push(...rows);
      for (const { name, isBounded } of taking) {
        if (isBounded && values.at(-1) > mostBounded)
          leftOut.push({ name, scenario: `${values.at(-1)} ${unit}`, why: SATURATED });
      }
      printTable(
        `CPU us per token${needsResume ? " and viewer" : ""}, by ${what}`,
        ["relay", ...values.map((value) => `${value} ${unit}`)],
        taking.map(({ name }) => [
          name,
          ...values.map((value) =>
            figure(rows.find((row) => row.relay === name && row.value === value)?.cpuMicros),
          ),
        ]),
      );
    }
  } finally {
    processes.stop();
  }
  return { rounds, leftOut, results };
}

const series = (isQuick) => [
  {
    what: "length of the run",
    unit: "tokens",
    values: isQuick ? [1_000, 16_000] : [1_000, 4_000, 16_000, 64_000],
    // As many tokens in all, however they are cut.
    wishOf: (tokens) => ({ path: `/flood/${tokens}`, streams: 1, times: 64_000 / tokens }),
  },
  {
    what: "viewers of one run",
    unit: "viewers",
    values: isQuick ? [1, 16] : [1, 4, 16, 64],
    needsResume: true,
    wishOf: (viewers) => ({ path: `/paced/${isQuick ? 50 : 100}/${PER_SECOND}/wait`, viewers }),
  },
  {
    what: "runs at once",
    unit: "runs",
    values: isQuick ? [1, 100] : [1, 10, 100, 500],
    mostBounded: 100,
    wishOf: (streams) => ({ path: `/paced/${isQuick ? 50 : 100}/${PER_SECOND}`, streams }),
  },
];

/** Microseconds of CPU for each token that a viewer was sent. */
async function costOf({ child, message }, load, upstream, { path, viewers, ...wish }) {
  const base = `http://127.0.0.1:${message.port}`;
  if (viewers) {
    const run = await ask(load, { url: base + path, begin: true });
    const others = viewers - 1;
    if (others > 0)
      await ask(load, { url: base + run.location, method: "GET", streams: others, begin: true });
    const watching = await ask(child, "begin");
    await (await fetch(`${upstream}/go`)).arrayBuffer();
    const seen = await ask(load, { finish: true });
    const after = await ask(child, "cost");
    return (after.cpuMicros - watching.cpuMicros) / seen.tokens;
  }
  const before = await ask(child, "begin");
  const seen = await ask(load, { url: base + path, ...wish });
  const after = await ask(child, "cost");
  return (after.cpuMicros - before.cpuMicros) / seen.tokens;
}
