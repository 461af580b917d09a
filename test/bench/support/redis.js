/* A Redis of the bench's own, gone when it is over. */
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** @returns {Promise<{ url: string, stop(): void } | null>} null where no redis-server is on the PATH. */
export async function startRedis() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", ["--port", String(port), ...options], { stdio: "ignore" });
  process.once("exit", () => server.kill());
  let isGone = false;
  server.once("error", () => {
    isGone = true;
  });
  server.once("exit", () => {
    isGone = true;
  });
  while (!isGone) {
    if (await accepts(port)) return { url: `redis://127.0.0.1:${port}`, stop: () => server.kill() };
    await pause(20);
  }
  return null;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
