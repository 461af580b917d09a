import { expect } from "chai";
import fc from "fast-check";
import { readText } from "../../../packages/element/src/element/read-text.js";
import { createPlainTextView } from "../../../packages/element/src/element/text-view.js";
import { render } from "../markdown/render.js";
import {
  announced,
  drawn,
  frame,
  lastSession,
  mount,
  part,
  until,
  useFakeSessions,
} from "../support/mount.js";

/** Text as models write it: words, line breaks of every kind, surrogate pairs, markup. */
const prose = fc
  .array(fc.constantFrom("word ", "\n", "\n\n", "\r\n", "👩‍💻", "ü", "<b>", "&amp;", "x".repeat(600), " "), {
    maxLength: 60,
  })
  .map((parts) => parts.join(""));

describe("the text", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  it("is exact but for the empty lines at its end, and falls into the same paragraphs, however it is split", () => {
    fc.assert(
      fc.property(prose, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
        const ends = [...new Set(cuts.map((cut) => cut % (text.length + 1))), text.length].sort(
          (a, b) => a - b,
        );
        const split = document.createElement("div");
        const view = createPlainTextView(split);
        let from = 0;
        for (const end of ends) {
          view.update(text.slice(0, end), text.slice(from, end), false);
          from = end;
        }
        const whole = document.createElement("div");
        createPlainTextView(whole).update(text, null, true);
        expect(split.textContent).to.equal(text.replace(/[\r\n]\s*$/, ""));
        expect(split.innerHTML).to.equal(whole.innerHTML);
      }),
    );
  });

  it("shows the lines that it breaks off with once it goes on, and has them at its end in its property only", async () => {
    const element = await mount();
    void element.start();
    const shown = (): string | null => part(element, "text").textContent;
    lastSession().emit({ type: "text", delta: "one\n\n" });
    await drawn(element);
    expect(shown()).to.equal("one");
    lastSession().emit({ type: "text", delta: " \n" });
    await drawn(element);
    expect(shown()).to.equal("one");
    lastSession().emit({ type: "text", delta: "two\n\n\n" }, { type: "end", status: "succeeded" });
    await drawn(element);
    expect(shown()).to.equal("one\n\n \ntwo");
    expect(element.text).to.equal("one\n\n \ntwo\n\n\n");
    expect(part(element, "text").querySelectorAll("p").length).to.equal(2);
  });

  it("copies no long line for each letter that is added to it", () => {
    const line = `a${"👩".repeat(2_000)}`;
    const box = document.createElement("div");
    const view = createPlainTextView(box);
    for (let at = 1; at <= line.length; at++) view.update(line.slice(0, at), line.slice(at - 1, at), false);
    expect(box.textContent).to.equal(line);
    expect(box.querySelectorAll("p").length).to.equal(1);
    const texts = [...(box.querySelector("p")?.childNodes ?? [])].map((node) => (node as Text).data);
    expect(Math.max(...texts.map(({ length }) => length))).to.be.lessThan(1_010);
    expect(texts.filter((text) => /^[\udc00-\udfff]/.test(text))).to.deep.equal([]);
  });

  it("is built anew where it no longer begins as before", () => {
    const box = document.createElement("div");
    const view = createPlainTextView(box);
    view.update("one two", "one two", false);
    view.update("one six", null, false);
    expect(box.textContent).to.equal("one six");
    view.update("", "", false);
    expect(box.childNodes.length).to.equal(0);
  });

  it("is never markup", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "<img src=x onerror=alert(1)>" });
    await drawn(element);
    expect(part(element, "text").querySelectorAll("img").length).to.equal(0);
    expect(part(element, "text").textContent).to.equal("<img src=x onerror=alert(1)>");
  });

  it("is replaced where the server starts the channel anew", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "draft" });
    await drawn(element);
    lastSession().emit({ type: "text", delta: "final", replace: true });
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("final");
  });

  it("is caught up from a snapshot", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "Hel" });
    await drawn(element);
    lastSession().snapshot({ type: "text", delta: "Hello, " });
    lastSession().emit({ type: "text", delta: "world" });
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("Hello, world");
  });

  it("is written, and told of, at most once a frame", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "a" });
    await drawn(element);
    const told: string[] = [];
    element.addEventListener("ai-text", (event) => told.push(event.detail.delta ?? "(replaced)"));
    let writes = 0;
    const observer = new MutationObserver((records) => {
      writes += records.length;
    });
    observer.observe(part(element, "text"), { characterData: true, childList: true, subtree: true });
    await frame();
    for (let i = 0; i < 100; i++) lastSession().emit({ type: "text", delta: "b" });
    expect(told).to.deep.equal([]);
    await frame();
    await frame();
    expect(told).to.deep.equal(["b".repeat(100)]);
    expect(writes).to.equal(1);
    observer.disconnect();
  });

  it("is whole when ai-done is dispatched, and ai-text came before", async () => {
    const element = await mount();
    const order: string[] = [];
    element.addEventListener("ai-text", () => order.push("text"));
    element.addEventListener("ai-done", (event) => order.push(`done ${event.detail.text}`));
    void element.start();
    lastSession().emit({ type: "text", delta: "all of it" }, { type: "end", status: "succeeded" });
    expect(order).to.deep.equal(["text", "done all of it"]);
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("all of it");
  });

  it("goes on in a hidden page, which gets no frames", async () => {
    const element = await mount();
    void element.start();
    const { requestAnimationFrame } = window;
    window.requestAnimationFrame = () => 1;
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    try {
      let told = "";
      element.addEventListener("ai-text", (event) => {
        told = event.detail.text;
      });
      lastSession().emit({ type: "text", delta: "unseen" });
      await until(() => told === "unseen", "the event");
      expect(part(element, "text").textContent).to.equal("unseen");
    } finally {
      window.requestAnimationFrame = requestAnimationFrame;
      Reflect.deleteProperty(document, "hidden");
    }
  });

  it("renders nothing of Lit's for text alone", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "a" });
    await drawn(element);
    let renders = 0;
    const original = element.requestUpdate;
    element.requestUpdate = (...parameters) => {
      renders++;
      original.apply(element, parameters);
    };
    for (let i = 0; i < 5; i++) {
      lastSession().emit({ type: "text", delta: "b" });
      await frame();
    }
    expect(renders).to.be.lessThan(3);
  });

  for (const format of ["text", "markdown"]) {
    it(`is read as it stands there, at its end or sentence by sentence: ${format}`, async () => {
      document.documentElement.lang = "en";
      const answer =
        format === "text"
          ? "Title\n\nFirst.\nSecond one."
          : "## Title\n\n- **First.**\n- [Second](https://e.example/?long) one.\n\n```js\nlet a;\n```\n";
      const final = await mount({ announce: "final", format });
      void final.start();
      lastSession().emit({ type: "text", delta: answer }, { type: "end", status: "succeeded" });
      await drawn(final);
      const words = announced(final).polite.split(/\W+/).filter(Boolean);
      const code = format === "text" ? [] : ["let", "a"];
      expect(words.slice(3)).to.deep.equal(["Title", "First", "Second", "one", ...code]);

      const spoken = await mount({ announce: "sentences", format });
      void spoken.start();
      lastSession().emit({ type: "text", delta: answer });
      lastSession().emit({ type: "text", delta: "\n\n**La" });
      await until(() => announced(spoken).polite === (code.length > 0 ? "let a;" : "Second one."));
    });
  }

  it("is read with its breaks, wherever they stand", () => {
    const read = (markdown: string): string => readText(render(markdown), 100);
    expect(read("***Note***\nText [*a*](/b)\nafter")).to.equal("Note\nText a\nafter");
    expect(read("**one<br>two**<br>*three*")).to.equal("one\ntwo\nthree");
    expect(read("# one\n\ntwo *three*\n- four")).to.equal("one\ntwo three\nfour");
  });

  it("is read from a whole character on", () => {
    const box = render("some 👩 words");
    expect([6, 7, 8, 9].map((limit) => readText(box, limit))).to.deep.equal([
      " words",
      "👩 words",
      "👩 words",
      " 👩 words",
    ]);
  });
});
