import { expect } from "chai";
import fc from "fast-check";
import { createBox, outlines, render } from "./render.js";

/** Pieces that begin, end and confuse every construct. */
const pieces = fc
  .array(
    fc.constantFrom(
      ..."*_`~|[]()!#>-+1.$\\<:/ \n\t".split(""),
      "\n\n",
      "```\n",
      "\n```js\n",
      "**bold**",
      "word",
      "snake_case_name",
      "$5",
      "$$\n",
      "\\(",
      "$a_b$",
      "\\]",
      "[text](https://example.com/a_(b))",
      "![alt](https://example.com/i.png)",
      "https://example.com/x).",
      "| a | b |\n|---|---|\n",
      "| a | b |\n|:-:|--:|\n",
      "\n1) ",
      "- [x] done\n",
      "- item\n  - nested\n",
      "1. one\n",
      "> quote\n",
      "# Title\n",
      "\r\n",
      "👩‍💻",
      "<br>",
      "Title\n===\n",
      "text\n---\n",
      "\n~~~\n",
      "~~~ ts\n",
      "a | b\n--|--\n",
      "1 | `2\\|3` | 4\n",
      "> > deep\n",
      ">\n",
      "- > quote\n",
      "- ```\n",
      "    ",
      "\t- ",
      "#\tTab\n",
      "&amp;",
      "&#x2014;",
      "&",
      "$$x$$",
      "\\[ x \\]\n",
      "www.example.com",
      "<https://example.com/>",
      "me@example.com",
      "[name]: https://example.com/y\n",
      "[name]",
      "[text][name]",
      "***",
      "注意：",
      "نص",
      "- `a` ",
      "42",
      "x".repeat(600),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

function normalized(box: HTMLElement): HTMLElement {
  box.normalize();
  return box;
}
const words = (text: string): string => text.replace(/[^a-z]/g, "");

describe("Markdown as it comes", () => {
  it("becomes the same nodes however it is split", () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 20 }), (text, places) => {
        const cuts = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
        expect(normalized(render(text, { cuts })).isEqualNode(normalized(render(text)))).to.equal(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("becomes the same nodes letter by letter", () => {
    fc.assert(
      fc.property(pieces, (text) => {
        const cuts = Array.from(text, (_, index) => index);
        expect(normalized(render(text, { cuts })).isEqualNode(normalized(render(text)))).to.equal(true);
      }),
    );
  });

  it("loses no word, whatever stands between words", () => {
    fc.assert(
      fc.property(pieces, (text) => {
        const source = text
          .replace(/\[x\]/g, "[ ]")
          .replace(/<br>|&amp;|&#x2014;/g, " ")
          .replace(/(`{3,}|~{3,})[^`\n]*(?=\n|$)/g, "$1");
        const box = render(source, { schemes: "" });
        for (const header of box.querySelectorAll("[part=code-header]")) header.remove();
        const shown = box.textContent ?? "";
        expect(words(shown)).to.equal(words(source));
      }),
      { numRuns: 2000 },
    );
  });

  it("goes on behind an end that was none as if there had been none", () => {
    const parts = [
      ["```js\nlet x", " = 1;\n", "y\n```\nafter"],
      ["some **bo", "ld** words"],
      ["| a | b |\n|---|---|\n| 1 |", " 2 |\n", "| 3 | 4 |"],
      ["1. one\n2. tw", "o"],
    ];
    for (const [first = "", ...rest] of parts) {
      const { box, write, finish } = createBox();
      write(first);
      finish();
      write("");
      for (const part of rest) write(part);
      finish();
      const whole = normalized(render(first + rest.join("")));
      expect(normalized(box).innerHTML).to.equal(whole.innerHTML);
    }
  });

  it("keeps a selection in the paragraph that is being written", () => {
    const { box, write, finish } = createBox();
    write("One **bold** word, and *some more* of");
    const range = document.createRange();
    const paragraph = box.querySelector("p") as HTMLElement;
    range.setStart(paragraph.firstChild as Text, 1);
    range.setEnd(paragraph.querySelector("em")?.firstChild as Text, 4);
    for (const more of [
      " it: `co",
      "de`, [a li",
      "nk](https://a.exam",
      "ple) and 2 * 3",
      "\nmore **words",
      "** there",
    ]) {
      write(more);
      expect(range.toString()).to.equal("ne bold word, and some");
    }
    finish();
    expect(range.toString()).to.equal("ne bold word, and some");
    expect(outlines(box)).to.deep.equal([
      "p(One strong(bold) word, and em(some more) of it: code(code), a(a link) and 2 * 3br()more strong(words) there)",
    ]);
  });

  it("keeps a selection in a text that grows, in a list as in a quotation", () => {
    for (const mark of ["", "- ", "> ", "# "]) {
      const { box, write, finish } = createBox();
      write(`${mark}some wor`);
      const range = document.createRange();
      const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
      const text = walker.nextNode() as Text;
      range.setStart(text, 0);
      range.setEnd(text, 8);
      for (const letter of "ds, and **more** of them") write(letter);
      finish();
      expect(range.toString(), mark).to.equal("some wor");
    }
  });

  it("never touches a block again that is closed", () => {
    const { box, write, finish } = createBox();
    const closed =
      "# Title\n\nsome *words*\n\n- a\n- b\n\n| a |\n|---|\n| 1 |\n\n```js\nlet x;\n```\n\n> quote\n\n$$\nx\n$$\n";
    write(closed);
    write("\nnext");
    const before = [...box.querySelectorAll("*")];
    const blocks = outlines(box).slice(0, -1);
    const observer = new MutationObserver(() => {});
    const last = [...box.children].at(-1)?.lastElementChild as Element;
    observer.observe(box, { subtree: true, childList: true, characterData: true });
    write(" **bold**\n\nand *more*\n\n1. one");
    finish();
    const touched = observer
      .takeRecords()
      .map(({ target }) => target)
      .filter((node) => before.some((old) => old !== last && old.contains(node) && !old.contains(last)));
    expect(touched).to.deep.equal([]);
    expect(before.every((node) => box.contains(node))).to.equal(true);
    expect(outlines(box).slice(0, blocks.length)).to.deep.equal(blocks);
  });

  it("shows what is begun before it is ended", () => {
    const shown = (markdown: string): string => outlines(render(markdown, { isOpen: true })).join("");
    expect(shown("a **bo")).to.equal("p(a strong(bo))");
    expect(shown("a *bo")).to.equal("p(a em(bo))");
    expect(shown("a ~~bo")).to.equal("p(a s(bo))");
    expect(shown("a ~5 mi")).to.equal("p(a ~5 mi)");
    expect(shown("a `co")).to.equal("p(a code(co))");
    expect(shown("a [te")).to.equal("p(a a(te))");
    expect(shown("a [te](https://exa")).to.equal("p(a a(te))");
    expect(shown("a \\(x_1")).to.equal("p(a span(\\(x_1))");
    expect(shown("so https://exa")).to.equal("p(so a(https://exa))");
    expect(shown("看https://e.cn。`好")).to.equal("p(看a(https://e.cn)。code(好))");
    expect(shown("当x<0时，函数")).to.equal("p(当x<0时，函数)");
    expect(shown("see <https://e.cn/")).to.equal("p(see )");
    expect(shown("mail <me@e")).to.equal("p(mail )");
    expect(shown("a $x_1 = *b")).to.equal("p(a $x_1 = em(b))");
    expect(shown("a $x_1 = *b*$,")).to.equal("p(a span($x_1 = *b*$),)");
    expect(shown("# Ti")).to.equal("h3(Ti)");
    expect(shown("- it")).to.equal("ul(li(it))");
    expect(shown("```js\nlet x")).to.equal("div(pre(code(let x)))");
  });

  it("shows nothing of a line that may become several things, and a table's row when it is whole", () => {
    const shown = (markdown: string): string => outlines(render(markdown, { isOpen: true })).join("");
    for (const line of [
      "-",
      "- ",
      "#",
      "##",
      "1",
      "1.",
      "``",
      "```j",
      "**",
      "| a | b",
      "| a |\n",
      "| a |\n|--",
      ">",
      "[a",
    ]) {
      expect(shown(`so\n\n${line}`).replace(/^p\(so\)|p\(\)|blockquote\(\)/g, ""), line).to.equal("");
    }
    expect(shown("| a |\n|---|\n| 1")).to.equal("div(table(thead(tr(th(a)))))");
  });

  /** Counted, not timed: changes of the tree, searches by expression, and characters that are searched for a text. */
  function workOf(text: string, step: number): number {
    const { box, write, finish } = createBox();
    const observer = new MutationObserver(() => {});
    observer.observe(box, { subtree: true, childList: true, characterData: true, attributes: true });
    const { exec } = RegExp.prototype;
    const { indexOf } = String.prototype;
    let work = 0;
    let searched = 0;
    RegExp.prototype.exec = function (this: RegExp, source) {
      work++;
      return exec.call(this, source);
    };
    String.prototype.indexOf = function (this: string, text, from = 0) {
      const found = indexOf.call(this, text, from);
      searched += (found < 0 ? this.length : found) - from;
      return found;
    };
    try {
      for (let at = 0; at < text.length; at += step) write(text.slice(at, at + step));
      finish();
    } finally {
      RegExp.prototype.exec = exec;
      String.prototype.indexOf = indexOf;
    }
    return work + searched / 100 + observer.takeRecords().length;
  }

  const growing: Readonly<Record<string, (length: number) => string>> = {
    words: (length) => "word ".repeat(length / 5),
    "one word": (length) => "a".repeat(length),
    "one address": (length) => `https://e.com/${"a".repeat(length)}`,
    addresses: (length) => "(https://e.com/a".repeat(length / 16),
    quotations: (length) => "> ".repeat(length / 2),
    "lines of quotations": (length) => `${"> ".repeat(50)}a\n`.repeat(length / 102),
    brackets: (length) => "[a ".repeat(length / 3),
    "brackets and targets": (length) => "[a](b".repeat(length / 5),
    "pairs of brackets": (length) => "[a][b ".repeat(length / 6),
    images: (length) => "![a ".repeat(length / 4),
    stars: (length) => "*".repeat(length),
    "strong openers": (length) => "**a ".repeat(length / 4),
    "openers and closers": (length) => "*a _b ".repeat(length / 12) + "c* d_ ".repeat(length / 12),
    backticks: (length) => "`a ``b ".repeat(length / 7),
    dollars: (length) => "$$a $".repeat(length / 5),
    "single dollars": (length) => "a $b *c ".repeat(length / 8),
    "one dollar": (length) => `$${"b *c ".repeat(length / 5)}`,
    "formulas in round brackets": (length) => "\\(".repeat(length / 2),
    "formulas in square brackets": (length) => "a\\[".repeat(length / 3),
    angles: (length) => "<a".repeat(length / 2),
    spaces: (length) => `a${" ".repeat(length)}b`,
    "empty lines": (length) => `    a${"\n".repeat(length)}b`,
    rules: (length) => "- ".repeat(length / 2),
    cells: (length) => "|a".repeat(length / 2),
    rows: (length) => `| a |\n|---|\n${"| b |\n".repeat(length / 6)}`,
    "a line under a head": (length) => `| a |\n|${"-".repeat(length)}`,
    lists: (length) => "- a\n  - b\n".repeat(length / 10),
    "a formula": (length) => `$$\n${"x\n".repeat(length / 2)}`,
    code: (length) => `\`\`\`\n${"let x;\n".repeat(length / 7)}`,
    "long lines of code": (length) => `\`\`\`\n${"x".repeat(length)}`,
    "lines of one paragraph": (length) => "so *it* is\n".repeat(length / 11),
    "an open link": (length) => `[a](${"b".repeat(length)}`,
    "an open entity": (length) => "&a".repeat(length / 2),
  };
  for (const [what, text] of Object.entries(growing)) {
    it(`costs as much as it is long: ${what}`, () => {
      for (const step of [40, 100_000]) {
        const once = workOf(text(16_000), step);
        const twice = workOf(text(32_000), step);
        expect(twice, `in steps of ${step}`).to.be.lessThan(2.4 * once + 500);
      }
    });
  }
});
