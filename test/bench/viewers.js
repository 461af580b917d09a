/*
 * Many viewers of many runs on one process with redisStore: connections to Redis, memory per viewer, how late a piece of
 * text is there, and whether each text is exact. Needs redis-server, and an open file per viewer (`ulimit -n`).
 * VIEWERS, RUNS, DELTAS and PAUSE_MS in the environment make it another size.
 */
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "redis";
import { figure, kilobytes, percentile } from "./support/figures.js";
import { withinOpenFiles } from "./support/open-files.js";
import { createProcesses } from "./support/processes.js";

/** A viewer as a client is one: connects anew, with the last id that it has seen, until it has its end. */
async function follow(port, path, onEvent) {
  let id = null;
  let hasEnded = false;
  for (let connections = 1; ; connections++) {
    await view(port, path, id, (name, event, newId) => {
      id = newId ?? id;
      hasEnded ||= name === "end" || (name === "snapshot" && event.state.status !== "running");
      onEvent(name, event);
    });
    if (hasEnded) return connections;
    await pause(100);
  }
}

/** One connection of it, a bare socket. HTTP/1.0, so that the answer comes without chunks around it. */
function view(port, path, id, onEvent) {
  let rest = "";
  let isBody = false;
  const lastId = id === null ? "" : `last-event-id: ${id}\r\n`;
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("utf8");
  socket.write(`GET ${path} HTTP/1.0\r\nhost: x\r\naccept: text/event-stream\r\n${lastId}\r\n`);
  const closed = new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", resolve);
  });
  socket.on("data", (chunk) => {
    rest += chunk;
    if (!isBody) {
      const head = rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      isBody = true;
      rest = rest.slice(head + 4);
    }
    const frames = rest.split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const name = /^event: (.*)$/m.exec(frame)?.[1];
      if (name) onEvent(name, JSON.parse(/^data: (.*)$/m.exec(frame)[1]), /^id: (.*)$/m.exec(frame)?.[1]);
    }
  });
  return closed;
}

async function post(port, path) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "respond-async" },
    body: "{}",
  });
  return (await answer.json()).run;
}

const memory = async (port) => (await fetch(`http://127.0.0.1:${port}/memory`)).json();

async function manyViewers(port, redis, { viewerCount, runCount, deltas, pauseMs }) {
  const runs = await Promise.all(Array.from({ length: runCount }, () => post(port, "/job")));
  const before = await memory(port);
  const lateMs = [];
  let opened = 0;
  let exact = 0;
  const startedAt = performance.now();
  const viewers = [];
  for (let n = 0; n < viewerCount; n++) {
    const run = runs[n % runCount];
    const expected = Array.from({ length: deltas }, (_, count) => `${run}:${count} `).join("");
    let text = "";
    let snapshots = 0;
    const ended = follow(port, `/job/${run}`, (name, event) => {
      if (name === "snapshot") {
        if (snapshots++ === 0) opened++;
        text = event.state.text;
      } else if (name === "text") {
        lateMs.push(Date.now() - event.at);
        text += event.delta;
      }
      const status = name === "end" ? event.status : event.state?.status;
      if (status === "succeeded" && text === expected) exact++;
    });
    viewers.push(ended);
    while (viewers.length - opened > 200) await pause(2);
  }
  while (opened < viewerCount) await pause(10);
  const attachedMs = performance.now() - startedAt;
  await pause(1_000);
  const watching = await memory(port);
  const list = String(await redis.sendCommand(["CLIENT", "LIST"]));
  const connections = list.split("\n").filter((line) => line.includes("name=ai-progress-stream ")).length;
  await redis.sendCommand(["CONFIG", "RESETSTAT"]);
  await fetch(`http://127.0.0.1:${port}/go`);
  const connected = await Promise.all(viewers);
  const reconnects = connected.reduce((sum, count) => sum + count - 1, 0);
  const after = await memory(port);
  const stats = String(await redis.sendCommand(["INFO", "commandstats"]));
  const [, scripts, eachUs] = /cmdstat_evalsha:calls=(\d+),.*?usec_per_call=([\d.]+)/.exec(stats);
  const seconds = (deltas * pauseMs) / 1000;
  return {
    viewers: viewerCount,
    runs: runCount,
    connections,
    attachedMs,
    bytesEach: (watching.rss - before.rss) / viewerCount,
    heapEach: (watching.heapUsed - before.heapUsed) / viewerCount,
    deliveriesPerSecond: lateMs.length / seconds,
    lateP50Ms: percentile(lateMs, 0.5),
    lateP99Ms: percentile(lateMs, 0.99),
    scriptsPerSecond: Number(scripts) / seconds,
    scriptMicros: Number(eachUs),
    coreShare: (after.cpuMs - watching.cpuMs) / seconds / 1000,
    exact,
    reconnects,
  };
}

const given = (name, otherwise) => Number(process.env[name] ?? otherwise);

export async function measure({ isQuick, redisUrl }) {
  if (!redisUrl) {
    const why = "no redis-server on the PATH";
    console.log(`\nviewers: left out, ${why}`);
    return { leftOut: [{ name: "ai-progress-stream, Redis", why }] };
  }
  const wish = {
    viewerCount: withinOpenFiles(given("VIEWERS", isQuick ? 1_000 : 10_000), 1, "viewers"),
    runCount: given("RUNS", isQuick ? 50 : 200),
    deltas: given("DELTAS", isQuick ? 5 : 20),
    pauseMs: given("PAUSE_MS", 1_000),
  };
  const processes = createProcesses();
  const redis = await createClient({ url: redisUrl, name: "operator" }).connect();
  try {
    const env = { REDIS_URL: redisUrl, DELTAS: String(wish.deltas), PAUSE_MS: String(wish.pauseMs) };
    const { message: port } = await processes.start("viewers-process.js", env);
    const result = await manyViewers(port, redis, wish);
    print(result);
    return { ...result, leftOut: [] };
  } finally {
    processes.stop();
    redis.destroy();
  }
}

export const rowsOf = (result) => [
  ["connections to Redis", String(result.connections)],
  ["attached in", figure(result.attachedMs / 1_000, "s")],
  ["memory a viewer", `${kilobytes(result.bytesEach)} (${kilobytes(result.heapEach)} of heap)`],
  ["deliveries a second", figure(result.deliveriesPerSecond)],
  [
    "a piece of text is late by",
    `${figure(result.lateP50Ms, "ms")} p50, ${figure(result.lateP99Ms, "ms")} p99`,
  ],
  [
    "scripts in Redis",
    `${figure(result.scriptsPerSecond)} a second, ${figure(result.scriptMicros, "µs")} each`,
  ],
  ["processor time", `${Math.round(result.coreShare * 100)} % of a core`],
  [
    "texts exact",
    `${figure(result.exact)} of ${figure(result.viewers)}${result.reconnects ? `, ${result.reconnects} times by connecting anew` : ""}`,
  ],
];

function print(result) {
  console.log(
    `\n${result.viewers} viewers, each on a socket of its own, of ${result.runs} runs on one process with redisStore`,
  );
  for (const [what, value] of rowsOf(result)) console.log(`  ${what.padEnd(28)} ${value}`);
}
