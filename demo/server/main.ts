import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createDemoApp } from "./app.js";
import { readConfig } from "./config.js";
import { builtPages, livePages } from "./page.js";

try {
  await main(process.argv.includes("--prod"));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(isProd: boolean): Promise<void> {
  const config = readConfig();
  const server = createServer();
  const page = isProd ? builtPages() : await livePages(server);
  const demo = await createDemoApp(config);
  demo.app.use(page.handler);

  server.on("request", demo.app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === "EADDRINUSE";
      reject(
        isTaken ? new Error(`Port ${config.port} is taken. Choose another: PORT=3001 npm start`) : error,
      );
    });
    server.listen(config.port, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const upstream = config.upstream
    ? `${config.upstream.baseURL ?? config.upstream.provider}, model ${config.upstream.model}`
    : "a simulated provider (set AI_PROVIDER or AI_BASE_URL, AI_API_KEY and AI_MODEL for a real one)";
  console.log(`\n  ai-progress-stream demo:  http://localhost:${port}\n  answers come from ${upstream}\n`);

  let isClosing = false;
  async function shutDown(): Promise<void> {
    if (isClosing) return;
    isClosing = true;
    server.close();
    await demo.close();
    await page.close();
    server.closeAllConnections();
  }
  process.on("SIGTERM", () => void shutDown());
  process.on("SIGINT", () => void shutDown());
}
