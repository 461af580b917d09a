import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ProgressServerOptions } from "@ai-progress-stream/server";
import type { RedisStoreOptions } from "@ai-progress-stream/server/redis";
import { onTestFinished } from "vitest";
import { REDIS_SECRET, type TestRedis } from "./redis.js";

export interface NodeSettings {
  readonly redis: { readonly url: string; readonly secret: string };
  readonly upstream: string;
  readonly server: Omit<ProgressServerOptions, "store" | "clock" | "logger">;
  readonly store: Partial<RedisStoreOptions>;
}

export interface TestNode {
  readonly url: string;
  readonly process: ChildProcess;
  /** Lines of its log. */
  readonly logged: { level: string; message?: string }[];
  readonly exited: Promise<number | null>;
}

const entry = fileURLToPath(new URL("node-app.ts", import.meta.url));
const folder = fileURLToPath(new URL("..", import.meta.url));

/** Runs the sources, as the tests themselves do: nothing needs to be built. */
const bootstrap = `
  import { runnerImport, loadConfigFromFile } from "vite";
  const { config } = await loadConfigFromFile({ command: "serve", mode: "test" }, "vitest.config.ts");
  await runnerImport(${JSON.stringify(entry)}, { configFile: false, resolve: config.resolve, ssr: config.ssr, logLevel: "error" });
`;

/** A process of its own that serves \x over the same Redis as its peers; killed when the test is over. */
export async function startNode(
  redis: TestRedis,
  upstream: string,
  server: NodeSettings["server"] = {},
  store: NodeSettings["store"] = {},
): Promise<TestNode> {
  const settings: NodeSettings = { redis: { url: redis.url, secret: REDIS_SECRET }, upstream, server, store };
  const child = spawn(process.execPath, ["--input-type=module", "-e", bootstrap], {
    cwd: folder,
    env: { PATH: process.env["PATH"], NODE_SETTINGS: JSON.stringify(settings) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const logged: TestNode["logged"] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
    const lines = errors.split("\n");
    errors = lines.pop() ?? "";
    for (const line of lines)
      logged.push(line.startsWith("{") ? JSON.parse(line) : { level: "?", message: line });
  });
  const origin = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (line: string) => resolve(line.trim()));
    exited.then((code) =>
      reject(new Error(`the node ended with ${code}: ${JSON.stringify(logged)}${errors}`)),
    );
  });
  return { url: `${origin}/chat`, process: child, logged, exited };
}
