/* Every relay under measure runs in a process of its own and answers here: what it has cost so far. */

/** Serves `handler` on a free port, tells the parent the port, and its CPU time and memory when asked. */
export function serve(createServer, handler) {
  const server = createServer(handler);
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
  process.on("message", (question) => {
    // Before a round, not within it: what a forced collection costs is no relay's cost.
    if (question === "settle") globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    process.send({ cpuMicros: user + system, rss: process.memoryUsage().rss });
  });
}

/** Where the bench wants this request to go: the relay's own path carries the scenario on. */
export const upstreamUrl = (path) => `${process.env.UPSTREAM}${path}`;
