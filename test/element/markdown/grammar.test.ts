import { expect } from "chai";
import { outlines, render } from "./render.js";

describe("Markdown", () => {
  const examples: Readonly<Record<string, readonly [markdown: string, ...blocks: string[]]>> = {
    "headings, from the third level on": ["# One\n\n#### Four", "h3(One)", "h6(Four)"],
    emphasis: ["a *b* **c** ~~d~~", "p(a em(b) strong(c) s(d))"],
    "no emphasis in names": ["call my_little_function now", "p(call my_little_function now)"],
    "emphasis by underscores": ["_so_ __much__", "p(em(so) strong(much))"],
    prices: ["It costs $5 or $AB, not $6.", "p(It costs $5 or $AB, not $6.)"],
    "inline code as it is": ["`a_b $c` and `` x`y ``", "p(code(a_b $c) and code(x`y))"],
    "formulas as text": ["so \\(a_1 * b_1\\) holds", "p(so span(\\(a_1 * b_1\\)) holds)"],
    "a formula that is never closed": ["so \\(a and\nmore *b*", "p(so (a andbr()more em(b))"],
    "a code block": [
      "```js\nlet a_b = 1;\n\n  $x\n```\n\nend",
      "div(pre(code(let a_b = 1;\n\n  $x)))",
      "p(end)",
    ],
    "a code block that is never closed": ["```\na\nb", "div(pre(code(a\nb)))"],
    "code that ends with what ends code": [
      "```\nlet a = ```\n```\nend",
      "div(pre(code(let a = ```)))",
      "p(end)",
    ],
    "line breaks of Windows": ["```js\r\na\r\n```\r\n\r\nend", "div(pre(code(a)))", "p(end)"],
    "lists in lists": ["- a\n  - b\n- c", "ul(li(aul(li(b)))li(c))"],
    "an ordered list": ["3. a\n4. b", "ol(li(a)li(b))"],
    "an ordered list with brackets": ["3) a\n4) b\n   1) c", "ol(li(a)li(bol(li(c))))"],
    "a bracket behind a number that begins no list": [
      "so\n12) and\n\n3)x\n\n7)",
      "p(sobr()12) and)",
      "p(3)x)",
      "ol(li())",
    ],
    tasks: ["- [ ] a\n- [x] b", "ul(li(input() a)li(input() b))"],
    quotes: ["> a\n> b\n\nc", "blockquote(p(abr()b))", "p(c)"],
    rules: ["a\n\n---\n\nb", "p(a)", "hr()", "p(b)"],
    "a table": [
      "| a | b |\n|---|---|\n| 1 | *2* |\n\nend",
      "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(em(2))))))",
      "p(end)",
    ],
    "a row that is no table": ["| a |\n\n# end", "p(| a |)", "h3(end)"],
    "a table of one row": ["| a |\n|---|\n\n# end", "div(table(thead(tr(th(a)))))", "h3(end)"],
    "a link": ["[so *much*](https://a.example/x)", "p(a(so em(much)))"],
    "a bare address without the sentence's end": [
      "See (https://a.example/x_(y)).",
      "p(See (a(https://a.example/x_(y))).)",
    ],
    "brackets that are no link": ["as shown [1], [2] and [ ] [x](", "p(as shown [1], [2] and [ ] [x]()"],
    "an address with brackets": ["[w](https://a.example/w_(x)) y", "p(a(w) y)"],
    "a link that is never closed": ["[w](https://a.exa\nnext *b*", "p([w](a(https://a.exa)br()next em(b))"],
    "an exclamation before a bracket": ["Great![1] and ![open\n\nnext", "p(Great![1] and ![open)", "p(next)"],
  };
  for (const [what, [markdown, ...blocks]] of Object.entries(examples)) {
    it(`knows ${what}`, () => expect(outlines(render(markdown))).to.deep.equal(blocks));
  }

  it("sets the columns of a table as the line under its head says", () => {
    const box = render("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |\n\n| e |\n|---|\n| 5 |\n");
    const alignments = [...box.querySelectorAll("th, td")].map((cell) => cell.getAttribute("data-align"));
    const row = ["left", "center", "right", null];
    expect(alignments).to.deep.equal([...row, ...row, null, null]);
  });

  it("lets lists, quotations and tables run as their text does", () => {
    const box = render("1. **שלום**\n\n> hello\n\n| مرحبا |\n|---|\n\n- 5\n");
    const directions = [...box.querySelectorAll("ol, blockquote, [part=table-scroller], ul")].map((node) =>
      node.getAttribute("dir"),
    );
    expect(directions).to.deep.equal(["rtl", "ltr", "rtl", null]);
  });
});
