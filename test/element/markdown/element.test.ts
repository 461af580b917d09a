import { expect } from "chai";
import {
  announced,
  drawn,
  lastSession,
  mount,
  part,
  partText,
  until,
  useFakeSessions,
} from "../support/mount.js";
import { outlines } from "./render.js";

const SOURCE = "# Title\n\nSome **bold** words\nand `code`.\n\n```js\nlet a = 1;\n```\n";

/** Replaces the clipboard, which a page without focus may not use. */
function useClipboard(write: (text: string) => Promise<void>): string[] {
  const copied: string[] = [];
  Object.defineProperty(navigator, "clipboard", {
    configurable: true,
    value: {
      writeText(text: string) {
        copied.push(text);
        return write(text);
      },
    },
  });
  return copied;
}

describe("format=markdown", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => {
    Reflect.deleteProperty(navigator, "clipboard");
    document.body.replaceChildren();
  });

  it("draws the answer as it comes, to the last letter", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "# Ti" });
    await drawn(element);
    lastSession().emit({ type: "text", delta: "tle\n\nAnd **bo" });
    await drawn(element);
    expect(outlines(part(element, "text"))).to.deep.equal(["h3(Title)", "p(And strong(bo))"]);
    lastSession().emit({ type: "text", delta: "ld** words, to the last word" });
    await drawn(element);
    expect(outlines(part(element, "text"))[1]).to.equal("p(And strong(bold) words, to the last word)");
  });

  it("begins at the right where the page does: numbers, code, and what is all emphasis", async () => {
    document.documentElement.dir = "rtl";
    try {
      const element = await mount({ format: "markdown" });
      void element.start();
      lastSession().emit({ type: "text", delta: "42\n\n`npm`\n\n**نص**\n\n- `npm`\n- نص\n\nword" });
      await drawn(element);
      const text = part(element, "text").getBoundingClientRect();
      const gaps = [...part(element, "text").querySelectorAll("p, li")].map((block) => {
        const range = document.createRange();
        range.selectNodeContents(block);
        const { left, right } = range.getBoundingClientRect();
        return text.right - right < left - text.left ? "right" : "left";
      });
      expect(gaps).to.deep.equal(["right", "right", "right", "right", "right", "left"]);
    } finally {
      document.documentElement.dir = "";
    }
  });

  it("is the larger, the higher a heading stands", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "# a\n\n## b\n\n### c\n\nword" });
    await drawn(element);
    const sizes = [...part(element, "text").querySelectorAll("h3, h4, h5, p")].map((block) =>
      Number(Number.parseFloat(getComputedStyle(block).fontSize).toFixed(2)),
    );
    expect(sizes).to.deep.equal([18, 16.2, 15, 15]);
  });

  it("sets each level of tasks in from the one above", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "- [ ] one\n  - [x] two\n    - [ ] three\n- [ ] four" });
    await drawn(element);
    const left = [...part(element, "text").querySelectorAll("input")].map(
      (box) => box.getBoundingClientRect().left,
    );
    expect(left[1]).to.be.at.least((left[0] ?? 0) + 15);
    expect(left[2]).to.be.at.least((left[1] ?? 0) + 15);
    expect(left[3]).to.equal(left[0]);
  });

  it("copies the source", async () => {
    const copied = useClipboard(() => Promise.resolve());
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: SOURCE }, { type: "end", status: "succeeded" });
    await drawn(element);
    expect(await element.copy()).to.equal(true);
    expect(copied).to.deep.equal([SOURCE]);
  });

  it("copies a block of code, and says so", async () => {
    const copied = useClipboard(() => Promise.resolve());
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: SOURCE });
    await drawn(element);
    expect(partText(element, "code-language")).to.equal("js");
    part(element, "copy-code").click();
    await until(() => partText(element, "copy-code") === "Copied");
    expect(copied).to.deep.equal(["let a = 1;"]);
    expect(announced(element).polite).to.equal("Copied");
  });

  it("selects the code where the clipboard is out of reach", async () => {
    useClipboard(() => Promise.reject(new Error("denied")));
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: SOURCE });
    await drawn(element);
    part(element, "copy-code").click();
    await until(() => getSelection()?.type === "Range", "the selection");
    expect(partText(element, "copy-code")).to.equal("Copy");
  });

  it("keeps a selection in what is finished, and in what is being written", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "one *two* three\n\nfour fi" });
    await drawn(element);
    const [first, last] = part(element, "text").querySelectorAll("p");
    const range = document.createRange();
    range.setStart(first?.firstChild as Text, 1);
    range.setEnd(last?.firstChild as Text, 4);
    for (let i = 0; i < 20; i++) {
      lastSession().emit({ type: "text", delta: i % 5 === 0 ? "\n\nmore" : " and *more*" });
      await drawn(element);
    }
    expect(range.toString()).to.equal("ne two threefour");
  });

  it("is built anew from a snapshot that says something else", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "- draft\n- of it" });
    await drawn(element);
    lastSession().snapshot({ type: "text", delta: "1. final" });
    lastSession().emit({ type: "text", delta: " *words* here" });
    await drawn(element);
    expect(outlines(part(element, "text"))).to.deep.equal(["ol(li(final em(words) here))"]);
  });

  it("goes on behind an end that was none", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "some **bo" });
    lastSession().set({ phase: "ended", isResumable: true, error: null });
    await drawn(element);
    lastSession().emit({ type: "text", delta: "ld** words" }, { type: "end", status: "succeeded" });
    await drawn(element);
    expect(outlines(part(element, "text"))).to.deep.equal(["p(some strong(bold) words)"]);
  });

  it("can be turned on and off while text comes", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "some *words" });
    await drawn(element);
    element.format = "markdown";
    await drawn(element);
    expect(outlines(part(element, "text"))).to.deep.equal(["p(some em(words))"]);
    element.format = "text";
    lastSession().emit({ type: "text", delta: "*" });
    await drawn(element);
    expect(outlines(part(element, "text"))).to.deep.equal(["p(some *words*)"]);
  });

  it("draws links anew when another scheme is allowed", async () => {
    const element = await mount({ format: "markdown" });
    void element.start();
    lastSession().emit({ type: "text", delta: "[call](tel:1) now" });
    await drawn(element);
    expect(part(element, "text").querySelector("a[href]")).to.equal(null);
    element.allowedLinkSchemes = "tel";
    await drawn(element);
    expect(part(element, "link").getAttribute("href")).to.equal("tel:1");
  });
});
