import { readFileSync, realpathSync, statSync } from "node:fs";
import type { BrowserLauncher } from "@web/test-runner";
import { chromeLauncher } from "@web/test-runner-chrome";
import { findBrowser } from "./browser.js";
import { findProgram, isExecutable } from "./programs.js";
import { webkitLauncher } from "./webkit.js";

/** An engine that is not here, and what to do about it. */
export interface MissingEngine {
  readonly name: string;
  readonly why: string;
}

/** Each gives its launcher; throws a sentence on what to install where there is none. */
const engines: Readonly<Record<string, () => Promise<BrowserLauncher>>> = {
  async Chromium() {
    return chromeLauncher({
      launchOptions: await findBrowser(),
      concurrency: 2,
      // A window each: a page in a hidden tab is given no animation frames.
      createPage: async ({ browser }) => (await browser.createBrowserContext()).newPage(),
    });
  },
  async Firefox() {
    return chromeLauncher({
      launchOptions: { browser: "firefox", executablePath: findFirefox(), headless: true },
      // One window at a time: no other shows the focus or gets keys.
      concurrency: 1,
      createPage: ({ context }) => context.newPage({ type: "window" }),
    });
  },
  async WebKit() {
    const driver = findProgram(["WebKitWebDriver"]);
    const display = findProgram(["Xvfb"]);
    if (driver && display) return webkitLauncher({ driver, display });
    throw new Error(
      process.platform === "linux"
        ? "install WebKitWebDriver and Xvfb (on Debian and Ubuntu: apt-get install webkit2gtk-driver xvfb)"
        : "its tests run on Linux, in WebKitGTK",
    );
  },
};

/**
 * The engines to test in. `wanted` names those that must be here, separated by commas, and no other is looked for;
 * without it, whichever are here.
 *
 * @throws Error where one that is wanted is missing, or none is here
 */
export async function findEngines(
  wanted = process.env["ENGINES"] ?? "",
): Promise<{ found: readonly BrowserLauncher[]; missing: readonly MissingEngine[] }> {
  const names = wanted
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== "");
  const known = Object.keys(engines);
  const unknown = names.filter((name) => !known.some((engine) => engine.toLowerCase() === name));
  if (unknown.length > 0) throw new Error(`ENGINES: ${unknown.join(", ")} is none of ${known.join(", ")}.`);
  const found: BrowserLauncher[] = [];
  const missing: MissingEngine[] = [];
  for (const [name, launch] of Object.entries(engines)) {
    if (names.length > 0 && !names.includes(name.toLowerCase())) continue;
    try {
      found.push(Object.assign(await launch(), { name }));
    } catch (reason) {
      missing.push({ name, why: reason instanceof Error ? reason.message : String(reason) });
    }
  }
  if (missing.length > 0 && (names.length > 0 || found.length === 0)) {
    throw new Error(missing.map(({ name, why }) => `${name} cannot be tested: ${why}`).join("\n"));
  }
  return { found, missing };
}

function findFirefox(): string {
  const named = process.env["FIREFOX_PATH"];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`FIREFOX_PATH names no program that can be run: ${named}`);
  }
  const found = findProgram(
    ["firefox-esr", "firefox"],
    ["/Applications/Firefox.app/Contents/MacOS/firefox", "C:\\Program Files\\Mozilla Firefox\\firefox.exe"],
  );
  const advice = "install Firefox (on Debian: apt-get install firefox-esr), or set FIREFOX_PATH to it";
  if (!found) throw new Error(advice);
  if (isSnap(found)) throw new Error(`the one in a snap cannot read a profile in /tmp; ${advice}`);
  return found;
}

/** Whether a command leads into a snap: by a link, or as the small script that Ubuntu puts there. */
function isSnap(path: string): boolean {
  const target = realpathSync(path);
  if (target.startsWith("/snap/") || target === "/usr/bin/snap") return true;
  return statSync(target).size < 10_000 && readFileSync(target, "utf8").includes("/snap/");
}
