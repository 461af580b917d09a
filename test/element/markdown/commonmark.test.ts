import { expect } from "chai";
import { outlines, render } from "./render.js";

/** In the words of CommonMark and GFM, by section: what is asked, and what it becomes here. */
const sections: Readonly<Record<string, readonly (readonly [markdown: string, ...blocks: string[]])[]>> = {
  Tabs: [
    ["\tfoo\tbaz", "div(pre(code(foo\tbaz)))"],
    ["  - foo\n\n\tbar", "ul(li(foop(bar)))"],
    ["- foo\n\n\t\tbar", "ul(li(foodiv(pre(code(  bar)))))"],
    [">\t\tfoo", "blockquote(div(pre(code(  foo))))"],
    ["- a\n\t- b\n\t\t- c", "ul(li(aul(li(bul(li(c))))))"],
  ],
  Precedence: [["- `one\n- two`", "ul(li(`one)li(two`))"]],
  "Thematic breaks": [
    ["***\n---\n___", "hr()", "hr()", "hr()"],
    ["_____________________________________", "hr()"],
    [" - - -", "hr()"],
    ["- - - - a", "ul(li(ul(li(ul(li(ul(li(a))))))))"],
    ["* a\n* * *\n* b", "ul(li(a))", "hr()", "ul(li(b))"],
    ["*-*", "p(em(-))"],
  ],
  "ATX headings": [
    ["####### a", "p(####### a)"],
    ["#5 bolt\n\n#hashtag", "p(#5 bolt)", "p(#hashtag)"],
    ["\\## a", "p(## a)"],
    ["### a \\###", "h5(a ###)"],
    ["## \n#\n### ###", "h4()", "h3()", "h5()"],
  ],
  "Setext headings": [
    ["Foo\n   ----      ", "h4(Foo)"],
    ["Foo\n= =\n\nFoo\n--- -", "p(Foobr()= =)", "p(Foo)", "hr()"],
    ["> foo\n-----", "blockquote(p(foo))", "hr()"],
    ["- Foo\n  ---\n- bar", "ul(li(h4(Foo))li(bar))"],
    ["- Foo\n---", "ul(li(Foo))", "hr()"],
    ["\n====", "p(====)"],
  ],
  "Code blocks": [
    ["    a simple\n      indented code block", "div(pre(code(a simple\n  indented code block)))"],
    ["    a\n\n\n    b\n\nend", "div(pre(code(a\n\n\nb)))", "p(end)"],
    ["Foo\n    bar", "p(Foobr()bar)"],
    ["```\naaa\n~~~\n```", "div(pre(code(aaa\n~~~)))"],
    ["````\naaa\n```\n``````", "div(pre(code(aaa\n```)))"],
    ["  ```\n  aaa\n    aaa\n aaa\n  ```", "div(pre(code(aaa\n  aaa\naaa)))"],
    ["```\naaa\n    ```", "div(pre(code(aaa\n    ```)))"],
    ["> ```\n> aaa\n\nbbb", "blockquote(div(pre(code(aaa))))", "p(bbb)"],
    ["``` ```\naaa", "p(code( )br()aaa)"],
  ],
  "Block quotes": [
    ["># Foo\n>bar", "blockquote(h3(Foo)p(bar))"],
    ["> bar\nbaz\n> foo", "blockquote(p(barbr()bazbr()foo))"],
    ["> - foo\n- bar", "blockquote(ul(li(foo)))", "ul(li(bar))"],
    ["> foo\n\n> bar", "blockquote(p(foo))", "blockquote(p(bar))"],
    ["> > > foo\nbar", "blockquote(blockquote(blockquote(p(foobr()bar))))"],
    [">     code\n\n>    not code", "blockquote(div(pre(code(code))))", "blockquote(p(not code))"],
  ],
  "List items": [
    ["- one\n\n two", "ul(li(one))", "p(two)"],
    ["   > > 1.  one\n>>\n>>     two", "blockquote(blockquote(ol(li(onep(two)))))"],
    ["-one\n\n2.two", "p(-one)", "p(2.two)"],
    ["-1. not ok\n\n1234567890. not ok", "p(-1. not ok)", "p(1234567890. not ok)"],
    ["- foo\n\n      bar", "ul(li(foodiv(pre(code(bar)))))"],
    ["-\n  foo\n-\n  ```\n  bar\n  ```", "ul(li(foo)li(div(pre(code(bar)))))"],
    ["-\n\n  foo", "ul(li())", "p(foo)"],
    ["foo\n*\n\nfoo\n1.", "p(foobr()*)", "p(foobr()1.)"],
    ["> 1. > a\nb", "blockquote(ol(li(blockquote(p(abr()b)))))"],
    ["10) foo\n    - bar\n\n10) foo\n   - bar", "ol(li(fooul(li(bar)))li(foo))", "ul(li(bar))"],
    ["- foo\n  - bar\n    - baz\n      - boo", "ul(li(fooul(li(barul(li(bazul(li(boo))))))))"],
  ],
  Lists: [
    ["- a\n+ b\n1. c\n2) d", "ul(li(a))", "ul(li(b))", "ol(li(c))", "ol(li(d))"],
    ["the number is\n14.  doors\n1.  doors", "p(the number isbr()14.  doors)", "ol(li(doors))"],
    ["- a\n - b\n  - c\n   - d\n    - e", "ul(li(a)li(b)li(c)li(dbr()- e))"],
    ["- a\n- ```\n  b\n\n\n  ```\n- c", "ul(li(a)li(div(pre(code(b\n\n))))li(c))"],
  ],
  "Backslash escapes": [
    ['\\!\\"\\#\\$\\%\\&\\*\\+\\-\\<\\>\\_\\`\\{\\|\\}\\~', 'p(!"#$%&*+-<>_`{|}~)'],
    ["\\A\\a\\ \\3\\φ", "p(\\A\\a\\ \\3\\φ)"],
    ["\\*a* \\[b](c) \\`d`", "p(*a* [b](c) `d`)"],
    ["`foo\\`bar`", "p(code(foo\\)bar`)"],
  ],
  "Code spans": [
    ["`` foo ` bar `` ` `` ` ` a`", "p(code(foo ` bar) code(``) code( a))"],
    ["`foo\nbar`", "p(code(foo bar))"],
    ["*foo`*`", "p(*foocode(*))"],
    ["[not a `link](/foo`)", "p([not a code(link](/foo)))"],
    ["```foo``", "p(```foo``)"],
  ],
  Emphasis: [
    ['a * foo bar*\n\na*"foo"*', "p(a * foo bar*)", 'p(a*"foo"*)'],
    ['foo*bar* 5*6*78 foo_bar_ aa_"bb"_cc', 'p(fooem(bar) 5em(6)78 foo_bar_ aa_"bb"_cc)'],
    ["foo-_(bar)_", "p(foo-em((bar)))"],
    ["_foo* *(*foo*)*", "p(_foo* em((em(foo))))"],
    ["**Gomphocarpus (*a*, syn.\n*b*)**", "p(strong(Gomphocarpus (em(a), syn.br()em(b))))"],
    ["foo******bar*********baz", "p(foostrong(strong(strong(bar)))***baz)"],
    ["*foo**bar**baz* and *foo**bar*", "p(em(foostrong(bar)baz) and em(foo**bar))"],
    ["**foo, __bar, baz__**", "p(strong(foo, strong(bar, baz)))"],
    ["**foo*bar**baz* **foo [bar**](https://a.example)", "p(strong(foo*bar)baz* **foo a(bar**))"],
    ["*foo __bar *baz bim__ bam*", "p(em(foo strong(bar *baz bim) bam))"],
    ["~~Hi~~ ~Hello~, ~~~three~~~", "p(s(Hi) ~Hello~, ~~~three~~~)"],
  ],
  Links: [
    ["[a](https://a.example/\\(b\\) 'c (d)')", "p(a(a))"],
    ["[a] (https://a.example)", "p([a] (a(https://a.example)))"],
    ["[a](https://a.example\nb)", "p([a](a(https://a.example)br()b))"],
    ["[a [b](https://b.example) c](https://c.example)", "p([a a(b) c](a(https://c.example)))"],
    ["[a *b **c** `d`*](https://a.example)", "p(a(a em(b strong(c) code(d))))"],
    ["*[a*](https://a.example)", "p(*a(a*))"],
    ["[![a](https://i.example)](https://a.example)", "p(a(span(a span(i.example))))"],
    ["[Foo\n  bar]: https://a.example", "p([Foobr()bar]: a(https://a.example))"],
    [
      "[ Foo ]: <https://a.example>\n\n[foo][] [bar][FOO] [bar][nope]",
      "p([ Foo ]: a(https://a.example))",
      "p(a(foo) a(bar) [bar][nope])",
    ],
    ["a\n[b]: https://a.example\n\n[b]", "p(abr()[b]: a(https://a.example))", "p([b])"],
  ],
  Autolinks: [
    ["<https://a.example/[b]?c> <a+b+c:d> <m:abc>", "p(a(https://a.example/[b]?c) <a+b+c:d> <m:abc>)"],
    ["<https://a.example b> < https://a.example >", "p(<a(https://a.example) b> < a(https://a.example) >)"],
    ["www.a.example/b?q=(c))+ok", "p(a(www.a.example/b?q=(c))+ok))"],
    ["(www.a.example/b_(c))", "p((a(www.a.example/b_(c))))"],
    ["a.b-c_d@a.b and a.b-c_d@a.b.", "p(a(a.b-c_d@a.b) and a(a.b-c_d@a.b).)"],
    ["xhttps://a.example", "p(xhttps://a.example)"],
  ],
  Tables: [
    [
      "| abc | def |\n| --- | --- |\n| bar | baz |\n> q",
      "div(table(thead(tr(th(abc)th(def)))tbody(tr(td(bar)td(baz)))))",
      "blockquote(p(q))",
    ],
    [
      "| abc | def |\n| --- | --- |\n| bar | baz |\nbar\n\nbar",
      "div(table(thead(tr(th(abc)th(def)))tbody(tr(td(bar)td(baz))tr(td(bar)td()))))",
      "p(bar)",
    ],
    ["| abc | def |\n| --- |\n| bar |", "p(| abc | def |br()| --- |br()| bar |)"],
    ["| a |\n|:-:|\n- b", "div(table(thead(tr(th(a)))))", "ul(li(b))"],
  ],
  "Line breaks": [
    ["foo  \nbar\\\nbaz", "p(foobr()barbr()baz)"],
    ["*foo  \n bar*", "p(em(foobr()bar))"],
    ["### foo\\\n\n### foo  ", "h5(foo\\)", "h5(foo)"],
  ],
  "No HTML": [
    ["<b>a</b> <!-- c -->\n<div>\n*d*\n</div>", "p(<b>a</b> <!-- c -->br()<div>br()em(d)br()</div>)"],
  ],
};

describe("Markdown, by the specifications", () => {
  for (const [section, examples] of Object.entries(sections)) {
    it(`has ${section} as CommonMark and GFM do`, () => {
      for (const [markdown, ...blocks] of examples) {
        expect(outlines(render(markdown)), JSON.stringify(markdown)).to.deep.equal(blocks);
      }
    });
  }
});
