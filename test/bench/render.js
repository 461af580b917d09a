/*
 * What a flush costs the main thread, script, style and layout, beside what else a page could do: all in one run,
 * since only the ratios mean anything. Each answer stands in a scroller that is held at its end.
 *
 *   node test/bench/render.js              100 KB in 2,000 flushes by each technique; ours up to 1 MB
 *   node test/bench/render.js --quick      10 KB only
 */
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { createServer } from "vite";
import { findBrowser } from "../support/browser.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BUDGET_MS = 60_000;
const isQuick = process.argv.includes("--quick");
const sizes = isQuick ? [10_000] : [10_000, 100_000, 1_000_000];
const cases = [
  ["ai-progress-stream", "text", sizes],
  ["ai-progress-stream, Markdown", "markdown", sizes],
  ["textContent +=", "text", sizes.slice(0, 2)],
  ["append() of a text node", "text", sizes.slice(0, 2)],
  ["Lit's text binding", "text", sizes.slice(0, 2)],
  ["innerHTML of the whole", "text", sizes.slice(0, 2)],
];

const server = await createServer({
  configFile: false,
  mode: "production",
  root: here("page"),
  cacheDir: here("../../.cache/vite-bench"),
  logLevel: "warn",
  resolve: { conditions: ["ai-progress-stream-source", "module", "browser"] },
  server: { port: 0, host: "127.0.0.1", hmr: false, fs: { allow: [here("../..")] } },
});
await server.listen();
const options = await findBrowser();
const browser = await puppeteer.launch({
  ...options,
  args: [...options.args, "--disable-frame-rate-limit", "--disable-gpu-vsync"],
});
const rows = [];
try {
  for (const bytes of sizes) {
    for (const [technique, format, itsSizes] of cases) {
      if (itsSizes.includes(bytes))
        rows.push(await measure({ technique, format, bytes, flushes: bytes / 50 }));
    }
  }
} finally {
  await browser.close();
  await server.close();
}
console.table(rows);

async function measure(wish) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.setViewport({ width: 800, height: 600 });
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForFunction("window.measure");
  await page.addStyleTag({
    content:
      ".box { inline-size: 640px; block-size: 480px; overflow-y: auto; font: 15px/1.6 sans-serif; white-space: pre-wrap }",
  });
  const before = await page.metrics();
  const outcome = await page.evaluate((given) => window.measure(given), { ...wish, budgetMs: BUDGET_MS });
  const after = await page.metrics();
  await page.close();
  const ms = (value) => Number(value.toFixed(2));
  const row = {
    technique: wish.technique,
    KB: wish.bytes / 1_000,
    flushes: outcome.flushes < wish.flushes ? `${outcome.flushes} of ${wish.flushes}` : outcome.flushes,
    "total ms": Math.round(outcome.totalMs),
    "median ms": ms(outcome.medianMs),
    "p95 ms": ms(outcome.p95Ms),
    "max ms": ms(outcome.maxMs),
    "first tenth": ms(outcome.firstMs),
    "last tenth": ms(outcome.lastMs),
    "tasks ms": Math.round((after.TaskDuration - before.TaskDuration) * 1_000),
  };
  console.log(JSON.stringify(row));
  return row;
}
