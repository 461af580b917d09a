import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch, type Page } from "puppeteer-core";
import { expect, onTestFinished, test } from "vitest";
import { findBrowser } from "../support/browser.js";
import { until } from "../support/gate.js";
import { listen } from "../support/listen.js";
import { chunkFrame, DONE_FRAME, finishFrame, openStream } from "../support/scripted-upstream.js";

/* The built files as a page loads them, under a strict policy. */

const dist = fileURLToPath(new URL("../../packages/element/dist/", import.meta.url));
const chunk = (name: string): string =>
  `split/${readdirSync(`${dist}split`).find((file) => file.startsWith(`${name}-`))}`;
const MAIN = "split/ai-progress-stream.js";
const MARKDOWN = chunk("markdown");
const DIALECTS = chunk("dialect-choice");
const POLICY =
  "default-src 'self'; require-trusted-types-for 'script'; trusted-types lit-html; style-src 'self'";
const RUN = "run-0123456789-abcdefghij";

const own = (id: number, event: string, fields: object): string =>
  `id: ${RUN}.${id}\nevent: ${event}\ndata: ${JSON.stringify({ at: 1_763_600_000_000 + id, ...fields })}\n\n`;
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  "/own": [
    `event: open\ndata: {"protocol":1,"run":"${RUN}","status":"running","heartbeatMs":15000}\n\n`,
    own(1, "start", {}),
    own(2, "text", { delta: "# Ti" }),
    own(3, "text", { delta: "tle\n\nAnd **bold**." }),
    own(4, "end", { status: "succeeded" }),
  ],
  "/openai": [chunkFrame("# Ti"), chunkFrame("tle\n\nAnd **bold**."), finishFrame(), DONE_FRAME],
};

interface Site {
  /** What a chunk is answered with in place of itself; resolves when that may be done. */
  readonly chunks?: Readonly<Record<string, (res: ServerResponse) => void | Promise<void>>>;
  readonly file?: string;
  readonly head?: string;
  readonly policy?: string;
}

interface Tag extends HTMLElement {
  readonly state: string;
  readonly text: string;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A page with one tag that starts by itself. */
async function openSite(
  attributes: string,
  { chunks = {}, file = MAIN, head = "", policy = POLICY }: Site = {},
): Promise<{ page: Page; scripts: string[]; messages: string[] }> {
  const scripts: string[] = [];
  const origin = await listen(async (req: IncomingMessage, res: ServerResponse) => {
    const path = (req.url ?? "").slice(1).replace(/\?.*/, "");
    const answer = ANSWERS[`/${path}`];
    if (answer) {
      openStream(res);
      for (const frame of answer) res.write(frame);
      res.end();
    } else if (path.endsWith(".js")) {
      scripts.push(path);
      await chunks[path]?.(res);
      if (!res.writableEnded) {
        res.setHeader("content-type", "text/javascript").end(readFileSync(dist + path));
      }
    } else if (path === "") {
      res.setHeader("content-security-policy", policy);
      res.setHeader("content-type", "text/html");
      res.end(`<!doctype html><html lang="en"><head>${head}<script type="module" src="/${file}"></script></head>
        <body><ai-progress-stream autostart ${attributes}></ai-progress-stream></body></html>`);
    } else {
      res.writeHead(204).end();
    }
  });
  const browser = await launch(await findBrowser());
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const messages: string[] = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(`thrown: ${String(error)}`));
  await page.goto(origin);
  return { page, scripts, messages };
}

const look = <T>(page: Page, read: (tag: Tag) => T): Promise<T> =>
  page.$eval("ai-progress-stream", read as never) as Promise<T>;
const ends = (page: Page, state: string): Promise<unknown> =>
  until(async () => (await look(page, (tag) => tag.state)) === state);
/** The answer as it is drawn, tags and all that is between them. */
const drawn = (page: Page): Promise<string> =>
  look(page, (tag) =>
    [...(tag.shadowRoot?.querySelectorAll(".output .text > div > *") ?? [])]
      .map((block) => `${block.localName}: ${block.textContent}`)
      .join("; "),
  );
const RENDERED = "h3: Title; p: And bold.";
const PLAIN = "p: # Title\n\n; p: And **bold**.";
const isDrawn = (page: Page, text: string): Promise<unknown> =>
  until(async () => (await drawn(page)) === text);
const refuse = (res: ServerResponse): void => void res.writeHead(404).end();
const hash = (path: string): string =>
  `sha384-${createHash("sha384")
    .update(readFileSync(dist + path))
    .digest("base64")}`;

test("a plain answer of our own protocol takes the first file and nothing else", async () => {
  const { page, scripts, messages } = await openSite('action="/own"');
  await ends(page, "done");
  await isDrawn(page, PLAIN);
  expect(scripts).toEqual([MAIN]);
  expect(messages).toEqual([]);
});

test("Markdown in somebody else's protocol takes the two chunks, under a strict policy", async () => {
  const { page, scripts, messages } = await openSite('action="/openai" format="markdown"');
  await ends(page, "done");
  await isDrawn(page, RENDERED);
  expect(await look(page, (tag) => tag.text)).toBe("# Title\n\nAnd **bold**.");
  expect([...scripts].sort()).toEqual([MAIN, DIALECTS, MARKDOWN].sort());
  expect(messages).toEqual([]);
  const size = await look(page, (tag) => {
    const heading = tag.shadowRoot?.querySelector("h3");
    return heading ? getComputedStyle(heading).fontSize : "";
  });
  expect(size).toBe("18px");
});

test("a dialect that the page names is loaded, and reads the same", async () => {
  const { page, scripts } = await openSite('action="/openai" dialect="openai-chat"');
  await ends(page, "done");
  await isDrawn(page, PLAIN);
  expect(scripts).toEqual([MAIN, DIALECTS]);
});

test("text that is there before Markdown waits for it, and is not to be seen as it is written", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { page } = await openSite('action="/own" format="markdown"', { chunks: { [MARKDOWN]: () => held } });
  await ends(page, "done");
  expect(await look(page, (tag) => tag.text)).toContain("# Title");
  expect(await drawn(page)).toBe("");
  release();
  await isDrawn(page, RENDERED);
});

test("Markdown that cannot be loaded leaves plain text and one warning", async () => {
  const { page, messages } = await openSite('action="/own" format="markdown"', {
    chunks: { [MARKDOWN]: refuse },
  });
  await ends(page, "done");
  await isDrawn(page, PLAIN);
  expect(
    await look(page, (tag) => tag.shadowRoot?.querySelector(".output .text")?.classList.contains("markdown")),
  ).toBe(false);
  expect(messages.filter((message) => message.includes("Markdown cannot be loaded"))).toHaveLength(1);
  expect(messages.filter((message) => message.startsWith("thrown"))).toEqual([]);
});

test.each(["auto", "openai-chat"])(
  "an answer whose language cannot be loaded is told as an error (dialect=%s)",
  async (dialect) => {
    const { page, messages } = await openSite(`action="/openai" dialect="${dialect}"`, {
      chunks: { [DIALECTS]: refuse },
    });
    await ends(page, "error");
    expect(await look(page, (tag) => tag.error)).toMatchObject({
      code: "internal",
      message: "A part of this page could not be loaded. Reload the page and try again.",
    });
    expect(await look(page, (tag) => tag.shadowRoot?.querySelector("[part=notice]")?.textContent)).toContain(
      "Reload the page and try again.",
    );
    expect(messages.filter((message) => message.startsWith("thrown"))).toEqual([]);
  },
);

test("a first file of another address, as one with a query, is not asked for again by its chunks", async () => {
  const { page, scripts, messages } = await openSite('action="/openai" format="markdown"', {
    file: `${MAIN}?v=1`,
  });
  await ends(page, "done");
  await isDrawn(page, RENDERED);
  expect(scripts).toHaveLength(3);
  expect(messages).toEqual([]);
});

test("an import map's integrity covers the chunks", async () => {
  const integrity = (wrong: string): Site => {
    const paths = [MAIN, MARKDOWN, DIALECTS].map((path) => [
      `/${path}`,
      hash(path === wrong ? "ai-progress-stream.js" : path),
    ]);
    const map = JSON.stringify({ integrity: Object.fromEntries(paths) });
    const inline = createHash("sha256").update(map).digest("base64");
    return {
      head: `<script type="importmap">${map}</script>`,
      policy: `${POLICY}; script-src 'self' 'sha256-${inline}'`,
    };
  };
  const good = await openSite('action="/openai" format="markdown"', integrity(""));
  await ends(good.page, "done");
  await isDrawn(good.page, RENDERED);
  expect(good.messages).toEqual([]);
  const bad = await openSite('action="/openai"', integrity(DIALECTS));
  await ends(bad.page, "error");
});

test("the one file has everything in it", async () => {
  const { page, scripts, messages } = await openSite('action="/openai" format="markdown"', {
    file: "ai-progress-stream.js",
  });
  await ends(page, "done");
  await isDrawn(page, RENDERED);
  expect(scripts).toEqual(["ai-progress-stream.js"]);
  expect(messages).toEqual([]);
});

test("the first file exports what the one file does", async () => {
  const { page } = await openSite('action="/own"', { policy: "default-src 'self'" });
  const names = (path: string): Promise<unknown> =>
    page.evaluate(`import("/${path}").then((exports) => Object.keys(exports))`);
  const one = await names("ai-progress-stream.js");
  expect(one).toContain("registerLabels");
  expect(await names(MAIN)).toEqual(one);
});

test("both can be imported where a server renders the page, and leave it without a document", () => {
  for (const file of ["ai-progress-stream.js", MAIN]) {
    const script = `
      const { AiProgressStream } = await import(${JSON.stringify(pathToFileURL(dist + file).href)});
      console.log(typeof AiProgressStream, typeof document, typeof HTMLElement);`;
    const said = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
    });
    expect(said.trim()).toBe("function undefined undefined");
  }
});

test("the licences of all that is bundled lie beside it", () => {
  for (const folder of ["", "split/"]) {
    const text = readFileSync(`${dist}${folder}THIRD-PARTY-LICENSES.txt`, "utf8");
    for (const name of ["lit", "@microsoft/fetch-event-source"]) {
      expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
    }
    expect(text.match(/Copyright/g)?.length).toBeGreaterThanOrEqual(2);
  }
});
