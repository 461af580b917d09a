/**
 * Writes pictures of every state to test/screenshots/: node test/element/gallery/shoot.js
 * With --readme: the two pictures of the README, to docs/.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { createServer } from "vite";
import { findBrowser } from "../../support/browser.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const isForReadme = process.argv.includes("--readme");
const output = here(isForReadme ? "../../../docs/" : "../../screenshots/");
const few = "only=running,streaming,reconnecting,done";
const readmePictures = { "element-light": `scheme=light&${few}`, "element-dark": `scheme=dark&${few}` };
const allPictures = {
  light: "scheme=light",
  dark: "scheme=dark",
  narrow: "scheme=light&width=narrow",
  rtl: "scheme=light&dir=rtl",
  german: "scheme=light&lang=de",
};

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
const pictures = isForReadme ? readmePictures : allPictures;
const browser = await puppeteer.launch(await findBrowser());
try {
  for (const [name, query] of Object.entries(pictures)) {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(name, error));
    await page.setViewport({ width: 1440, height: 900, deviceScaleFactor: 1 });
    await page.goto(`${url}?${query}`);
    await page.waitForSelector("[data-ready]");
    // A picture of the full page does not lay out what content-visibility has skipped: a tall window does.
    const height = await page.evaluate(() => document.body.scrollHeight);
    const size = { width: isForReadme ? 1260 : 1440, height: isForReadme ? height : height + 200 };
    await page.setViewport({ ...size, deviceScaleFactor: isForReadme ? 2 : 1 });
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
    await page.screenshot({ path: `${output}${name}.png`, fullPage: !isForReadme });
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
