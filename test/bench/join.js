/*
 * How long until a viewer who joins a long run has all its text: the run stands at so many tokens and goes on, its
 * first viewer still reading.
 */
import { findRelays } from "./relay/relays.js";
import { figure, median, printTable } from "./support/figures.js";
import { ask, createProcesses } from "./support/processes.js";

export async function measure({ isQuick, redisUrl }) {
  const lengths = isQuick ? [1_000, 20_000] : [1_000, 5_000, 20_000];
  const times = isQuick ? 10 : 20;
  const { relays, leftOut } = findRelays(redisUrl, ({ canResume }) => canResume);
  const processes = createProcesses();
  const results = [];
  try {
    const { message: port } = await processes.start("relay/upstream.js");
    const { child: load } = await processes.start("relay/load.js");
    for (const relay of relays) {
      const env = { UPSTREAM: `http://127.0.0.1:${port}`, ...relay.env };
      const { message } = await processes.start(relay.file, env);
      const base = `http://127.0.0.1:${message.port}`;
      for (const tokens of lengths) {
        const begun = await ask(load, { url: `${base}/held/${tokens}`, until: tokens, keep: true });
        const url = new URL(begun.location, base).href;
        const joined = await ask(load, { url, method: "GET", until: tokens, times });
        results.push({
          relay: relay.name,
          tokens,
          medianMs: median(joined.wholes),
          worstMs: Math.max(...joined.wholes),
          bytesPerToken: joined.bytes / (tokens * times),
          isWhole: joined.fewest >= tokens,
        });
        await ask(load, { release: true });
      }
    }
  } finally {
    processes.stop();
  }
  printTable(
    "joining a run that has come so far: until all its text is there",
    ["relay", "tokens", "median ms", "worst ms", "B/token", "texts"],
    results.map((row) => [
      row.relay,
      row.tokens,
      figure(row.medianMs),
      figure(row.worstMs),
      figure(row.bytesPerToken),
      row.isWhole ? "whole" : "INCOMPLETE",
    ]),
  );
  return { times, leftOut, results };
}
