import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ProgressServerOptions, ProgressWorkerOptions, QueuedJob } from "@ai-progress-stream/server";
import type { RedisStoreOptions } from "@ai-progress-stream/server/redis";
import { onTestFinished } from "vitest";
import { REDIS_SECRET, type TestRedis } from "./redis.js";

export interface NodeSettings {
  readonly redis: { readonly url: string; readonly secret: string };
  readonly upstream: string;
  readonly server: Omit<ProgressServerOptions, "store" | "clock" | "logger">;
  readonly store: Partial<RedisStoreOptions>;
}

export interface WorkerSettings {
  readonly redis: NodeSettings["redis"];
  readonly worker: Omit<ProgressWorkerOptions, "store" | "clock" | "logger">;
}

/** What the workers of the tests can do: say the numbers below `count`. */
export type CountingJob = QueuedJob<{
  readonly count: number;
  readonly pauseMs: number;
  readonly resume: boolean;
}>;

interface TestProcess {
  readonly process: ChildProcess;
  /** Lines of its log. */
  readonly logged: { level: string; message?: string }[];
  readonly exited: Promise<number | null>;
}

export interface TestNode extends TestProcess {
  /** Where it relays. */
  readonly url: string;
  /** Where it takes jobs for the workers. */
  readonly queued: string;
}

export interface TestWorker extends TestProcess {
  /** Its name as a consumer of the queue. */
  readonly consumer: string;
  /** What it has said so far: that it performs a run, and how that came out. */
  readonly said: readonly Readonly<Record<string, unknown>>[];
}

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Runs an entry from its source, on the packages as `npm run build` has left them: a process of its own takes no alias. */
const bootstrap = (entry: string): string => `
  import { runnerImport, loadConfigFromFile } from "vite";
  const { config } = await loadConfigFromFile({ command: "serve", mode: "test" }, "vitest.config.ts");
  await runnerImport(${JSON.stringify(fileURLToPath(new URL(entry, import.meta.url)))}, {
    configFile: false, resolve: config.resolve, ssr: config.ssr, logLevel: "error",
  });
`;

/** A process that is spoken to over IPC. Whoever starts it ends it. */
export function forkSource(entry: string): ChildProcess {
  return spawn(process.execPath, ["--input-type=module", "-e", bootstrap(entry)], {
    cwd: folder,
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // JSON would lose Infinity, and halves of surrogate pairs.
    serialization: "advanced",
  });
}

interface StartedProcess extends TestProcess {
  /** Of stdout. */
  readonly lines: readonly string[];
  readonly firstLine: Promise<string>;
}

/** A process of its own, killed when the test is over. */
export function startProcess(entry: string, settings: object): StartedProcess {
  const child = spawn(process.execPath, ["--input-type=module", "-e", bootstrap(entry)], {
    cwd: folder,
    env: { PATH: process.env["PATH"], NODE_SETTINGS: JSON.stringify(settings) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const logged: TestProcess["logged"] = [];
  const lines: string[] = [];
  const firstLine = new Promise<string>((resolve, reject) => {
    eachLine(child.stdout, (line) => {
      lines.push(line);
      resolve(line);
    });
    exited.then((code) => reject(new Error(`the process ended with ${code}: ${JSON.stringify(logged)}`)));
  });
  eachLine(child.stderr, (line) =>
    logged.push(line.startsWith("{") ? JSON.parse(line) : { level: "?", message: line }),
  );
  return { process: child, logged, exited, lines, firstLine };
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
}

/** A process that serves /chat and /queued over the same Redis as its peers. */
export async function startNode(
  redis: TestRedis,
  upstream: string,
  server: NodeSettings["server"] = {},
  store: NodeSettings["store"] = {},
): Promise<TestNode> {
  const settings: NodeSettings = { redis: { url: redis.url, secret: REDIS_SECRET }, upstream, server, store };
  const started = startProcess("node-app.ts", settings);
  const origin = await started.firstLine;
  return { ...started, url: `${origin}/chat`, queued: `${origin}/queued` };
}

/** A process that performs what the nodes have queued. */
export async function startWorker(
  redis: TestRedis,
  worker: WorkerSettings["worker"] = {},
): Promise<TestWorker> {
  const settings: WorkerSettings = { redis: { url: redis.url, secret: REDIS_SECRET }, worker };
  const started = startProcess("worker-app.ts", settings);
  await started.firstLine;
  return {
    ...started,
    consumer: String(started.process.pid),
    get said() {
      return started.lines.slice(1).map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}
