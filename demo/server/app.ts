import { createProgressServer, openaiChat, type ProgressServer } from "@ai-progress-stream/server";
import { redisStore } from "@ai-progress-stream/server/redis";
import express, { type Express } from "express";
import { analyzeTask } from "./analyze.js";
import type { DemoConfig } from "./config.js";
import { createNetworkSwitch } from "./network-switch.js";
import { createProvider } from "./provider.js";
import { startSimulatedProvider } from "./simulated-provider.js";

export interface DemoApp {
  readonly app: Express;
  readonly progress: ProgressServer;
  /** Lets runs finish for a moment, then ends all that the app has opened. */
  close(): Promise<void>;
}

/** The whole demo without its page: two endpoints, a health check, the network switch. */
export async function createDemoApp(config: DemoConfig): Promise<DemoApp> {
  const simulated = config.upstream === null ? await startSimulatedProvider() : null;
  const provider = config.upstream
    ? createProvider(config.upstream)
    : openaiChat({ baseURL: simulated?.baseURL });
  const model = config.upstream?.model ?? "simulated";
  const progress = createProgressServer({
    ...(config.redis ? { store: redisStore(config.redis) } : {}),
    abandonAfterMs: config.abandonAfterMs,
    heartbeatMs: config.heartbeatMs,
    timeouts: config.timeouts,
  });
  const network = createNetworkSwitch();
  const app = express();
  app.disable("x-powered-by");

  app.use(network.welcome);
  app.use("/api", network.guard);
  app.use("/api/chat", progress.relay({ provider, models: { default: model } }));
  app.use("/api/analyze", progress.task(analyzeTask(provider, model)));
  // With runs in Redis there may be other nodes, whose streams this one cannot cut.
  const canCut = config.redis === null;
  if (canCut) app.post("/demo/network", express.json(), network.control);
  app.get("/health", (_req, res) => {
    res.json({ status: "healthy", provider: simulated ? "simulated" : provider.name, model, canCut });
  });

  return {
    app,
    progress,
    async close() {
      await progress.close({ drainMs: 5_000 });
      await simulated?.close();
    },
  };
}
