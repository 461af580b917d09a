import { expect } from "chai";
import { outlines, render } from "./render.js";

describe("Markdown", () => {
  const examples: Readonly<Record<string, readonly [markdown: string, ...blocks: string[]]>> = {
    "headings, from the third level on": ["# One\n\n#### Four", "h3(One)", "h6(Four)"],
    emphasis: ["a *b* **c** ~~d~~", "p(a em(b) strong(c) s(d))"],
    "tildes that say about": [
      "~5 minutes, H~2~O, ~5~10 分钟, ~$5-~$10 and ~~a ~b~ c~~",
      "p(~5 minutes, H~2~O, ~5~10 分钟, ~$5-~$10 and s(a ~b~ c))",
    ],
    "no emphasis in names": ["call my_little_function now", "p(call my_little_function now)"],
    "emphasis by underscores": ["_so_ __much__", "p(em(so) strong(much))"],
    prices: ["It costs $5 or $AB, not $6.", "p(It costs $5 or $AB, not $6.)"],
    "inline code as it is": ["`a_b $c` and `` x`y ``", "p(code(a_b $c) and code(x`y))"],
    "formulas as text": ["so \\(a_1 * b_1\\) holds", "p(so span(\\(a_1 * b_1\\)) holds)"],
    "formulas between dollars": [
      "$\\mathbf{w}_{t+1} = \\mathbf{w}_{t}$\n\n$a^*$ vs $b^*$, the $n$th $\\{1, 2\\}$ and $x\\$*y*$",
      "p(span($\\mathbf{w}_{t+1} = \\mathbf{w}_{t}$))",
      "p(span($a^*$) vs span($b^*$), the span($n$)th span($\\{1, 2\\}$) and span($x\\$*y*$))",
    ],
    "dollars that are none of a formula": [
      "$5 and $10, $5-$10, $a $b $c$1 $ a$ \\$a$ $a\n*b*$ and $c",
      "p($5 and $10, $5-$10, $a $b $c$1 $ a$ $a$ $abr()em(b)$ and $c)",
    ],
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
    // What the parser before this one got wrong.
    "a fence in a quotation": [
      "> ```js\n> a\n> ```\n\nthe **end**",
      "blockquote(div(pre(code(a))))",
      "p(the strong(end))",
    ],
    "a formula alone on its line": ["$$x * y$$\n\nthe *end*", "p($$x * y$$)", "p(the em(end))"],
    "a formula in brackets, on one line and on several": [
      "\\[ a_1 * b \\]\n\n\\[\na\n+ b\n\\]\nend",
      "p(\\[ a_1 * b \\])",
      "p(\\[\na\n+ b\n\\])",
      "p(end)",
    ],
    "a formula within a line": ["so $$a_1 * b_1$$ holds", "p(so span($$a_1 * b_1$$) holds)"],
    "a formula that is never closed, up to the next paragraph": ["$$\nx\n\n*end*", "p($$\nx)", "p(em(end))"],
    "a table with spaces behind its last bar": [
      "| a | b |  \n|---|---|  \n| 1 | 2 |  \n\nend",
      "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2)))))",
      "p(end)",
    ],
    "a table without last bars": [
      "| a | b\n|---|---\n| 1 | 2",
      "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2)))))",
    ],
    "a table without bars around it": [
      "so\na | b\n--|--\n1 | 2\n\nend",
      "p(so)",
      "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2)))))",
      "p(end)",
    ],
    "a table in a quotation": [
      "> | a |\n> |---|\n> | 1 |",
      "blockquote(div(table(thead(tr(th(a)))tbody(tr(td(1))))))",
    ],
    "a table in a list": [
      "- x\n\n  | a |\n  |---|\n  | 1 |\n- y",
      "ul(li(xdiv(table(thead(tr(th(a)))tbody(tr(td(1))))))li(y))",
    ],
    "rows of more and of fewer cells than the head": [
      "| a | b |\n|---|---|\n| 1 | 2 | 3 |\n| 4 |",
      "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2 | 3))tr(td(4)td()))))",
    ],
    "an escaped bar in a cell, and in its code": [
      "| a | b |\n|---|---|\n| x \\| y | `x\\|y` |",
      "div(table(thead(tr(th(a)th(b)))tbody(tr(td(x | y)td(code(x|y))))))",
    ],
    "a fence right behind a list's mark": ["- ```js\n  x\n  ```\n- b", "ul(li(div(pre(code(x))))li(b))"],
    "an empty line of a quotation behind a list": [
      "> - a\n> - b\n>\n> end",
      "blockquote(ul(li(a)li(b))p(end))",
    ],
    "fences of tildes": ["~~~py\nx = `1`\n~~~\n\nend", "div(pre(code(x = `1`)))", "p(end)"],
    "a fence in a longer fence": ["````\n```\nx\n```\n````", "div(pre(code(```\nx\n```)))"],
    "a paragraph behind an empty line in an item": ["1. a\n\n   b\n\n2. c", "ol(li(ap(b))li(c))"],
    "code behind an empty line in an item": [
      "1. a\n\n   ```js\n   let x;\n     y\n   ```\n\n2. b",
      "ol(li(adiv(pre(code(let x;\n  y))))li(b))",
    ],
    "a list behind an empty line in an item": [
      "1. a\n\n   - x\n   - y\n\n2. b",
      "ol(li(aul(li(x)li(y)))li(b))",
    ],
    "a quotation behind an empty line in an item": ["- a\n\n  > q\n- b", "ul(li(ablockquote(p(q)))li(b))"],
    "marks with spaces behind them": ["-   a\n\n    b\n-   c", "ul(li(ap(b))li(c))"],
    "headings that are underlined": [
      "Title\n===\n\nmore\nof it\n---\nend",
      "h3(Title)",
      "h4(morebr()of it)",
      "p(end)",
    ],
    "headings that are closed": ["# A #\n## B##\n### #", "h3(A)", "h4(B##)", "h5()"],
    "tabs behind marks": ["#\tA\n\n-\tb\n\n1.\tc\n\t- d", "h3(A)", "ul(li(b))", "ol(li(cul(li(d))))"],
    "a task with a capital": ["- [X] a\n1. [ ] b", "ul(li(input() a))", "ol(li(input() b))"],
    "a quotation and a list in an item": ["- > q\n- - a\n- b", "ul(li(blockquote(p(q)))li(ul(li(a)))li(b))"],
    "addresses behind marks": [
      '**https://a.example** "https://a.example" see:https://a.example',
      'p(strong(a(https://a.example)) "a(https://a.example)" see:a(https://a.example))',
    ],
    "versions, which are no addresses of mail": [
      "react@18.2.0, a@1.b2.example and a@b.3",
      "p(react@18.2.0, a(a@1.b2.example) and a@b.3)",
    ],
    "addresses where words have no spaces": [
      "请看 https://a.example/docs。谢谢（https://a.example/x）\n\n和“https://a.example/y”，看https://a.example/文档 éhttps://a.example",
      "p(请看 a(https://a.example/docs)。谢谢（a(https://a.example/x)）)",
      "p(和“a(https://a.example/y)”，看a(https://a.example/文档) éhttps://a.example)",
    ],
    "addresses in angles, of the web and of mail": [
      "<https://a.example/x> www.a.example. <me@a.example> me@a.example, @me",
      "p(a(https://a.example/x) a(www.a.example). a(me@a.example) a(me@a.example), @me)",
    ],
    "brackets in a link's text": ["[a [b] c](https://a.example)", "p(a(a [b] c))"],
    "an address with spaces": ["[a](<https://a.example/b c>) d", "p(a(a) d)"],
    "titles of links": ["[a](https://a.example 't') [b](https://b.example \"t\")", "p(a(a) a(b))"],
    entities: [
      "&amp; &lt;b&gt; &quot;c&quot; &mdash; &hellip; &copy; &#39; &#x2014; &nosuch; AT&T &#0;",
      'p(& <b> "c" — … © \' — &nosuch; AT&T \ufffd)',
    ],
    "stars that are none": [
      "*.js, *.ts\n\nfile_*.txt and *_test.py\n\n2 * 3 * 4",
      "p(*.js, *.ts)",
      "p(file_*.txt and *_test.py)",
      "p(2 * 3 * 4)",
    ],
    "emphasis that ends in parts": ["***a** b* and **c *d***", "p(em(strong(a) b) and strong(c em(d)))"],
    "emphasis where words have no spaces": [
      "**注意：**请看*日本語*です",
      "p(strong(注意：)请看em(日本語)です)",
    ],
    "a backslash at the end": ["a \\\nb \\", "p(a br()b \\)"],
    "a break in a cell, and no other tag": [
      "| a<br>b<br/>c <b>d</b> |\n|---|",
      "div(table(thead(tr(th(abr()bbr()c <b>d</b>)))))",
    ],
    "definitions that were seen, and those that were not": [
      '[a]: https://a.example "t"\n\n[x][a] [A] [a][] [b]\n\n[b]: https://b.example',
      'p([a]: a(https://a.example) "t")',
      "p(a(x) a(A) a(a) [b])",
      "p([b]: a(https://b.example))",
    ],
    "definitions at the end, each as a line of its own": [
      "See [it][1].\n\nSources:\n\n[1]: https://a.example\n[2]: https://b.example\n[ERROR]: /usr/bin/foo\nend [2]",
      "p(See [it][1].)",
      "p(Sources:)",
      "p([1]: a(https://a.example))",
      "p([2]: a(https://b.example))",
      "p([ERROR]: /usr/bin/foo)",
      "p(end a(2))",
    ],
    "what only looks like a definition": [
      "[^1]: Note\n\n[Note]: this\n\n[a]: no address",
      "p([^1]: Note)",
      "p([Note]: this)",
      "p([a]: no address)",
    ],
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
    expect(directions).to.deep.equal(["rtl", "ltr", "rtl", "rtl"]);
  });

  it("lets what has no letter run as the text before it, at first the page, whatever its code says", () => {
    const page = document.createElement("div");
    page.dir = "rtl";
    const directions = (markdown: string): string =>
      [
        ...render(markdown, { parent: page }).querySelectorAll(
          "p, h4, ol, ul, blockquote, [part=table-scroller]",
        ),
      ]
        .map((node) => `${node.localName} ${node.getAttribute("dir") ?? "by line"}`)
        .join(", ");
    expect(directions("42\n\n`npm`\n\n- `npm`\n- نص\n\n  7")).to.equal("p rtl, p rtl, ul rtl, p rtl");
    expect(directions("a\n\n42\n\n1. ``a`b`` 4\n\n| 1 |\n|---|\n| 2 |")).to.equal(
      "p by line, p by line, ol ltr, div ltr",
    );
    expect(directions("> `a` نص\n\n```js\nlet a;\n```\n\n\\[ x \\]\n\n- \\`a")).to.equal(
      "blockquote rtl, p by line, p by line, ul ltr",
    );
    expect(directions("7\n---\n\n## `a` 8")).to.equal("h4 rtl, h4 rtl");
  });
});
