import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import type { RunStore } from "@ai-progress-stream/server";
import { type RedisStoreOptions, redisStore } from "@ai-progress-stream/server/redis";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import { freePort } from "./free-port.js";

/** Null, or why there is no Redis to test with. */
export const whyNoRedis: string | null = spawnSync("redis-server", ["--version"]).error
  ? "redis-server is not installed; on Debian: apt-get install redis-server"
  : null;

if (whyNoRedis) console.warn(`Skipped: ${whyNoRedis}`);

export const REDIS_SECRET = "a secret that only the tests know";

export interface TestRedis {
  readonly url: string;
  /** One command, as an operator would type it. */
  command(...args: readonly string[]): Promise<unknown>;
  /** Fields of INFO. */
  info(section: string): Promise<Readonly<Record<string, string>>>;
  /** It accepts connections and answers nobody, until what this gives is called. */
  standStill(): () => void;
  /** Kills it, with all that it holds. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
  /** A store on it that is closed when the test is over. */
  store(options?: Partial<RedisStoreOptions>): RunStore;
}

/** A real Redis on a free port of loopback, gone when the test is over. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;

  const redis: TestRedis = {
    url,
    async command(...args) {
      const client = createClient({ url, name: "operator", socket: { reconnectStrategy: false } });
      client.on("error", () => {});
      await client.connect();
      try {
        return await client.sendCommand(args);
      } finally {
        client.destroy();
      }
    },
    async info(section) {
      const lines = String(await redis.command("INFO", section)).split("\r\n");
      return Object.fromEntries(lines.filter((line) => line.includes(":")).map((line) => line.split(":", 2)));
    },
    async start() {
      const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
      const process = spawn("redis-server", args, { stdio: "pipe" });
      server = process;
      await new Promise<void>((resolve, reject) => {
        let said = "";
        process.stdout?.on("data", (chunk: Buffer) => {
          said += chunk.toString();
          if (said.includes("Ready to accept connections")) resolve();
        });
        process.once("exit", () => reject(new Error(`redis-server did not start:\n${said}`)));
      });
    },
    standStill() {
      const process = server;
      process?.kill("SIGSTOP");
      return () => process?.kill("SIGCONT");
    },
    async kill() {
      const process = server;
      server = null;
      if (!process) return;
      const exited = new Promise((resolve) => process.once("exit", resolve));
      process.kill("SIGKILL");
      await exited;
    },
    store(options = {}) {
      const store = redisStore({ url, secret: REDIS_SECRET, ...options });
      onTestFinished(() => store.close());
      return store;
    },
  };
  await redis.start();
  onTestFinished(() => redis.kill());
  return redis;
}
