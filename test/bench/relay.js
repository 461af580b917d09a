/*
 * What a relay costs beside copying the bytes: CPU per token, latency, bytes per token, time to the first token, CPU per
 * request, and whether every text is whole. Upstream, relay and viewers are processes of their own. Each round of a
 * relay follows one of the pipe, and medians are taken, so only the ratios within one run mean anything. The relays are
 * measured one after the other: a process that waits for the others' rounds loses its optimised code meanwhile.
 */
import { findRelays, SATURATED } from "./relay/relays.js";
import { figure, median, percentile, printTable, ratio } from "./support/figures.js";
import { ask, createProcesses } from "./support/processes.js";

/** Until what is run for each token and for each request has been optimised. */
const WARM_UP_ROUNDS = 5;

const floodOf = (name, path, all) => (streams) => {
  const tokens = Math.round(all / streams);
  const what = `${streams} stream${streams > 1 ? "s" : ""}`;
  return { name: `${name}, ${what}`, path: `/${path}/${tokens}`, streams, tokens };
};

const scenariosOf = (isQuick) => [
  ...[1, 8, 64].map(floodOf("flood", "flood", isQuick ? 6_400 : 16_000)),
  ...[1, 64].map(floodOf("flood in blocks", "blocks", isQuick ? 16_000 : 64_000)),
  ...[100, 500].map((streams) => ({
    name: `${streams} streams at 50 tokens a second`,
    path: `/paced/${isQuick ? 50 : 100}/50`,
    streams,
    tokens: isQuick ? 50 : 100,
    isHard: streams === 500,
  })),
  { name: "one token a request", path: "/flood/1", streams: 1, times: isQuick ? 50 : 200, tokens: 1 },
];

async function measureOnce(relay, load, { path, streams, times = 1, tokens }) {
  const before = await ask(relay.child, "begin");
  const seen = await ask(load, { url: `http://127.0.0.1:${relay.message.port}${path}`, streams, times });
  const after = await ask(relay.child, "cost");
  return {
    cpu: (after.cpuMicros - before.cpuMicros) / Math.max(1, seen.tokens),
    bytes: seen.bytes / Math.max(1, seen.tokens),
    p50: percentile(seen.latencies, 0.5) * 1_000,
    p99: percentile(seen.latencies, 0.99) * 1_000,
    first: percentile(seen.firsts, 0.5) * 1_000,
    isWhole: seen.fewest === tokens,
  };
}

export async function measure({ isQuick, redisUrl }) {
  const rounds = isQuick ? 3 : 5;
  const slowRounds = isQuick ? 1 : 3;
  const { relays, leftOut } = findRelays(redisUrl);
  const processes = createProcesses();
  const results = [];
  try {
    const { message: port } = await processes.start("relay/upstream.js");
    const { child: load } = await processes.start("relay/load.js");
    const running = [];
    for (const relay of relays) {
      const env = { UPSTREAM: `http://127.0.0.1:${port}`, ...relay.env };
      running.push({ ...relay, ...(await processes.start(relay.file, env)) });
    }
    for (const scenario of scenariosOf(isQuick)) {
      const taking = running.filter(({ isBounded }) => !(isBounded && scenario.isHard));
      const [pipe, ...others] = taking;
      const pairs = new Map(taking.map(({ name }) => [name, []]));
      for (const relay of others) {
        for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
          if (relay.isSlow && (round < -1 || round >= slowRounds)) continue;
          const beside = await measureOnce(pipe, load, scenario);
          const result = await measureOnce(relay, load, scenario);
          if (round < 0) continue;
          pairs.get(relay.name).push([result, beside]);
          pairs.get(pipe.name).push([beside, beside]);
        }
      }
      const rows = taking.map(({ name }) => summary(scenario, name, pairs.get(name)));
      results.push(...rows);
      print(scenario, rows);
      for (const { name } of running.filter((relay) => !taking.includes(relay))) {
        leftOut.push({ name, scenario: scenario.name, why: SATURATED });
      }
    }
  } finally {
    processes.stop();
  }
  return { rounds, slowRounds, leftOut, results };
}

/** `pairs`: what each round gave, and the pipe's round before it. */
function summary(scenario, relay, pairs) {
  const of = (read) => median(pairs.map(([result]) => read(result)));
  const besidePipe = (read) => median(pairs.map(([result, beside]) => read(result) / read(beside)));
  return {
    scenario: scenario.name,
    relay,
    cpuMicrosPerToken: of(({ cpu }) => cpu),
    cpuBesidePipe: besidePipe(({ cpu }) => cpu),
    latencyP50Micros: of(({ p50 }) => p50),
    latencyP50BesidePipe: besidePipe(({ p50 }) => p50),
    latencyP99Micros: of(({ p99 }) => p99),
    firstTokenMicros: of(({ first }) => first),
    firstTokenBesidePipe: besidePipe(({ first }) => first),
    bytesPerToken: of(({ bytes }) => bytes),
    isWhole: pairs.every(([{ isWhole }]) => isWhole),
  };
}

function print({ name, tokens }, rows) {
  const isRequest = tokens === 1;
  printTable(
    name,
    isRequest
      ? ["relay", "CPU us/request", "x pipe", "first token us", "x pipe", "texts"]
      : ["relay", "CPU us/token", "x pipe", "p50 us", "x pipe", "p99 us", "B/token", "texts"],
    rows.map((row) => [
      row.relay,
      figure(row.cpuMicrosPerToken),
      ratio(row.cpuBesidePipe),
      ...(isRequest
        ? [figure(row.firstTokenMicros), ratio(row.firstTokenBesidePipe)]
        : [
            figure(row.latencyP50Micros),
            ratio(row.latencyP50BesidePipe),
            figure(row.latencyP99Micros),
            figure(row.bytesPerToken),
          ]),
      row.isWhole ? "whole" : "INCOMPLETE",
    ]),
  );
}
