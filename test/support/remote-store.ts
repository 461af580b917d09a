import type { Clock, RunStore } from "@ai-progress-stream/server";
import { onTestFinished } from "vitest";
import { forkSource } from "./nodes.js";
import { REDIS_SECRET, type TestRedis } from "./redis.js";

export interface StoreCall {
  readonly id: number;
  readonly url: string;
  readonly secret: string;
  readonly method: keyof RunStore | "unwatch";
  readonly args: readonly unknown[];
  /** What the store's clock is to say. */
  readonly now: number;
}

export type StoreAnswer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly wake: true }
  | { readonly error: { readonly name: string; readonly message: string; readonly code: string | undefined } }
);

/** A process that keeps stores, one for each Redis that it is told of. */
export interface StoreProcess {
  /** A store of that process, gone when the test is over; it goes by `clock`. */
  store(redis: TestRedis, clock: Clock): RunStore;
  kill(): void;
}

export async function startStoreProcess(): Promise<StoreProcess> {
  const child = forkSource("store-app.ts");
  const waiting = new Map<number, (answer: StoreAnswer) => void>();
  const watching = new Map<number, () => void>();
  let count = 0;
  const ready = new Promise((resolve) => waiting.set(0, resolve));
  child.on("message", (answer: StoreAnswer) => {
    if ("wake" in answer) watching.get(answer.id)?.();
    else waiting.get(answer.id)?.(answer);
  });
  await ready;

  return {
    kill: () => child.kill("SIGKILL"),
    store(redis, clock) {
      const send = (method: StoreCall["method"], args: readonly unknown[], id = ++count): Promise<unknown> =>
        new Promise((resolve, reject) => {
          waiting.set(id, (answer) => {
            waiting.delete(id);
            if ("error" in answer) reject(Object.assign(new Error(answer.error.message), answer.error));
            else resolve("value" in answer ? answer.value : undefined);
          });
          child.send({
            id,
            url: redis.url,
            secret: REDIS_SECRET,
            method,
            args,
            now: clock.now(),
          } satisfies StoreCall);
        });
      const listen = (method: "watch" | "watchOrders") => (run: string, wake: () => void) => {
        const id = ++count;
        watching.set(id, wake);
        void send(method, [run], id);
        return () => {
          watching.delete(id);
          void send("unwatch", [id]);
        };
      };
      const call =
        (method: keyof RunStore) =>
        (...args: readonly unknown[]): Promise<never> =>
          send(method, args) as Promise<never>;
      const store: Required<RunStore> = {
        create: call("create"),
        find: call("find"),
        append: call("append"),
        renew: call("renew"),
        read: call("read"),
        watch: listen("watch"),
        watchOrders: listen("watchOrders"),
        attend: call("attend"),
        leave: call("leave"),
        claim: call("claim"),
        requestCancel: call("requestCancel"),
        reap: call("reap"),
        close: call("close"),
      };
      onTestFinished(() => store.close());
      return store;
    },
  };
}
