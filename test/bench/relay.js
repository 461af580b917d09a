/*
 * What a relay costs beside copying the bytes: CPU per token, latency, bytes per token, time to the first token, and
 * whether every text is whole. Upstream, relay and viewers are processes of their own; rounds are interleaved and
 * medians taken, so only the ratios within one run mean anything.
 *
 *   node test/bench/relay.js [--quick]          (after npm run build)
 *
 * Peers are compared where `npm ci` was run in test/bench/relay/peers, and what needs Redis where REDIS_URL is set.
 */
import { fork } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 3 : 7;
const relays = [
  { name: "raw pipe (node:http)", file: "relay/relays/pipe.js" },
  { name: "ai-progress-stream", file: "relay/relays/ours.js" },
  ...(process.env.REDIS_URL
    ? [
        {
          name: "ai-progress-stream, Redis",
          file: "relay/relays/ours.js",
          env: { REDIS_URL: process.env.REDIS_URL },
        },
      ]
    : []),
  ...[
    ["tutorial: Express + axios", "tutorial"],
    ["better-sse", "better-sse"],
    ["http-proxy-middleware", "http-proxy"],
    ["AI SDK", "ai-sdk"],
    ["AI SDK + resumable-stream, Redis", "ai-sdk-resumable"],
  ]
    .map(([name, file]) => ({
      name,
      file: `relay/peers/${file}.js`,
      env: name.includes("Redis") ? { REDIS_URL: process.env.REDIS_URL } : {},
    }))
    .filter(({ file }) => existsSync(here("relay/peers/node_modules")) && existsSync(here(file)))
    .filter(({ name }) => process.env.REDIS_URL || !name.includes("Redis")),
];
const scenarios = [
  { name: "flood, 1 stream", path: "/flood/40000", streams: 1, tokens: 40_000 },
  { name: "flood, 8 streams", path: "/flood/5000", streams: 8, tokens: 5_000 },
  { name: "flood, 64 streams", path: "/flood/1000", streams: 64, tokens: 1_000 },
  { name: "100 streams x 50/s", path: "/paced/150/50", streams: 100, tokens: 150 },
  { name: "500 streams x 50/s", path: "/paced/100/50", streams: 500, tokens: 100 },
  { name: "first token", path: "/flood/1", streams: 1, times: 100, tokens: 1 },
];

const children = [];
function start(file, env = {}) {
  const child = fork(here(file), {
    env: { ...process.env, REDIS_URL: "", ...env },
    execArgv: ["--expose-gc"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve({ child, message }));
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}
const ask = (child, question) =>
  new Promise((resolve) => {
    child.once("message", resolve);
    child.send(question);
  });
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const percentile = (values, p) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))] ?? Number.NaN;

async function measure(relay, load, { path, streams, times = 1, tokens }) {
  const before = await ask(relay.child, "cost");
  const seen = await ask(load, { url: `http://127.0.0.1:${relay.message.port}${path}`, streams, times });
  const after = await ask(relay.child, "cost");
  return {
    cpu: (after.cpuMicros - before.cpuMicros) / Math.max(1, seen.tokens),
    bytes: seen.bytes / Math.max(1, seen.tokens),
    p50: percentile(seen.latencies, 0.5) * 1000,
    p99: percentile(seen.latencies, 0.99) * 1000,
    first: percentile(seen.firsts, 0.5) * 1000,
    isWhole: seen.fewest === tokens,
  };
}

const results = [];
try {
  const upstream = await start("relay/upstream.js");
  const UPSTREAM = `http://127.0.0.1:${upstream.message}`;
  const { child: load } = await start("relay/load.js");
  const running = [];
  for (const relay of relays)
    running.push({ ...relay, ...(await start(relay.file, { UPSTREAM, ...relay.env })) });
  for (const scenario of scenarios) {
    const rounds = running.map(() => []);
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [index, relay] of running.entries()) {
        const result = await measure(relay, load, scenario);
        if (round > 0) rounds[index].push(result); // the first warms up
      }
    }
    console.log(`\n${scenario.name}`);
    for (const [index, { name }] of running.entries()) {
      const of = (read) => median(rounds[index].map(read));
      const against = (read) =>
        median(rounds[index].map((result, round) => read(result) / read(rounds[0][round])));
      const row = {
        scenario: scenario.name,
        relay: name,
        cpuMicrosPerToken: of(({ cpu }) => cpu),
        cpuBesidePipe: against(({ cpu }) => cpu),
        latencyP50Micros: of(({ p50 }) => p50),
        latencyP50BesidePipe: against(({ p50 }) => p50),
        latencyP99Micros: of(({ p99 }) => p99),
        firstTokenMicros: of(({ first }) => first),
        firstTokenBesidePipe: against(({ first }) => first),
        bytesPerToken: of(({ bytes }) => bytes),
        isWhole: rounds[index].every(({ isWhole }) => isWhole),
      };
      results.push(row);
      console.log(
        `  ${name.padEnd(34)} cpu ${row.cpuMicrosPerToken.toFixed(2).padStart(8)} us/token  x${row.cpuBesidePipe.toFixed(2)}` +
          `   p50 ${row.latencyP50Micros.toFixed(0).padStart(7)} us x${row.latencyP50BesidePipe.toFixed(2)}` +
          `   first x${row.firstTokenBesidePipe.toFixed(2)}   ${row.bytesPerToken.toFixed(0).padStart(4)} B/token` +
          `   ${row.isWhole ? "whole" : "INCOMPLETE"}`,
      );
    }
  }
} finally {
  for (const child of children) child.removeAllListeners("exit").kill();
}
mkdirSync(here("results"), { recursive: true });
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
writeFileSync(
  here("results/relay.json"),
  `${JSON.stringify({ machine, rounds: ROUNDS, results }, null, 2)}\n`,
);
