import { startProcess } from "./nodes.js";
import { REDIS_SECRET, type TestRedis } from "./redis.js";

export interface LeftoverSettings {
  /** Null: the runs are in memory. */
  readonly redis: { readonly url: string; readonly secret: string } | null;
  readonly upstream: string;
  /** Whether it closes its progress server, or only what is its own. */
  readonly closes: boolean;
}

export interface LeftoverApp {
  /** Where it relays. */
  readonly url: string;
  /** Tells it to stop. Gives what then keeps it alive, by name, and its exit code once it has ended by itself. */
  stop(): Promise<{ left: string[]; code: number | null }>;
}

/** A process with one relay. It runs the packages as `npm run build` has left them. */
export async function startLeftoverApp(
  upstream: string,
  redis: TestRedis | null,
  closes = true,
): Promise<LeftoverApp> {
  const settings: LeftoverSettings = {
    redis: redis && { url: redis.url, secret: REDIS_SECRET },
    upstream,
    closes,
  };
  const { process, firstLine, lines, exited } = startProcess("leftover-app.ts", settings);
  return {
    url: await firstLine,
    async stop() {
      process.kill("SIGTERM");
      const code = await exited;
      return { left: JSON.parse(lines[1] ?? "null") as string[], code };
    },
  };
}
