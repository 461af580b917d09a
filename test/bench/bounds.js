/*
 * What the server holds on to, measured: memory while an upstream floods a viewer that does not read, and with
 * thousands of open streams. Separate processes for upstream, server and viewers.
 *
 *   node test/bench/bounds.js            (after npm run build)
 */
import { fork } from "node:child_process";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";

const STREAMS = Number(process.env.STREAMS ?? 5_000);
const MEGABYTES = Number(process.env.MEGABYTES ?? 200);
const children = [];

function start(name, env, execArgv = []) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const child = fork(file, { env: { ...process.env, ...env }, execArgv });
  children.push(child);
  return new Promise((resolve) => child.once("message", resolve));
}

const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const memory = async (port) => (await fetch(`http://127.0.0.1:${port}/memory`)).json();

/** A viewer as a bare socket: sends its request, and reads only if it is told to. */
function viewer(port, reads) {
  const body = '{"prompt":"x"}';
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const opened = new Promise((resolve) => {
    if (reads) socket.once("data", resolve);
    else socket.once("connect", resolve);
  });
  if (reads) socket.resume();
  else socket.pause();
  socket.write(
    `POST /chat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return { socket, opened };
}

async function flood() {
  const upstream = await start("upstream-process.js", { MEGABYTES: String(MEGABYTES) });
  const port = await start("server-process.js", { UPSTREAM: `http://127.0.0.1:${upstream}/flood/v1` }, [
    "--expose-gc",
  ]);
  const before = await memory(port);
  const { socket, opened } = viewer(port, false);
  await opened;
  let last = await memory(port);
  let peak = last.peak;
  for (let still = 0; still < 6; ) {
    await pause(500);
    const now = await memory(port);
    peak = Math.max(peak, now.peak);
    still = Math.abs(now.heap - last.heap) < 200_000 ? still + 1 : 0;
    last = now;
  }
  console.log(`flood of ${MEGABYTES} MB upstream at a viewer that does not read:`);
  console.log(
    `  before ${mb(before.rss)}, peak ${mb(peak)} (+${mb(peak - before.rss)}), after ${mb(last.rss)}`,
  );
  socket.destroy();
}

async function streams() {
  const upstream = await start("upstream-process.js", {});
  const port = await start("server-process.js", { UPSTREAM: `http://127.0.0.1:${upstream}/hold/v1` }, [
    "--expose-gc",
  ]);
  const before = await memory(port);
  const viewers = [];
  for (let n = 0; n < STREAMS; n += 100) {
    const batch = Array.from({ length: Math.min(100, STREAMS - n) }, () => viewer(port, true));
    await Promise.all(batch.map(({ opened }) => opened));
    viewers.push(...batch);
  }
  await pause(1_000);
  const after = await memory(port);
  const each = (after.rss - before.rss) / STREAMS;
  console.log(`${STREAMS} open streams, each with an upstream call of its own:`);
  console.log(
    `  before ${mb(before.rss)}, with all open ${mb(after.rss)}: ${(each / 1000).toFixed(1)} kB a stream`,
  );
  for (const { socket } of viewers) socket.destroy();
}

try {
  await flood();
  await streams();
} finally {
  for (const child of children) child.kill();
}
