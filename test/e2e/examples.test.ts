import type { Page } from "puppeteer-core";
import { expect, test } from "vitest";
import { openPage, startDemo } from "../support/demo.js";
import { type Gate, gate, until } from "../support/gate.js";
import {
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  type ScriptedUpstream,
  scriptedUpstream,
  usageFrame,
} from "../support/scripted-upstream.js";

const COUNT = 80;
const TEXT = Array.from({ length: COUNT }, (_, n) => `${n} \u{1f600} `).join("");

/** How many the model says before it waits: whatever a test does meanwhile comes in the middle of the answer. */
const HELD_AT = 20;
const HELD = `${HELD_AT - 1} \u{1f600}`;

/** A model that says a number every few milliseconds, and goes on with the rest when it is told to. */
const countingModel = (rest: Gate): Promise<ScriptedUpstream> =>
  scriptedUpstream(async (res) => {
    const closed = new Promise((resolve) => res.on("close", resolve));
    openStream(res);
    for (let n = 0; n < COUNT && !res.destroyed; n++) {
      if (n === HELD_AT) await Promise.race([rest.opened, closed]);
      res.write(chunkFrame(`${n} \u{1f600} `));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    res.end(finishFrame() + usageFrame(5, COUNT) + DONE_FRAME);
  });

interface Example {
  readonly page: Page;
  readonly upstream: ScriptedUpstream;
  /** Lets the model say the rest. */
  goOn(): void;
}

async function openExample(name: string): Promise<Example> {
  const rest = gate();
  const upstream = await countingModel(rest);
  const demo = await startDemo({ AI_BASE_URL: upstream.baseURL, AI_API_KEY: "key", AI_MODEL: "model-1" });
  return { page: await openPage(`${demo.url}/examples/${name}/`), upstream, goOn: () => rest.open() };
}

/** A busy machine may take its time. */
const eventually = (look: () => Promise<boolean>): Promise<unknown> => until(look, 60);

const read = (page: Page, selector: string): Promise<string> =>
  page.$$eval(selector, ([found]) => found?.textContent?.trim() ?? "");
const tagText = (page: Page): Promise<string> =>
  page.$eval("ai-progress-stream", (tag) => (tag as HTMLElement & { text: string }).text);
const tagState = (page: Page): Promise<string> =>
  page.$eval("ai-progress-stream", (tag) => (tag as HTMLElement & { state: string }).state);
const ask = async (page: Page): Promise<void> => {
  await page.waitForSelector("form button");
  await page.click("form button");
};

/** The demo's switch that pulls the network. */
const setNetwork = (page: Page, online: boolean): Promise<void> =>
  page.evaluate(async (isOnline) => {
    await fetch("/demo/network", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ online: isOnline }),
    });
    if (isOnline) window.dispatchEvent(new Event("online"));
  }, online);

test("the plain page streams an answer, and finds it again after a reload", async () => {
  const { page, upstream, goOn } = await openExample("plain");
  expect(await page.$$eval("script:not([src])", (scripts) => scripts.length)).toBe(0);
  await ask(page);
  await eventually(async () => (await tagText(page)).includes(HELD));
  await page.reload();
  goOn();
  await eventually(async () => (await tagState(page)) === "done");
  expect(await tagText(page)).toBe(TEXT);
  expect(upstream.calls.length).toBe(1);
});

test("React sets the tag's properties and hears its events", async () => {
  const { page, goOn } = await openExample("react-tag");
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.headers()["x-page"] ?? ""));
  goOn();
  await ask(page);
  await eventually(async () => (await read(page, "#elapsed")) !== "");
  expect(await tagText(page)).toBe(TEXT);
  expect(await read(page, "#elapsed")).toMatch(/^It took \d+\.\d seconds\.$/);
  expect(requests).toContain("react-tag");
  // A property, which no attribute could have given it.
  expect(await page.$$eval("ai-progress-stream >>> [part=message]", ([found]) => found?.textContent)).toBe(
    "Answered",
  );
});

for (const name of ["react-tag", "vue"]) {
  test(`the tag of the ${name} page finds its run again after a reload`, async () => {
    const { page, goOn } = await openExample(name);
    await ask(page);
    await eventually(async () => (await tagText(page)).includes(HELD));
    await page.reload();
    await page.waitForSelector("ai-progress-stream");
    goOn();
    await eventually(async () => (await tagState(page)) === "done");
    expect(await tagText(page)).toBe(TEXT);
  });
}

test("the React hook streams, stops, and starts anew", async () => {
  const { page, upstream, goOn } = await openExample("react-hook");
  await ask(page);
  await eventually(async () => (await read(page, ".answer")).includes(HELD));
  await page.click("#stop");
  await eventually(async () => (await read(page, "#phase")) === "ended: cancelled");
  const kept = await read(page, ".answer");
  expect(TEXT.startsWith(kept)).toBe(true);
  goOn();
  await ask(page);
  await eventually(async () => (await read(page, "#phase")) === "ended: succeeded");
  expect(await read(page, ".answer")).toBe(TEXT.trim());
  expect(upstream.calls.length).toBe(2);
});

test("the React hook finds its run again after a reload, and goes on through a cut", async () => {
  const { page, upstream, goOn } = await openExample("react-hook");
  // The switch knows the browser by a cookie, which comes with the first word to it.
  await setNetwork(page, true);
  await ask(page);
  await eventually(async () => (await read(page, ".answer")).includes(HELD));
  await page.reload();
  await eventually(async () => (await read(page, ".answer")).includes(HELD));
  await setNetwork(page, false);
  await eventually(async () => (await read(page, "#phase")).startsWith("Reconnecting, attempt"));
  await setNetwork(page, true);
  goOn();
  await eventually(async () => (await read(page, "#phase")) === "ended: succeeded");
  expect(await read(page, ".answer")).toBe(TEXT.trim());
  expect(upstream.calls.length).toBe(1);
});

test("Vue shows the tag and a view of its own side by side, and stops only the one", async () => {
  const { page, upstream, goOn } = await openExample("vue");
  await ask(page);
  await eventually(async () => (await read(page, ".answer")).includes(HELD));
  await page.click("#stop");
  await eventually(async () => (await read(page, "#phase")) === "ended: cancelled");
  goOn();
  await eventually(async () => (await read(page, "#elapsed")) !== "");
  expect(await tagText(page)).toBe(TEXT);
  expect(TEXT.startsWith(await read(page, ".answer"))).toBe(true);
  expect(upstream.calls.length).toBe(2);
});
