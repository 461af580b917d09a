import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, isExecutable } from "./programs.js";

/** Commands that start a Chrome or a Chromium, best first. */
const COMMANDS = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "chrome"];

/** Where the installers of systems without commands put it. */
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A Chrome or Chromium to test in: CHROME_PATH, else an installed one, else on Linux x64 the one that
 * @sparticuz/chromium packs.
 *
 * @returns {Promise<{ executablePath: string, args: string[], headless: true | "shell" }>} options for puppeteer
 */
export async function findBrowser() {
  const args = [...QUIET, ...(needsNoSandbox() ? ["--no-sandbox"] : [])];
  const named = process.env.CHROME_PATH;
  if (named) {
    if (!isExecutable(named)) {
      throw new Error(`CHROME_PATH names no program that can be run: ${named}`);
    }
    return { executablePath: named, args, headless: true };
  }
  const installed = findProgram(COMMANDS, PLACES);
  if (installed) return { executablePath: installed, args, headless: true };
  if (process.platform === "linux" && process.arch === "x64") return packedBrowser(args);
  throw new Error("No Chrome or Chromium was found: install one, or set CHROME_PATH to it.");
}

/** @param {string[]} args */
async function packedBrowser(args) {
  const version = "147.0.0";
  const home = join(tmpdir(), `ai-progress-stream-chromium-${version}`);
  mkdirSync(home, { recursive: true });
  // It unpacks to the system's directory for temporary files, whatever older version stands there, and brings
  // its libraries along only where it believes itself to be on Lambda.
  const before = { TMPDIR: process.env.TMPDIR, AWS_EXECUTION_ENV: process.env.AWS_EXECUTION_ENV };
  process.env.TMPDIR = home;
  process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs20.x";
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    const executablePath = await chromium.executablePath();
    // Not its own arguments: among them is --disable-web-security, under which CORS cannot fail.
    const flags = ["--no-sandbox", "--no-zygote", ...args];
    return { executablePath, args: [...new Set(flags)], headless: "shell" };
  } catch (cause) {
    throw new Error(
      "No Chrome or Chromium was found, and the packed one cannot be unpacked. Set CHROME_PATH.",
      {
        cause,
      },
    );
  } finally {
    if (before.TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before.TMPDIR;
    if (before.AWS_EXECUTION_ENV === undefined) delete process.env.AWS_EXECUTION_ENV;
  }
}

/** Chromium's sandbox refuses root, and containers of CI services rarely allow it. */
function needsNoSandbox() {
  return process.getuid?.() === 0 || Boolean(process.env.CI);
}
