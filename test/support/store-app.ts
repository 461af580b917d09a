/* Stores in a process of their own: what a child process of the contract suite runs, told what to call over IPC. */
import type { RunStore } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import type { StoreAnswer, StoreCall } from "./remote-store.js";

const stores = new Map<string, RunStore>();
const leaves = new Map<number, () => void>();
let now = 0;
const clock = { now: () => now, after: () => () => {} };
const tell = (answer: StoreAnswer): void => void process.send?.(answer);

async function perform(call: StoreCall): Promise<unknown> {
  const { url, method, args, id } = call;
  now = call.now;
  const store = stores.get(url) ?? redisStore({ url, secret: call.secret, clock });
  stores.set(url, store);
  if (method === "watch" || method === "watchOrders") {
    leaves.set(
      id,
      store[method](String(args[0]), () => tell({ id, wake: true })),
    );
    return null;
  }
  if (method === "unwatch") return leaves.get(Number(args[0]))?.();
  if (method === "close") stores.delete(url);
  return (store[method] as (...args: readonly unknown[]) => unknown)(...args);
}

process.on("message", async (call: StoreCall) => {
  try {
    tell({ id: call.id, value: await perform(call) });
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    tell({ id: call.id, error: { name, message, code } });
  }
});
tell({ id: 0, value: "ready" });
