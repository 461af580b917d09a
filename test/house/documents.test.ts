import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".cache/documents");

/** What a reader has already: an app, a queue, jobs of their own. And what is not installed here. */
const readersOwn = `
import type { ExpressRequest, Provider, QueuedJob } from "@ai-progress-stream/server";
declare global {
  const app: import("express").Express;
  const progress: ReturnType<typeof import("@ai-progress-stream/server").createProgressServer>;
  const createProgressServer: typeof import("@ai-progress-stream/server").createProgressServer;
  const redisStore: typeof import("@ai-progress-stream/server/redis").redisStore;
  const openaiChat: typeof import("@ai-progress-stream/server").openaiChat;
  const provider: Provider;
  const schema: import("zod").ZodType<{ url: string }>;
  const queue: { add(name: string, job: QueuedJob, options: { jobId: string }): Promise<unknown> };
  const [url, secret, apiKey, uploadedId]: string[];
  const messages: readonly { event: string; data: string; id: string }[];
  // In JavaScript nobody says what an input is.
  const element: {
    addEventListener(type: "ai-before-start", listener: (event: CustomEvent) => void): void;
  } & import("@ai-progress-stream/element").AiProgressStream;
  const db: { save(run: string, text: string, result: unknown): Promise<void> };
  function extract(
    url: string,
    options: { signal: AbortSignal; onPage: (n: number, total: number) => void },
  ): Promise<string[]>;
  function promptFor(pages: readonly string[]): string;
  function userOf(request: ExpressRequest): string | null;
  function save(state: import("@ai-progress-stream/protocol").RunState): Promise<void>;
  function translate(label: string): string;
}
`;
const notInstalled = `
declare module "bullmq" {
  export class Worker {
    constructor(name: string, perform: (job: { data: any }) => Promise<unknown>);
  }
}
declare module "helmet" {
  export default function helmet(options: object): import("express").RequestHandler;
}
declare module "express-rate-limit" {
  type Handler = import("express").RequestHandler;
  type Request = import("express").Request;
  export function rateLimit(options: {
    windowMs: number; limit: number; standardHeaders: string; legacyHeaders: boolean;
    skip: (request: Request) => boolean; handler: Handler;
  }): Handler;
}
`;

const documents = [
  "README.md",
  "docs/scaling.md",
  "packages/protocol/README.md",
  "packages/server/README.md",
  "packages/element/README.md",
];

const blocks = documents.flatMap((document) => {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/^```(ts|tsx|js)\n(.*?)^```/gms)].map(({ 1: kind, 2: code = "", index }) => {
    const line = text.slice(0, index).split("\n").length;
    const isTsx = kind === "tsx";
    return {
      name: `${document}:${line}`,
      code,
      file: `${document.replaceAll("/", "-")}-${line}.ts${isTsx ? "x" : ""}`,
    };
  });
});

/** Compiles them all, each as a module of its own. Gives what the compiler says of each. */
function compile(): Map<string, string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { code, file } of blocks) writeFileSync(join(folder, file), `${code}\nexport {};\n`);
  writeFileSync(join(folder, "readers-own.d.ts"), readersOwn);
  writeFileSync(join(folder, "not-installed.d.ts"), notInstalled);
  const config = {
    extends: "../../test/tsconfig.json",
    compilerOptions: {
      composite: false,
      noEmit: true,
      incremental: false,
      tsBuildInfoFile: null,
      // They are parts of a program: what they make is used further on.
      noUnusedLocals: false,
      noUnusedParameters: false,
      exactOptionalPropertyTypes: false,
      noPropertyAccessFromIndexSignature: false,
    },
    include: ["."],
    references: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/.bin/tsc");
  const { stdout, error } = spawnSync(tsc, ["-p", folder, "--pretty", "false"], {
    encoding: "utf8",
    cwd: folder,
  });
  if (error) throw error;
  const said = new Map<string, string>();
  for (const line of stdout.split("\n").filter((text) => text !== "")) {
    const file = /^([^(\s]+)\(/.exec(line)?.[1] ?? "";
    said.set(file, `${said.get(file) ?? ""}${line}\n`);
  }
  return said;
}

describe("the code in the documents", () => {
  const said = compile();

  test.each(blocks)("compiles: $name", ({ file, code }) => {
    expect(said.get(file) ?? "", code).toBe("");
  });
  test("is all that the compiler has looked at", () => {
    expect(blocks.length).toBeGreaterThan(10);
    const files = new Set(blocks.map(({ file }) => file));
    expect([...said].filter(([file]) => !files.has(file))).toEqual([]);
  });
});
