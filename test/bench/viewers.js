/*
 * Many viewers of many runs on one process with redisStore: connections to Redis, memory per viewer, how late a piece of
 * text is there, and whether each text is exact. Needs redis-server, and two open files per viewer (`ulimit -n`).
 *
 *   VIEWERS=10000 RUNS=200 node test/bench/viewers.js      (after npm run build)
 */
import { execSync, fork, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";

const RUNS = Number(process.env.RUNS ?? 200);
const DELTAS = Number(process.env.DELTAS ?? 20);
const PAUSE_MS = Number(process.env.PAUSE_MS ?? 1_000);
const LONGEST_MS = 180_000;
const limit = execSync("ulimit -n", { shell: "/bin/sh" }).toString().trim();
const most = limit === "unlimited" ? Infinity : Number(limit) - 500;
const wanted = Number(process.env.VIEWERS ?? 10_000);
const VIEWERS = Math.min(wanted, most);
if (VIEWERS < wanted) console.log(`ulimit -n is ${limit}: ${VIEWERS} viewers instead of ${wanted}`);

const children = [];
setTimeout(() => stop(new Error("the benchmark took too long")), LONGEST_MS).unref();

function stop(error) {
  if (error) console.error(error);
  for (const child of children) child.kill("SIGKILL");
  process.exit(error ? 1 : 0);
}

async function startRedis() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const redis = spawn("redis-server", args, { stdio: "ignore" });
  redis.once("error", stop);
  children.push(redis);
  await pause(500);
  return `redis://127.0.0.1:${port}`;
}

function startServer(url) {
  const file = fileURLToPath(new URL("viewers-process.js", import.meta.url));
  const env = { ...process.env, REDIS_URL: url, DELTAS: String(DELTAS), PAUSE_MS: String(PAUSE_MS) };
  const child = fork(file, { env, execArgv: ["--expose-gc"] });
  children.push(child);
  return new Promise((resolve) => child.once("message", resolve));
}

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
const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

async function manyViewers(port, redis) {
  const runs = await Promise.all(Array.from({ length: RUNS }, () => post(port, "/job")));
  const before = await memory(port);
  const lateMs = [];
  let opened = 0;
  let exact = 0;
  const startedAt = performance.now();
  const viewers = [];
  for (let n = 0; n < VIEWERS; n++) {
    const run = runs[n % RUNS];
    const expected = Array.from({ length: DELTAS }, (_, count) => `${run}:${count} `).join("");
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
  while (opened < VIEWERS) await pause(10);
  const attachedMs = performance.now() - startedAt;
  await pause(1_000);
  const watching = await memory(port);
  const list = String(await redis.sendCommand(["CLIENT", "LIST"]));
  const connections = list.split("\n").filter((line) => line.includes("name=ai-progress-stream ")).length;
  await redis.sendCommand(["CONFIG", "RESETSTAT"]);
  await fetch(`http://127.0.0.1:${port}/go`);
  const connected = await Promise.all(viewers);
  const again = connected.reduce((sum, count) => sum + count - 1, 0);
  const after = await memory(port);
  const stats = String(await redis.sendCommand(["INFO", "commandstats"]));
  const [, scripts, eachUs] = /cmdstat_evalsha:calls=(\d+),.*?usec_per_call=([\d.]+)/.exec(stats);
  lateMs.sort((a, b) => a - b);
  const each = (field) => `${((watching[field] - before[field]) / VIEWERS / 1000).toFixed(1)} kB`;
  const seconds = (DELTAS * PAUSE_MS) / 1000;
  console.log(`${VIEWERS} viewers, each on a socket of its own, of ${RUNS} runs on one process:`);
  console.log(`  connections to Redis     ${connections}`);
  console.log(`  attached in              ${(attachedMs / 1000).toFixed(1)} s`);
  console.log(
    `  memory                   ${mb(before.rss)} before, ${mb(watching.rss)} with all: ${each("rss")} a viewer (${each("heapUsed")} of heap)`,
  );
  console.log(
    `  deliveries               ${lateMs.length}, ${Math.round(lateMs.length / seconds)} a second: p50 ${at(lateMs, 0.5)} ms, p99 ${at(lateMs, 0.99)} ms, worst ${lateMs.at(-1)} ms`,
  );
  console.log(
    `  scripts in Redis         ${scripts}, ${Math.round(scripts / seconds)} a second, ${Math.round(eachUs)} \u00b5s each`,
  );
  console.log(
    `  processor time           ${((after.cpuMs - watching.cpuMs) / seconds / 10).toFixed(0)} % of a core`,
  );
  console.log(
    `  texts exact              ${exact} of ${VIEWERS}${again ? `, ${again} times by connecting anew` : ""}`,
  );
  if (exact !== VIEWERS) throw new Error("not every text was exact");
}

async function lateJoins(port) {
  const run = await (await fetch(`http://127.0.0.1:${port}/long`)).json();
  const state = await (await fetch(`http://127.0.0.1:${port}/job/${run}`)).json();
  const times = [];
  let events = 0;
  for (let n = 0; n < 20; n++) {
    const startedAt = performance.now();
    await follow(port, `/job/${run}`, (name, event) => {
      if (name === "open") return;
      events++;
      if (event.state?.text !== state.text) throw new Error("a late viewer's text is not exact");
    });
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  console.log(`joining a run of ${state.seq - 1} pieces, ${state.text.length} characters, late:`);
  console.log(
    `  ${events / 20} event a viewer, p50 ${at(times, 0.5).toFixed(1)} ms, worst ${at(times, 1).toFixed(1)} ms`,
  );
}

try {
  const url = await startRedis();
  const redis = await createClient({ url, name: "operator" }).connect();
  const port = await startServer(url);
  await manyViewers(port, redis);
  await lateJoins(port);
  stop();
} catch (error) {
  stop(error);
}
