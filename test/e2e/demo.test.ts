import type { Page } from "puppeteer-core";
import { expect, test } from "vitest";
import { openPage, startDemo } from "../support/demo.js";
import { gate, until } from "../support/gate.js";
import {
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  type ScriptedUpstream,
  scriptedUpstream,
  usageFrame,
} from "../support/scripted-upstream.js";
import { tcpProxy } from "../support/tcp-proxy.js";

const KEY = "sk-sentinel-0123456789abcdef";

/**
 * A model that says a number every few milliseconds, and its whole text. At `holdsAt` it waits to be told to go on: what
 * has to be seen in the middle is not over before a slow machine has looked.
 */
async function countingModel(count = 150, pauseMs = 20, holdsAt = Infinity) {
  const text = Array.from({ length: count }, (_, n) => `${n} \u{1f600} `).join("");
  const held = gate();
  const upstream = await scriptedUpstream(async (res) => {
    openStream(res);
    for (let n = 0; n < count && !res.destroyed; n++) {
      if (n === holdsAt) await held.opened;
      res.write(chunkFrame(`${n} \u{1f600} `));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    res.end(finishFrame() + usageFrame(5, count) + DONE_FRAME);
  });
  return Object.assign(upstream, { text, goOn: held.open });
}

const withModel = (upstream: ScriptedUpstream) =>
  startDemo({ AI_BASE_URL: upstream.baseURL, AI_API_KEY: KEY, AI_MODEL: "model-1" });

interface Tag extends HTMLElement {
  readonly state: string;
  readonly text: string;
  readonly runState: {
    readonly progress: number | null;
    readonly stages: readonly { label: string; status: string }[];
  };
}

const tag = (name: string): string => `ai-progress-stream[name="${name}"]`;
const look = <T>(page: Page, name: string, read: (element: Tag) => T): Promise<T> =>
  page.$eval(tag(name), read as never) as Promise<T>;
const stateOf = (page: Page, name: string) => look(page, name, (element) => element.state);
const textOf = (page: Page, name: string) => look(page, name, (element) => element.text);
const hasState = (page: Page, name: string, state: string) =>
  until(async () => (await stateOf(page, name)) === state, 60);
/** What a person reads in the element, not what its properties say. */
const shown = (page: Page, name: string) =>
  look(page, name, (element) => element.shadowRoot?.textContent ?? "");

/** Whether these words have been on the page since, however short; looking now and then would miss them. */
async function watch(page: Page, name: string, words: RegExp): Promise<() => Promise<boolean>> {
  const seen = await page.evaluateHandle(
    (selector, source) => {
      const root = document.querySelector(selector)?.shadowRoot;
      const found = { isShown: false };
      if (!root) throw new Error(`${selector} is not there`);
      new MutationObserver(() => {
        found.isShown ||= new RegExp(source).test(root.textContent ?? "");
      }).observe(root, { subtree: true, childList: true, characterData: true });
      return found;
    },
    tag(name),
    words.source,
  );
  return () => seen.evaluate(({ isShown }) => isShown);
}

/** Presses a button of the element, as a person would, by its words. */
async function press(page: Page, name: string, words: RegExp): Promise<void> {
  const button = await until(async () => {
    const handle = await page.evaluateHandle(
      (selector, source) => {
        const root = document.querySelector(selector)?.shadowRoot;
        const matcher = new RegExp(source, "i");
        return [...(root?.querySelectorAll("button") ?? [])].find(
          (candidate) => matcher.test(candidate.textContent ?? "") || matcher.test(candidate.ariaLabel ?? ""),
        );
      },
      tag(name),
      words.source,
    );
    return handle.asElement();
  });
  await (button as unknown as { click(): Promise<void> }).click();
}

/** A click just after a button has changed its meaning is taken for the old one; a person presses again. */
async function pressUntilStopped(page: Page, name: string, words: RegExp): Promise<void> {
  await until(async () => {
    const state = await stateOf(page, name);
    if (state !== "cancelling" && state !== "cancelled") await press(page, name, words);
    return state === "cancelled";
  });
}

test("asking streams the model's answer into the page, word for word", async () => {
  const upstream = await countingModel(150, 20, 75);
  const demo = await withModel(upstream);
  const page = await openPage(demo.url);
  expect(await stateOf(page, "chat")).toBe("idle");
  await page.click("#ask button");
  await hasState(page, "chat", "streaming");
  upstream.goOn();
  await hasState(page, "chat", "done");
  expect(await textOf(page, "chat")).toBe(upstream.text);
  expect(await shown(page, "chat")).toContain("149 \u{1f600}");
  expect(JSON.parse(upstream.calls[0]?.body ?? "{}")).toMatchObject({ model: "model-1", stream: true });
  expect(await page.content()).not.toContain(KEY);
  expect(demo.output()).not.toContain(KEY);
});

test("the document job goes through its four stages, page by page, and never back", async () => {
  const demo = await startDemo();
  const page = await openPage(demo.url);
  await until(() => page.$eval("#provider", (notice) => !(notice as HTMLElement).hidden));
  await page.click("#analyze button");
  const values: number[] = [];
  const messages = new Set<string>();
  await until(async () => {
    const seen = await look(page, "analysis", (element) => ({
      state: element.state,
      now: element.shadowRoot?.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow") ?? null,
      text: element.shadowRoot?.textContent ?? "",
    }));
    if (seen.now !== null) values.push(Number(seen.now));
    const message = /Analyzing page \d+ of 500/.exec(seen.text);
    if (message) messages.add(message[0]);
    return seen.state === "streaming";
  });
  expect(messages.size).toBeGreaterThan(3);
  expect(values.length).toBeGreaterThan(5);
  expect(values).toEqual([...values].sort((a, b) => a - b));
  await until(async () => (await stateOf(page, "analysis")) === "done").catch(() => {});
  await hasState(page, "analysis", "done");
  const { stages, progress } = await look(page, "analysis", (element) => element.runState);
  expect(progress).toBe(1);
  expect(stages.map(({ status }) => status)).toEqual(["done", "done", "done", "done"]);
});

test("when the network is cut in mid-stream the text stays, and goes on where it was", async () => {
  const upstream = await countingModel(250, 20, 125);
  const demo = await withModel(upstream);
  const page = await openPage(demo.url);
  await page.click("#ask button");
  await until(async () => (await textOf(page, "chat")).length > 100);
  await page.click("#network");
  await hasState(page, "chat", "reconnecting");
  const kept = await textOf(page, "chat");
  expect(kept.length).toBeGreaterThan(100);
  expect(await shown(page, "chat")).toContain(kept.slice(0, 50));
  upstream.goOn();
  await until(async () => /reconnect/i.test(await shown(page, "chat")));
  await page.click("#network");
  await hasState(page, "chat", "done");
  expect(await textOf(page, "chat")).toBe(upstream.text);
  expect(upstream.calls).toHaveLength(1);
});

test("the network can be cut before the page knows who answers", async () => {
  const upstream = await countingModel(250, 20, 125);
  const demo = await withModel(upstream);
  const page = await openPage("about:blank");
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (!request.url().endsWith("/health")) void request.continue();
  });
  await page.goto(demo.url);
  await page.click("#ask button");
  await until(async () => (await textOf(page, "chat")).length > 100);
  await page.click("#network");
  await hasState(page, "chat", "reconnecting");
});

test("over a slow cable that is cut again and again the page shows the answer once, and the model is asked once", async () => {
  const upstream = await countingModel(400, 5);
  const demo = await withModel(upstream);
  const cable = await tcpProxy(demo.url);
  const page = await openPage(cable.origin);
  cable.delayMs = 150;
  cable.bytesPerTick = 300;
  await page.click("#ask button");
  for (let characters = 100; characters <= 1_300; characters += 400) {
    await until(async () => (await textOf(page, "chat")).length > characters);
    cable.cutNow();
    expect(upstream.text.startsWith(await textOf(page, "chat"))).toBe(true);
  }
  await hasState(page, "chat", "done");
  expect(await textOf(page, "chat")).toBe(upstream.text);
  expect(upstream.calls).toHaveLength(1);
});

test("a reload in mid-run finds the same run", async () => {
  const upstream = await countingModel(250, 20, 125);
  const demo = await withModel(upstream);
  const page = await openPage(demo.url);
  await page.click("#ask button");
  await until(async () => (await textOf(page, "chat")).length > 100);
  await page.reload();
  await hasState(page, "chat", "streaming");
  upstream.goOn();
  await hasState(page, "chat", "done");
  expect(await textOf(page, "chat")).toBe(upstream.text);
  await page.reload();
  await hasState(page, "chat", "done");
  expect(await textOf(page, "chat")).toBe(upstream.text);
  expect(upstream.calls).toHaveLength(1);
});

test("Stop reaches the model's connection and keeps the text", async () => {
  const upstream = await countingModel(2_000);
  const demo = await withModel(upstream);
  const page = await openPage(demo.url);
  await page.click("#ask button");
  await until(async () => (await textOf(page, "chat")).length > 100);
  await pressUntilStopped(page, "chat", /stop/);
  await upstream.calls[0]?.closed;
  const kept = await textOf(page, "chat");
  expect(kept.length).toBeGreaterThan(100);
  expect(upstream.text.startsWith(kept)).toBe(true);
  expect(await shown(page, "chat")).toContain(kept.slice(0, 50));
});

test("a model that refuses is a sentence and a way on", async () => {
  const upstream = await scriptedUpstream((res, _call, index) => {
    if (index > 0) {
      openStream(res);
      res.end(chunkFrame("Better now.") + finishFrame() + DONE_FRAME);
      return;
    }
    res.writeHead(401, { "content-type": "application/json" });
    res.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${KEY}` } }));
  });
  const demo = await withModel(upstream);
  const page = await openPage(demo.url);
  await page.click("#ask button");
  await hasState(page, "chat", "error");
  expect(await shown(page, "chat")).toContain("The model service refused the request.");
  expect(await shown(page, "chat")).toContain("upstream_rejected");
  expect(await page.content()).not.toContain(KEY);
  expect(demo.output()).toContain("upstream_rejected");
  expect(demo.output()).not.toContain(KEY);
  await page.click("#ask button");
  await hasState(page, "chat", "done");
  expect(await textOf(page, "chat")).toBe("Better now.");
});

test("the German page speaks German, its jobs included", async () => {
  // It says nothing, so that the job is there to be stopped, however late a slow machine comes to that.
  const demo = await withModel(await countingModel(10, 20, 0));
  const page = await openPage(`${demo.url}/de/`);
  const hasShown = await watch(page, "analysis", /Seite \d+ von 500/);
  await page.click("#analyze button");
  await until(hasShown);
  await pressUntilStopped(page, "analysis", /abbrechen|stopp/);
});

test("on SIGTERM a run that does not finish is ended, and the process goes by itself", async () => {
  const upstream = await countingModel(100_000);
  const demo = await withModel(upstream);
  const page = await openPage(demo.url);
  await page.click("#ask button");
  await until(async () => (await textOf(page, "chat")).length > 100);
  demo.process.kill("SIGTERM");
  expect(await demo.exit).toBe(0);
  await hasState(page, "chat", "cancelled");
  await upstream.calls[0]?.closed;
});

test.each([
  [{ PORT: "abc" }, 'PORT is "abc". Set it to a number'],
  [{ AI_BASE_URL: "not a url" }, "baseURL is not an http(s) URL"],
  [{ HEARTBEAT_MS: "-1" }, 'HEARTBEAT_MS is "-1"'],
])("with %j the demo says what is wrong and ends", async (env, words) => {
  await expect(startDemo(env)).rejects.toThrow(words);
});

test("GET /health answers without asking the model", async () => {
  const upstream = await countingModel();
  const demo = await withModel(upstream);
  expect(await (await fetch(`${demo.url}/health`)).json()).toMatchObject({
    status: "healthy",
    model: "model-1",
  });
  expect(upstream.calls).toHaveLength(0);
});
