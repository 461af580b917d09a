/*
 * What a relay holds on to: memory while an upstream floods a viewer that does not read, and with thousands of open
 * streams, each with an upstream call of its own.
 */
import { connect } from "node:net";
import { findRelays } from "./relay/relays.js";
import { kilobytes, megabytes, printTable, ratio } from "./support/figures.js";
import { withinOpenFiles } from "./support/open-files.js";
import { ask, createProcesses } from "./support/processes.js";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A viewer as a bare socket: sends its request, and reads only if it is told to. */
function viewer(port, path, reads) {
  const body = '{"prompt":"x"}';
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const opened = new Promise((resolve) => socket.once(reads ? "data" : "connect", resolve));
  if (reads) socket.resume();
  else socket.pause();
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return { socket, opened };
}

export async function measure({ isQuick, redisUrl }) {
  const count = withinOpenFiles(isQuick ? 1_000 : 5_000, 2, "open streams");
  const upstreamMegabytes = isQuick ? 50 : 200;
  const processes = createProcesses();
  const floods = [];
  const open = [];
  const { relays: flooded, leftOut } = findRelays(redisUrl, ({ needsRedis }) => !needsRedis);
  try {
    const { message: port } = await processes.start("relay/upstream.js");
    const start = ({ file, env }) =>
      processes.start(file, { UPSTREAM: `http://127.0.0.1:${port}`, ...env, DEFAULT_LIMITS: "1" });
    for (const relay of flooded) {
      try {
        floods.push(await flood(relay, await start(relay), upstreamMegabytes));
      } catch (error) {
        leftOut.push({ name: relay.name, scenario: "a viewer that does not read", why: error.message });
      }
    }
    printTable(
      `${upstreamMegabytes} MB from upstream at a viewer that does not read`,
      ["relay", "before", "peak", "more"],
      floods.map(({ relay, before, peak }) => [
        relay,
        megabytes(before),
        megabytes(peak),
        megabytes(peak - before),
      ]),
    );
    const compared = findRelays(
      redisUrl,
      ({ name }) => name.startsWith("raw") || name.startsWith("ai-progress"),
    );
    for (const relay of compared.relays) open.push(await hold(relay, await start(relay), count));
    leftOut.push(...compared.leftOut);
    for (const row of open) row.besidePipe = row.bytesEach / open[0].bytesEach;
    printTable(
      `${count} open streams, each with an upstream call of its own`,
      ["relay", "before", "with all", "a stream", "of heap", "x pipe"],
      open.map((row) => [
        row.relay,
        megabytes(row.before),
        megabytes(row.after),
        kilobytes(row.bytesEach),
        kilobytes(row.heapEach),
        ratio(row.besidePipe),
      ]),
    );
  } finally {
    processes.stop();
  }
  return { upstreamMegabytes, floods, count, open, leftOut };
}

async function flood({ name }, { child, message }, size) {
  const before = await ask(child, "memory");
  const { socket, opened } = viewer(message.port, `/megabytes/${size}`, false);
  await opened;
  let last = await ask(child, "memory");
  // Until it takes no more: a second without a change, or the peer's end.
  for (let still = 0, rounds = 0; still < 4 && rounds < 60; rounds++) {
    await pause(250);
    const now = await ask(child, "memory");
    const isStill = Math.abs(now.rss - last.rss) < 1e6 && now.cpuMicros - last.cpuMicros < 60_000;
    still = isStill ? still + 1 : 0;
    last = now;
  }
  socket.destroy();
  child.removeAllListeners("exit").kill();
  return { relay: name, before: before.rss, peak: last.peak };
}

async function hold({ name }, { child, message }, count) {
  const before = await ask(child, "begin");
  const viewers = [];
  for (let n = 0; n < count; n += 100) {
    const batch = Array.from({ length: Math.min(100, count - n) }, () =>
      viewer(message.port, "/held/1", true),
    );
    await Promise.all(batch.map(({ opened }) => opened));
    viewers.push(...batch);
  }
  await pause(1_000);
  const after = await ask(child, "begin");
  for (const { socket } of viewers) socket.destroy();
  child.removeAllListeners("exit").kill();
  return {
    relay: name,
    before: before.rss,
    after: after.rss,
    bytesEach: (after.rss - before.rss) / count,
    heapEach: (after.heapUsed - before.heapUsed) / count,
  };
}
