/**
 * Writes pictures of every state to test/screenshots/, and the two of the README to docs/:
 * node test/element/gallery/shoot.js [name of a picture …]
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { createServer } from "vite";
import { findBrowser } from "../../support/browser.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = here("../../screenshots/");
const few = "only=running,streaming,reconnecting,done";
const readme = { folder: here("../../../docs/"), width: 1260, scale: 2 };
const reduced = [{ name: "prefers-reduced-motion", value: "reduce" }];
/** What a page is asked for, and how it is looked at. */
const pictures = {
  light: { query: "scheme=light" },
  dark: { query: "scheme=dark" },
  narrow: { query: "scheme=light&width=narrow" },
  rtl: { query: "scheme=light&dir=rtl" },
  german: { query: "scheme=light&lang=de" },
  "narrow-rtl-dark": { query: "scheme=dark&dir=rtl&width=narrow" },
  "forced-light": { query: "scheme=light", features: [{ name: "forced-colors", value: "active" }] },
  "forced-dark": {
    query: "scheme=dark",
    features: [
      { name: "forced-colors", value: "active" },
      { name: "prefers-color-scheme", value: "dark" },
    ],
  },
  "reduced-motion": { query: "scheme=light", features: reduced },
  print: { query: "scheme=light", media: "print" },

  "element-light": { query: `scheme=light&${few}`, ...readme },
  "element-dark": { query: `scheme=dark&${few}`, ...readme },
  zoomed: { query: "scheme=light&width=one", width: 640, scale: 2 },
};
/** Holds all that moves where all of it is to be seen: the caret has its light half, the rail is on its way. */
function holdAnimations() {
  for (const { shadowRoot } of document.querySelectorAll("ai-progress-stream")) {
    for (const animation of shadowRoot.getAnimations()) {
      animation.pause();
      animation.currentTime = 500;
    }
  }
}
const wanted = process.argv.slice(2);

mkdirSync(output, { recursive: true });
const server = await createServer({
  configFile: false,
  root: here("."),
  cacheDir: here("../../../.cache/vite-gallery"),
  logLevel: "warn",
  resolve: { conditions: ["ai-progress-stream-source", "module", "browser", "development|production"] },
  server: { port: 0, host: "127.0.0.1", hmr: false, fs: { allow: [here("../../..")] } },
});
await server.listen();
const [url] = server.resolvedUrls.local;
const browser = await puppeteer.launch(await findBrowser());
try {
  for (const [name, picture] of Object.entries(pictures)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { query, features = [], media = "screen", width = 1440, scale = 1, folder = output } = picture;
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(name, error));
    await page.setViewport({ width, height: 900, deviceScaleFactor: scale });
    // Not known to this puppeteer, but to the browser.
    const session = await page.createCDPSession();
    await session.send("Emulation.setEmulatedMedia", { media, features });
    await page.goto(`${url}?${query}`);
    await page.waitForSelector("[data-ready]");
    // A picture of the full page does not lay out what content-visibility has skipped: a tall window does.
    const height = await page.evaluate(() => document.body.scrollHeight);
    await page.setViewport({ width, height, deviceScaleFactor: scale });
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
    await page.evaluate(holdAnimations);
    await page.screenshot({ path: `${folder}${name}.png` });
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
