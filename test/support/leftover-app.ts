/*
 * A process that serves jobs until it is told to stop, and then says what it has left behind. What a child process of a
 * test runs; see leftovers.ts.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createProgressServer, memoryStore, openaiChat } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import express from "express";
import type { LeftoverSettings } from "./leftovers.js";

const { redis, upstream, closes } = JSON.parse(process.env["NODE_SETTINGS"] ?? "") as LeftoverSettings;
const stop = new Promise((resolve) => process.once("SIGTERM", resolve));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** The names of what keeps a process alive. What writes to stdout comes and goes. */
const held = (): string[] => process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY)/.test(name));
const before = held();

const progress = createProgressServer({ store: redis ? redisStore(redis) : memoryStore() });
const provider = openaiChat({ baseURL: upstream, apiKey: "unused" });
const app = express();
app.use("/chat", progress.relay({ provider, models: { default: "m" } }));
const listening = createServer(app).listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(listening.address() as AddressInfo).port}/chat\n`);
});

await stop;
const isClosed = new Promise((resolve) => listening.close(resolve));
if (closes) await progress.close({ drainMs: 0 });
await isClosed;
// A socket that is destroyed has gone by the end of the turn, and what it woke by that of the next.
for (let count = 0; count < 3; count++) await turn();
const left = held();
for (const name of before) left.splice(left.indexOf(name), left.includes(name) ? 1 : 0);
process.stdout.write(`${JSON.stringify(left)}\n`);
// The process now ends by itself, or hangs for the test to see.
