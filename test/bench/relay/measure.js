/* Every relay under measure runs in a process of its own and answers here: what it has cost so far. */

/**
 * Serves `handler` on a free port, tells the parent the port, and when it is asked its memory (`memory`) and what it has
 * cost: from `begin` to `cost`.
 */
export function serve(createServer, handler) {
  const server = createServer(handler);
  server.keepAliveTimeout = 60_000;
  process.once("disconnect", () => process.exit());
  server.listen(0, "127.0.0.1", 4096, () => process.send({ port: server.address().port }));
  let peak = 0;
  let isWatched = false;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  process.on("message", (question) => {
    // Looking costs: only where memory is what is measured.
    if (question === "memory" && !isWatched) {
      isWatched = true;
      setInterval(look, 20);
    }
    // Only there: a collection that is forced throws optimised code away, and each round would pay for it anew.
    if (question === "memory") globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    process.send({ cpuMicros: user + system, rss, heapUsed, peak: Math.max(peak, rss) });
  });
}

/** Where the bench wants this request to go: the relay's own path carries the scenario on. */
export const upstreamUrl = (path) => `${process.env.UPSTREAM}${path}`;
