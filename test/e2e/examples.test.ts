import type { Page } from "puppeteer-core";
import { expect, test } from "vitest";
import { openPage, startDemo } from "../support/demo.js";
import { until } from "../support/gate.js";
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

/** A model that says a number every few milliseconds. */
const countingModel = (): Promise<ScriptedUpstream> =>
  scriptedUpstream(async (res) => {
    openStream(res);
    for (let n = 0; n < COUNT && !res.destroyed; n++) {
      res.write(chunkFrame(`${n} \u{1f600} `));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    res.end(finishFrame() + usageFrame(5, COUNT) + DONE_FRAME);
  });

async function openExample(name: string): Promise<{ page: Page; upstream: ScriptedUpstream }> {
  const upstream = await countingModel();
  const demo = await startDemo({ AI_BASE_URL: upstream.baseURL, AI_API_KEY: "key", AI_MODEL: "model-1" });
  return { page: await openPage(`${demo.url}/examples/${name}/`), upstream };
}

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
  const { page, upstream } = await openExample("plain");
  expect(await page.$$eval("script:not([src])", (scripts) => scripts.length)).toBe(0);
  await ask(page);
  await until(async () => (await tagText(page)).includes("9 \u{1f600}"));
  await page.reload();
  await until(async () => (await tagState(page)) === "done");
  expect(await tagText(page)).toBe(TEXT);
  expect(upstream.calls.length).toBe(1);
});

test("React sets the tag's properties and hears its events", async () => {
  const { page } = await openExample("react-tag");
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.headers()["x-page"] ?? ""));
  await ask(page);
  await until(async () => (await read(page, "#elapsed")) !== "");
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
    const { page } = await openExample(name);
    await ask(page);
    await until(async () => (await tagText(page)).includes("9 \u{1f600}"));
    await page.reload();
    await page.waitForSelector("ai-progress-stream");
    await until(async () => (await tagState(page)) === "done");
    expect(await tagText(page)).toBe(TEXT);
  });
}

test("the React hook streams, stops, and starts anew", async () => {
  const { page, upstream } = await openExample("react-hook");
  await ask(page);
  await until(async () => (await read(page, ".answer")).includes("9 \u{1f600}"));
  await page.click("#stop");
  await until(async () => (await read(page, "#phase")) === "ended: cancelled");
  const kept = await read(page, ".answer");
  expect(TEXT.startsWith(kept)).toBe(true);
  await ask(page);
  await until(async () => (await read(page, "#phase")) === "ended: succeeded");
  expect(await read(page, ".answer")).toBe(TEXT.trim());
  expect(upstream.calls.length).toBe(2);
});

test("the React hook finds its run again after a reload, and goes on through a cut", async () => {
  const { page, upstream } = await openExample("react-hook");
  // The switch knows the browser by a cookie, which comes with the first word to it.
  await setNetwork(page, true);
  await ask(page);
  await until(async () => (await read(page, ".answer")).includes("9 \u{1f600}"));
  await page.reload();
  await until(async () => (await read(page, ".answer")).includes("9 \u{1f600}"));
  await setNetwork(page, false);
  await until(async () => (await read(page, "#phase")).startsWith("Reconnecting, attempt"));
  await setNetwork(page, true);
  await until(async () => (await read(page, "#phase")) === "ended: succeeded");
  expect(await read(page, ".answer")).toBe(TEXT.trim());
  expect(upstream.calls.length).toBe(1);
});

test("Vue shows the tag and a view of its own side by side, and stops only the one", async () => {
  const { page, upstream } = await openExample("vue");
  await ask(page);
  await until(async () => (await read(page, ".answer")).includes("9 \u{1f600}"));
  await page.click("#stop");
  await until(async () => (await read(page, "#phase")) === "ended: cancelled");
  await until(async () => (await read(page, "#elapsed")) !== "");
  expect(await tagText(page)).toBe(TEXT);
  expect(TEXT.startsWith(await read(page, ".answer"))).toBe(true);
  expect(upstream.calls.length).toBe(2);
});
