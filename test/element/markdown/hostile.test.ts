import { expect } from "chai";
import { drawn, lastSession, mount, part, until, useFakeSessions } from "../support/mount.js";
import { strictPage } from "../support/strict-page.js";
import { hostileMarkdown } from "./hostile.js";
import { render } from "./render.js";

const requested = (mark: string): boolean =>
  performance.getEntriesByType("resource").some(({ name }) => name.includes(mark));

/** Depth of the deepest node. */
function depthOf(box: Element): number {
  let deepest = 0;
  const walker = document.createTreeWalker(box);
  let depth = 0;
  for (let node: Node | null = walker.currentNode; node; ) {
    deepest = Math.max(deepest, depth);
    if (walker.firstChild()) depth++;
    else
      while (!walker.nextSibling()) {
        depth--;
        if (!walker.parentNode()) return deepest;
      }
    node = walker.currentNode;
  }
  return deepest;
}

describe("hostile Markdown", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  describe("links", () => {
    const schemes = [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      " javascript:alert(1)",
      "java\tscript:alert(1)",
      "\u0001javascript:alert(1)",
      "javascript\u0000:alert(1)",
      "javascript://example.com/%0aalert(1)",
      "vbscript:msgbox(1)",
      "data:text/html,<script>alert(1)</script>",
      "data:text/html;base64,PHNjcmlwdD4=",
      "blob:https://example.com/1",
      "file:///etc/passwd",
      "filesystem:https://example.com/x",
      "ftp://example.com",
      "intent://scan/#Intent;end",
      "https://",
      `https://example.com/${"a".repeat(5_000)}`,
    ];
    for (const address of schemes) {
      it(`are none to ${JSON.stringify(address).slice(0, 60)}`, () => {
        const box = render(`[click me](${address}) and ![look](${address}) after`);
        expect(box.querySelectorAll("[href], [src], img").length).to.equal(0);
        expect(box.textContent).to.contain("click me").and.to.contain("after");
      });
    }

    it("keep entities as they are, so that none spells a scheme", () => {
      const box = render(
        "[a](&#106;avascript:alert(1)) [b](javascript&colon;alert(1)) [c](java&Tab;script:alert(1))",
      );
      for (const link of box.querySelectorAll("a")) {
        if (link.hasAttribute("href")) expect(new URL(link.href).protocol).to.match(/^https?:$/);
      }
    });

    it("never run scripts, even where the page lists that scheme", () => {
      expect(
        render("[a](javascript:alert(1))", { schemes: "javascript https" }).querySelector("[href]"),
      ).to.equal(null);
    });

    it("have their escapes read once", () => {
      const box = render(
        "[a]: https://e.cn/?b=1&amp;copy;2\n\n[a] [b](https://e.cn/?b=1&amp;copy;2) [c](https://e.cn/?b\\\\\\*c\\&lt;)",
      );
      const links = [...box.querySelectorAll("a")].slice(1).map(({ href }) => href);
      expect(links).to.deep.equal([
        "https://e.cn/?b=1&copy;2",
        "https://e.cn/?b=1&copy;2",
        "https://e.cn/?b\\*c&lt;",
      ]);
    });

    it("open apart, and tell the other side nothing", () => {
      const link = render("[a](https://example.com/x?y=1)").querySelector("a");
      expect(link?.href).to.equal("https://example.com/x?y=1");
      expect(link?.rel).to.equal("noopener noreferrer nofollow");
      expect(link?.target).to.equal("_blank");
      expect(link?.title).to.equal("https://example.com/x?y=1");
    });

    it("are only those that are allowed", () => {
      const box = render(
        "[a](https://x.example) [b](http://x.example) [c](mailto:a@x.example) http://x.example/d",
        {
          schemes: "HTTPS:",
        },
      );
      expect([...box.querySelectorAll("a[href]")].map(({ textContent }) => textContent)).to.deep.equal(["a"]);
      expect(render("[a](https://x.example)", { schemes: "" }).querySelector("[href]")).to.equal(null);
    });

    it("are no reference links, no autolinks in brackets with more behind, none within a link", () => {
      const box = render(
        "[a][b]\n\n[b]: javascript:alert(1)\n\n<javascript:alert(1)>\n\n[*[in](https://x.example)*](https://y.example)",
      );
      expect(box.querySelectorAll("a a").length).to.equal(0);
      expect(box.querySelectorAll("[href^=javascript]").length).to.equal(0);
      expect(box.textContent).to.contain("[a][b]");
    });

    it("keep text that runs the other way to themselves", () => {
      const box = render("[\u202Egpj.exe](https://x.example/\u202Egpj.exe) `\u202Ecode` after");
      document.body.append(box);
      const link = box.querySelector("a");
      expect(link?.title).to.equal("https://x.example/%E2%80%AEgpj.exe");
    });

    it("show in their address what only looks like another host", () => {
      const link = render("[x](https://xn--80ak6aa92e.com) https://аpple.com/").querySelectorAll("a");
      expect(link[1]?.title).to.contain("xn--");
    });
  });

  describe("images", () => {
    it("ask for nothing: a link stands in their place", async () => {
      const mark = `beacon-${Math.random()}`;
      const element = await mount({ format: "markdown" });
      void element.start();
      const address = `${location.origin}/${mark}.png?secret`;
      lastSession().emit({
        type: "text",
        delta: `![a](${address}) ![](${address}) [![b](${address})](${address})\n\n<img src="${address}">\n\n| ![c](${address}) |\n`,
      });
      lastSession().emit({ type: "end", status: "succeeded" });
      await drawn(element);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(part(element, "text").querySelectorAll("img").length).to.equal(0);
      expect(requested(mark)).to.equal(false);
      const chip = part(element, "link-chip");
      expect(chip.textContent).to.equal(`a ${location.host}`);
      expect((chip as HTMLAnchorElement).href).to.equal(address);
    });

    it("show the whole of their host, whose end says where they lead", async () => {
      const element = await mount({ format: "markdown" });
      element.style.inlineSize = "240px";
      void element.start();
      const host = `accounts.example.com.${"a-long-name.".repeat(20)}evil.example`;
      lastSession().emit({ type: "text", delta: `![a](https://${host}/) and\n` });
      await drawn(element);
      const shown = part(element, "link-host");
      const range = document.createRange();
      range.setStart(shown.firstChild as Text, host.length - 1);
      range.setEnd(shown.firstChild as Text, host.length);
      const end = range.getBoundingClientRect();
      const box = element.getBoundingClientRect();
      expect(shown.textContent).to.equal(host);
      expect(end.width).to.be.greaterThan(0);
      expect(end.right).to.be.at.most(box.right);
      expect(end.bottom).to.be.at.most(box.bottom);
    });

    it("are loaded from an origin that is allowed, and only from it", async () => {
      const mark = `picture-${Math.random()}`;
      const element = await mount({ format: "markdown", "allowed-image-origins": location.origin });
      void element.start();
      lastSession().emit({
        type: "text",
        delta: `![a](${location.origin}/${mark}.png) ![b](https://images.example/b.png) ![c](${location.origin}.evil.example/c.png) ![d](data:image/png;base64,AA==)\n`,
      });
      await drawn(element);
      const images = [...part(element, "text").querySelectorAll("img")];
      expect(images.map(({ alt }) => alt)).to.deep.equal(["a"]);
      expect(images[0]?.referrerPolicy).to.equal("no-referrer");
      await until(() => requested(mark), "the request");
    });
  });

  it("is never markup: tags and their handlers are text", () => {
    const markup = [
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(1)>",
      "<svg/onload=alert(1)>",
      "<a href=javascript:alert(1)>x</a>",
      "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
      "<style>p{display:none}</style>",
      "<br onclick=alert(1)>",
    ];
    const box = render(markup.join("\n\n"));
    expect(box.querySelectorAll(":not(div, p)").length).to.equal(0);
    expect([...box.querySelectorAll("p")].map(({ textContent }) => textContent)).to.deep.equal(markup);
  });

  it("names a language without saying more", () => {
    const box = render('```js" onclick="alert(1)\nx\n```');
    expect(box.querySelector("[part=code-language]")?.textContent).to.equal("js");
    expect(box.querySelector("[onclick]")).to.equal(null);
  });

  const floods: Readonly<Record<string, string>> = {
    quotes: `${">".repeat(10_000)} end`,
    "quotes with spaces": `${"> ".repeat(10_000)}end`,
    lists: Array.from({ length: 500 }, (_, depth) => `${"  ".repeat(depth)}- end`).join("\n"),
    emphasis: `${"*a _b ".repeat(10_000)}end`,
    "strong emphasis": `${"**a __b ".repeat(10_000)}end`,
    brackets: `${"[".repeat(10_000)}end`,
    "links in emphasis": `${"[*a ".repeat(10_000)}end`,
    images: `${"![".repeat(10_000)}end`,
    backticks: `${"`".repeat(10_000)} end`,
    tables: `${"|".repeat(10_000)}end`,
    angles: `${"<".repeat(10_000)}end`,
    "an address without an end": `[x](${"a".repeat(200_000)} end`,
    "a fence without an end of its line": `\`\`\`${"a".repeat(200_000)} end`,
    "a rule without an end": `${"- ".repeat(100_000)}end`,
    "a number without an end": `${"1".repeat(200_000)} end`,
    "an address of dots": `https://${".".repeat(200_000)} end`,
    underscores: `${"_".repeat(200_000)}end`,
    prices: `${"$".repeat(200_000)}end`,
    "formulas without an end": `${"\\(".repeat(100_000)}end`,
    "blanks in code": `\`\`\`\n${`\n${" ".repeat(100_000)}`}end`,
  };
  for (const [what, markdown] of Object.entries(floods)) {
    it(`bounds ${what}`, () => {
      const box = render(`${markdown}\n\nlast words`);
      expect(depthOf(box)).to.be.lessThan(100);
      expect(box.textContent).to.contain("end").and.to.contain("last words");
    });
  }

  it("draws a table of ten thousand rows", () => {
    const box = render(`| a | b |\n|---|---|\n${"| 1 | 2 |\n".repeat(10_000)}`);
    expect(box.querySelectorAll("tbody tr").length).to.equal(10_000);
  });

  it("violates no policy of a strict page", async () => {
    const { violations, hostile } = await strictPage("?hostile");
    expect(violations).to.equal("none");
    expect(hostile).to.equal(String(hostileMarkdown.length));
  });
});
