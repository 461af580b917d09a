/*
 * What a flush costs the main thread, script, style and layout, beside what else a page could do; and how long frames
 * take while text comes in. Each answer stands in a scroller that is held at its end, where nothing else is said.
 */
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { createServer } from "vite";
import { findBrowser } from "../support/browser.js";
import { figure, percentile, printTable } from "./support/figures.js";
import { installPeers } from "./support/peers.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BYTES_A_FLUSH = 50;
/** A frame of 60 a second takes 16.7 ms: what took longer than this was missed. */
const MISSED_MS = 25;
const FRAMES = 150;
/** The box is not scrolled: the end of the text is soon below what is to be seen. */
const AWAY = "its end out of sight";
/** As techniques are compared elsewhere: not scrolled either, and laid out at each flush without ever being drawn. */
const UNDRAWN = "no frame between";
const ours = ["ai-progress-stream", "ai-progress-stream, Markdown"];
/** Shows no text: what no technique on this machine can fall below. */
const floor = "one letter, no text";
const references = [floor, "a text node a paragraph", "the same beside a spinner"];
const plain = ["append() of a text node", "textContent +=", "Lit's text binding"];
const peers = ["marked + DOMPurify, Markdown", "deep-chat, Markdown"];

export async function measure({ isQuick }) {
  const leftOut = installPeers("page/peers")
    ? []
    : peers.map((name) => ({ name, why: "it could not be installed" }));
  const all = [...ours, ...references, ...plain, ...(leftOut.length > 0 ? [] : peers)];
  const slow = new Set([...plain, ...peers]);
  const budgetMs = isQuick ? 5_000 : 15_000;
  const server = await serve();
  const flushes = [];
  const frames = [];
  /** What does not show its text has not done the work. */
  const isShown = (technique, { shown, given }) => {
    if (technique === floor || shown >= given * 0.9) return true;
    leftOut.push({ name: technique, why: `it showed ${shown} of ${given} letters` });
    return false;
  };
  try {
    await withBrowser(["--disable-frame-rate-limit", "--disable-gpu-vsync"], async (browser) => {
      for (const { bytes, before = 0, times = 1, setting = "" } of sizesOf(isQuick)) {
        const wish = {
          bytes,
          before,
          setting,
          flushes: bytes / BYTES_A_FLUSH,
          budgetMs: budgetMs / (before > 0 ? 2 : 1),
        };
        const rows = [];
        for (const technique of all.filter((name) => setting !== AWAY || !slow.has(name))) {
          let best = null;
          for (let time = 0; time < (slow.has(technique) ? 1 : times); time++) {
            const outcome = await run(browser, server, "measureFlushes", technique, wish);
            if (!isShown(technique, outcome)) break;
            const row = flushRow(technique, wish, outcome);
            if (!best || row.totalMs < best.totalMs) best = row;
          }
          if (best) rows.push(best);
        }
        flushes.push(...rows);
        printFlushes(wish, rows);
      }
    });
    await withBrowser([], async (browser) => {
      for (const before of isQuick ? [100_000] : [100_000, 1_000_000]) {
        const wish = { bytes: FRAMES * BYTES_A_FLUSH, before, flushes: FRAMES, budgetMs: 15_000 };
        const rows = [];
        for (const technique of all.filter((name) => before <= 100_000 || !slow.has(name))) {
          const outcome = await run(browser, server, "measureFrames", technique, wish);
          if (isShown(technique, outcome)) rows.push(frameRow(technique, wish, outcome));
        }
        frames.push(...rows);
        printFrames(before, rows);
      }
    });
  } finally {
    await server.close();
  }
  return { flushes, frames, leftOut, missedMs: MISSED_MS };
}

/** Texts that begin, and one that is long already. The cheap techniques are measured `times`, and the best is taken. */
const sizesOf = (isQuick) => [
  { bytes: 10_000 },
  { bytes: 100_000, times: isQuick ? 1 : 3 },
  { bytes: 100_000, times: isQuick ? 1 : 3, setting: AWAY },
  { bytes: 100_000, times: isQuick ? 1 : 3, setting: UNDRAWN },
  ...(isQuick ? [] : [{ bytes: 100_000, before: 900_000 }]),
];

async function withBrowser(args, use) {
  const options = await findBrowser();
  const browser = await puppeteer.launch({ ...options, args: [...options.args, ...args] });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

async function serve() {
  const server = await createServer({
    configFile: false,
    mode: "production",
    root: here("page"),
    cacheDir: here("../../.cache/vite-bench"),
    logLevel: "warn",
    resolve: { conditions: ["ai-progress-stream-source", "module", "browser"] },
    optimizeDeps: { include: ["lit"] },
    // An isolated page has a clock of 5 us; any other one of 100.
    server: {
      headers: {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      },
      port: 0,
      host: "127.0.0.1",
      hmr: false,
      fs: { allow: [here("../..")] },
    },
  });
  await server.listen();
  return server;
}

/** Each measurement has a page of its own. */
async function run(browser, server, how, technique, wish) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.setViewport({ width: 800, height: 600 });
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForFunction("window.measureFlushes");
  const format = technique.includes("Markdown") ? "markdown" : "text";
  const before = await page.metrics();
  const outcome = await page.evaluate((name, given) => window[name](given), how, {
    ...wish,
    technique,
    format,
  });
  const after = await page.metrics();
  await page.close();
  const spent = (name) => after[name] - before[name];
  return {
    ...outcome,
    layouts: spent("LayoutCount"),
    layoutMs: spent("LayoutDuration") * 1_000,
    styles: spent("RecalcStyleCount"),
    styleMs: spent("RecalcStyleDuration") * 1_000,
  };
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / Math.max(1, values.length);

function flushRow(technique, wish, { costsMs, given, ...counts }) {
  const tenth = Math.max(1, Math.floor(costsMs.length / 10));
  return {
    technique,
    bytes: wish.bytes,
    before: wish.before,
    setting: wish.setting,
    flushes: costsMs.length,
    wanted: wish.flushes,
    totalMs: sum(costsMs),
    medianMs: percentile(costsMs, 0.5),
    p95Ms: percentile(costsMs, 0.95),
    maxMs: Math.max(...costsMs),
    firstTenthMs: mean(costsMs.slice(0, tenth)),
    lastTenthMs: mean(costsMs.slice(-tenth)),
    shownShare: counts.shown / given,
    layouts: counts.layouts,
    layoutMs: counts.layoutMs,
    styles: counts.styles,
    styleMs: counts.styleMs,
  };
}

const frameRow = (technique, wish, { costsMs }) => ({
  technique,
  before: wish.before,
  frames: costsMs.length,
  p50Ms: percentile(costsMs, 0.5),
  p95Ms: percentile(costsMs, 0.95),
  maxMs: Math.max(...costsMs),
  missed: costsMs.filter((ms) => ms > MISSED_MS).length / costsMs.length,
});

function printFlushes({ bytes, before, setting }, rows) {
  const head = [
    "technique",
    "total ms",
    "done",
    "median",
    "p95",
    "max",
    "first tenth",
    "last tenth",
    "layout ms",
    "style ms",
  ];
  printTable(
    `${bytes / 1_000} KB in ${bytes / BYTES_A_FLUSH} flushes, laid out at each${before ? `, ${before / 1_000} KB being there` : ""}${setting && `, ${setting}`}`,
    head,
    rows.map((row) => [
      row.technique,
      figure(row.totalMs),
      `${Math.floor((row.flushes / row.wanted) * 100)} %`,
      ...[row.medianMs, row.p95Ms, row.maxMs, row.firstTenthMs, row.lastTenthMs].map((ms) => figure(ms)),
      `${figure(row.layoutMs)} (${row.layouts})`,
      `${figure(row.styleMs)} (${row.styles})`,
    ]),
  );
}

function printFrames(before, rows) {
  printTable(
    `frames while text comes in, one flush in each, ${before / 1_000} KB being there`,
    ["technique", "frames", "p50 ms", "p95 ms", "max ms", "missed"],
    rows.map((row) => [
      row.technique,
      row.frames,
      figure(row.p50Ms),
      figure(row.p95Ms),
      figure(row.maxMs),
      `${Math.round(row.missed * 100)} %`,
    ]),
  );
}
