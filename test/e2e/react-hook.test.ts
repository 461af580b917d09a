import { fileURLToPath } from "node:url";
import { createServer } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { openPage } from "../support/demo.js";
import { until } from "../support/gate.js";
import type { Seen } from "./pages/react-hook/main.js";

test("the React hook starts from a child's effect, once, and follows its options to another storage", async () => {
  const server = await createServer({
    configFile: false,
    root: fileURLToPath(new URL("pages/react-hook", import.meta.url)),
    cacheDir: fileURLToPath(new URL("../../.cache/vite-react-hook", import.meta.url)),
    logLevel: "warn",
    resolve: { conditions: ["ai-progress-stream-source", "module", "browser"] },
    optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime"] },
    oxc: { jsx: { runtime: "automatic" } },
    server: {
      port: 0,
      host: "127.0.0.1",
      hmr: false,
      fs: { allow: [fileURLToPath(new URL("../..", import.meta.url))] },
    },
  });
  onTestFinished(() => server.close());
  await server.listen();
  const [url = ""] = server.resolvedUrls?.local ?? [];
  const page = await openPage(url);
  const seen = (): Promise<Seen> => page.evaluate(() => (window as unknown as { seen: Seen }).seen);
  const stored = (): Promise<string[]> => page.evaluate(() => Object.keys(sessionStorage));

  await until(async () => (await seen()).requests > 0);
  // In strict mode an effect runs twice: the second start finds the run of the first under way.
  expect((await seen()).refusals.filter((reason) => !reason.includes("under way"))).toEqual([]);
  expect((await seen()).requests).toBe(1);
  expect(await stored()).toEqual(["one"]);

  await page.click("button");
  await page.evaluate(() => (window as unknown as { show: (name: string) => void }).show("two"));
  await page.click("#start");
  await until(async () => (await seen()).requests === 2);
  expect(await stored()).toEqual(["two"]);
});
