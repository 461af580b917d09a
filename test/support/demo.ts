import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { launch, type Page } from "puppeteer-core";
import { onTestFinished } from "vitest";
import { findBrowser } from "./browser.js";

const main = fileURLToPath(new URL("../../demo/dist/server/main.js", import.meta.url));

export interface Demo {
  readonly url: string;
  readonly process: ChildProcess;
  /** All that it has printed so far. */
  output(): string;
  /** Its exit code, once it has ended. */
  readonly exit: Promise<number | null>;
}

/** The built demo as `npm run start:prod` runs it, on a free port, until the test is over. */
export async function startDemo(env: Record<string, string> = {}): Promise<Demo> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [main, "--prod"], { env: { PATH, HOME, PORT: "0", ...env } });
  let output = "";
  const exit = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /http:\/\/localhost:\d+/.exec(output);
      if (found) resolve(found[0]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("exit", (code) => reject(new Error(`the demo ended with ${code}: ${output}`)));
  });
  return { url, process: child, output: () => output, exit };
}

/** A page of a browser of its own, until the test is over. What the page throws fails the test. */
export async function openPage(url: string): Promise<Page> {
  const browser = await launch(await findBrowser());
  const errors: unknown[] = [];
  onTestFinished(async () => {
    await browser.close();
    if (errors.length > 0) throw errors[0];
  });
  const page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(error));
  await page.setViewport({ width: 1200, height: 1600 });
  await page.goto(url);
  return page;
}
