import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { BrowserLauncher } from "@web/test-runner";
import { freePort } from "./free-port.js";

/** The keys that tests press, as WebDriver writes them: https://www.w3.org/TR/webdriver2/#keyboard-actions */
const KEYS: Readonly<Record<string, string>> = { Tab: "\uE004", Enter: "\uE007" };

type Send = (method: "GET" | "POST" | "DELETE", path: string, body?: object) => Promise<unknown>;

/** What @web/test-runner-commands asks of a launcher of type "webdriver". */
interface WebDriverLauncher extends BrowserLauncher {
  sendKeys(sessionId: string, keys: readonly string[]): Promise<void>;
}

/**
 * WebKitGTK for @web/test-runner: one window on a display of its own, by the driver that WebKit brings along.
 * A driver has one session, so the test files come one after the other.
 */
export function webkitLauncher(programs: {
  /** Path of WebKitWebDriver. */
  readonly driver: string;
  /** Path of Xvfb. */
  readonly display: string;
}): WebDriverLauncher {
  const children: ChildProcess[] = [];
  let starting: Promise<Send> | null = null;
  let active = "";

  const killAll = (): void => {
    for (const child of children.splice(0).reverse()) child.kill();
  };
  const start = async (): Promise<Send> => {
    process.once("exit", killAll);
    const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
    const screen = spawn(programs.display, args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    children.push(screen);
    const [display] = await Promise.race([once(screen.stdio[3] as Readable, "data"), endOf(screen, "Xvfb")]);
    const port = await freePort();
    const driver = spawn(programs.driver, [`--port=${port}`, "--host=127.0.0.1"], {
      stdio: "ignore",
      env: { ...process.env, DISPLAY: `:${String(display).trim()}`, GDK_BACKEND: "x11" },
    });
    children.push(driver);
    const origin = `http://127.0.0.1:${port}`;
    return Promise.race([openSession(origin, driver), endOf(driver, "WebKitWebDriver")]);
  };
  const session = (): Promise<Send> => {
    starting ??= start();
    return starting;
  };

  return {
    name: "WebKit",
    type: "webdriver",
    concurrency: 1,
    async startSession(id, url) {
      const send = await session();
      active = id;
      await send("POST", "/url", { url });
    },
    isActive: (id) => id === active,
    getBrowserUrl: async () => String(await (await session())("GET", "/url")),
    async stopSession() {
      active = "";
      await (await session())("POST", "/url", { url: "about:blank" });
      return {};
    },
    async sendKeys(_id, keys) {
      const actions = keys
        .map((key) => KEYS[key] ?? key)
        .flatMap((value) => ["keyDown", "keyUp"].map((type) => ({ type, value })));
      await (await session())("POST", "/actions", { actions: [{ type: "key", id: "keys", actions }] });
    },
    startDebugSession: () => Promise.reject(new Error("WebKit cannot be debugged from here.")),
    async stop() {
      try {
        await (await starting)?.("DELETE", "");
      } finally {
        killAll();
      }
    },
  };
}

/** Opens a window as soon as the driver listens. Gives what sends commands to it. */
async function openSession(origin: string, driver: ChildProcess): Promise<Send> {
  while (!(await isReady(origin)) && driver.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
  // By default a command waits until the page has loaded, which nobody here asks for.
  const capabilities = { alwaysMatch: { pageLoadStrategy: "none" } };
  const { sessionId } = (await sender(origin)("POST", "/session", { capabilities })) as { sessionId: string };
  const send = sender(`${origin}/session/${sessionId}`);
  await send("POST", "/window/rect", { x: 0, y: 0, width: 800, height: 700 });
  return send;
}

const isReady = (origin: string): Promise<boolean> =>
  fetch(`${origin}/status`).then(
    () => true,
    () => false,
  );

const sender =
  (origin: string): Send =>
  async (method, path, body = {}) => {
    const init = method === "POST" ? { method, body: JSON.stringify(body) } : { method };
    const answer = await fetch(origin + path, init);
    const { value } = (await answer.json()) as { value: { error?: string; message?: string } };
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}, ${value.message}`);
    return value;
  };

/** Rejects when the program ends, which it should not by itself. */
async function endOf(child: ChildProcess, name: string): Promise<never> {
  const [code] = await once(child, "exit");
  throw new Error(`${name} ended with ${code}.`);
}
