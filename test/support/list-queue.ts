import { createClient } from "redis";

/** A queue as small as can be: a list of jobs, and one list for each consumer of what it is at. */
export interface ListQueue<Job> {
  add(job: Job): Promise<void>;
  /** The next job, taken into the consumer's own list; null: none came for a moment. */
  take(consumer: string): Promise<Job | null>;
  /** Takes a job out of the consumer's list. */
  done(consumer: string, job: Job): Promise<void>;
  /** What a queue does when it notices that a consumer is dead: hands its jobs out again. */
  redeliver(consumer: string): Promise<number>;
  close(): void;
}

const PENDING = "jobs";
const listOf = (consumer: string): string => `jobs:${consumer}`;

export function listQueue<Job>(url: string): ListQueue<Job> {
  const client = createClient({ url, name: "queue" });
  client.on("error", () => {});
  let connected: Promise<unknown> | null = null;
  const call = async (...args: readonly string[]): Promise<unknown> => {
    connected ??= client.connect();
    await connected;
    return client.sendCommand(args);
  };
  return {
    async add(job) {
      await call("LPUSH", PENDING, JSON.stringify(job));
    },
    async take(consumer) {
      const job = await call("BLMOVE", PENDING, listOf(consumer), "RIGHT", "LEFT", "0.2");
      return job === null ? null : (JSON.parse(String(job)) as Job);
    },
    async done(consumer, job) {
      await call("LREM", listOf(consumer), "0", JSON.stringify(job));
    },
    async redeliver(consumer) {
      for (let count = 0; ; count++) {
        if ((await call("LMOVE", listOf(consumer), PENDING, "LEFT", "LEFT")) === null) return count;
      }
    },
    close() {
      if (connected) client.destroy();
    },
  };
}
