import type { AiProgressStream } from "@ai-progress-stream/element";
import { runError } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import {
  drawn,
  isShown,
  lastSession,
  mount,
  mountScene,
  part,
  partText,
  until,
  useFakeSessions,
} from "../support/mount.js";
import { sceneOf, scenes } from "../support/scenes.js";

const PLAN = [
  { id: "a", label: "Read", weight: 1 },
  { id: "b", label: "Write", weight: 1 },
];
const LONG = "of a very long agreement between several parties in many jurisdictions";

/** A box in the page of that width, or of that style. */
function boxOf(style: number | string, parent: Element = document.body): HTMLElement {
  const box = document.createElement("div");
  box.style.cssText = typeof style === "number" ? `inline-size: ${style}px` : style;
  parent.append(box);
  return box;
}
const heightOf = (element: AiProgressStream, name = "card"): number =>
  part(element, name).getBoundingClientRect().height;
/** The boxes of the lines of a text, the topmost first. */
function linesOf(node: Element): readonly DOMRect[] {
  const range = document.createRange();
  range.selectNodeContents(node);
  return [...range.getClientRects()].sort((a, b) => a.top - b.top);
}
const middleOf = ({ top, bottom }: DOMRect): number => (top + bottom) / 2;

describe("the look", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => {
    document.documentElement.dir = "";
    document.documentElement.lang = "en";
    document.body.replaceChildren();
  });

  for (const attributes of [{}, { stages: JSON.stringify(PLAN) }]) {
    it(`has a row for what a page puts into idle, below ${"stages" in attributes ? "the plan" : "the title"}`, async () => {
      const element = await mount(
        attributes,
        '<p slot="idle" style="margin: 0">First.</p><p slot="idle" style="margin: 0">Second.</p>',
      );
      const card = part(element, "card").getBoundingClientRect();
      const above = part(element, "stages" in attributes ? "stages" : "header").getBoundingClientRect();
      const [first, second] = [...element.children].map((child) => child.getBoundingClientRect());
      expect(first?.top).to.be.at.least(above.bottom);
      expect(second?.top).to.be.at.least(first?.bottom ?? Number.NaN);
      for (const box of [first, second]) {
        expect([(box?.left ?? 0) - card.left, card.right - (box?.right ?? 0)]).to.deep.equal([17, 17]);
      }
      expect(card.bottom - (second?.bottom ?? 0)).to.equal(15);
    });
  }

  it("leaves no room for idle where nothing is put there", async () => {
    const element = await mount();
    const [card, header] = ["card", "header"].map((name) => part(element, name).getBoundingClientRect());
    expect(card?.height).to.equal((header?.height ?? 0) + 2);
  });

  it("draws nothing into the segment of a stage that has not begun", async () => {
    const element = await mountScene(sceneOf("running"));
    const bars = [...(element.shadowRoot?.querySelectorAll("[part~=segment]") ?? [])].map((segment) => [
      segment.classList.contains("pending"),
      getComputedStyle(segment.firstElementChild as Element).visibility,
    ]);
    expect(bars).to.deep.equal([
      [false, "visible"],
      [false, "visible"],
      [false, "visible"],
      [true, "hidden"],
    ]);
  });

  for (const [width, dir] of [
    [600, "ltr"],
    [600, "rtl"],
    [320, "ltr"],
  ] as const) {
    it(`shows how much of how much behind a message too long for ${width} px, ${dir}`, async () => {
      document.documentElement.dir = dir;
      const box = document.createElement("div");
      box.style.inlineSize = `${width}px`;
      document.body.append(box);
      const element = await mount({}, "", box);
      void element.start();
      lastSession().emit(
        { type: "start", stages: [{ id: "a", label: "Reading", weight: 1 }] },
        { type: "stage", stage: "a", status: "running" },
        { type: "progress", stage: "a", completed: 9, total: 14, message: "Reading the clauses ".repeat(8) },
      );
      await drawn(element);
      const message = part(element, "message").getBoundingClientRect();
      const remark = part(element, "remark").getBoundingClientRect();
      expect(remark.width).to.be.greaterThan(30);
      expect(remark.left).to.be.at.least(message.left - 1);
      expect(remark.right).to.be.at.most(message.right + 1);
      expect(remark.bottom).to.be.at.most(message.bottom + 1);
    });
  }

  for (const [style, wide, narrow] of [
    ["", 700, 240],
    ["display: flex", 480, 240],
    ["display: flex; flex-direction: column; align-items: center", 480, 240],
    ["display: grid; place-items: center", 480, 240],
    ["display: grid; grid-template-columns: auto 1fr", 480, 240],
    ["display: table-cell", 480, 240],
    ["float: left", 480, 240],
    ["inline-size: fit-content", 480, 240],
  ] as const) {
    it(`takes its share of a parent that asks how wide it is: ${style || "no style"}`, async () => {
      for (const [width, wanted] of [
        [700, wide],
        [240, narrow],
      ] as const) {
        const element = await mount({}, "", boxOf(style, boxOf(width)));
        expect(element.getBoundingClientRect().width).to.be.closeTo(wanted, 0.5);
        expect(part(element, "card").getBoundingClientRect().width).to.be.closeTo(wanted, 0.5);
        const inner = await mount({}, "", boxOf("", boxOf(style, boxOf(width))));
        expect(inner.getBoundingClientRect().width).to.be.closeTo(wanted, 0.5);
      }
    });
  }

  it("takes what a flexible item gets, and is no taller than its rows where it gets more height", async () => {
    for (const width of [700, 240]) {
      const element = await mount(
        { style: "flex: 1" },
        "",
        boxOf("display: flex; block-size: 400px", boxOf(width)),
      );
      const card = part(element, "card").getBoundingClientRect();
      expect(card.width).to.be.closeTo(width, 0.5);
      expect(card.height).to.equal(heightOf(element, "header") + 2);
    }
  });

  it("lets no word of title and hint run under the button", async () => {
    const word = "Haftungsbeschränkungsklauselzusammenfassung";
    const element = await mount({ label: word }, `<span slot="hint">${word}</span>`, boxOf(260));
    const button = part(element, "action").getBoundingClientRect();
    for (const text of [part(element, "label").querySelector("slot"), element.querySelector("span")]) {
      for (const line of linesOf(text as Element)) expect(line.right).to.be.at.most(button.left);
    }
  });

  it("has a first row of 48 px wherever its message is one line", async () => {
    for (const one of scenes.filter(({ play }) => play)) {
      const element = await mountScene(one, boxOf(640));
      expect(heightOf(element, "header"), one.name).to.be.closeTo(48, 0.1);
    }
  });

  it("keeps a message of several lines off the edges, its glyph and its figures on the first of them", async () => {
    const element = await mountScene(
      {
        name: "",
        play: (session) =>
          session.emit(
            { type: "start", stages: [{ id: "a", label: `Write the summary ${LONG}`, weight: 1 }] },
            { type: "stage", stage: "a", status: "running" },
            { type: "end", status: "failed", error: runError("internal") },
          ),
      },
      boxOf(400),
    );
    const header = part(element, "header").getBoundingClientRect();
    const lines = linesOf(part(element, "message").firstElementChild as Element);
    const [first, last] = [lines[0], lines.at(-1)] as [DOMRect, DOMRect];
    expect(last.top).to.be.greaterThan(first.top);
    expect(first.top - header.top).to.be.at.least(12);
    expect(header.bottom - last.bottom).to.be.at.least(12);
    const glyph = part(element, "header").querySelector(".glyph") as Element;
    for (const beside of [glyph, part(element, "figures")]) {
      expect(middleOf(beside.getBoundingClientRect())).to.be.closeTo(middleOf(first), 1.5);
    }
  });

  it("says in whole that the text is safe, though in German", async () => {
    document.documentElement.lang = "de";
    const element = await mountScene(sceneOf("reconnecting"), boxOf(400));
    expect(partText(element, "message")).to.equal("Verbinde neu — Ihr Text bleibt");
    const message = part(element, "message").getBoundingClientRect();
    for (const line of linesOf(part(element, "remark"))) expect(line.right).to.be.at.most(message.right);
  });

  it("tells stages of several lines apart", async () => {
    const stages = [`Analyse clauses ${LONG}`, `Write the summary ${LONG}`, "Send"];
    const plan = JSON.stringify(stages.map((label) => ({ id: label, label })));
    const element = await mount({ stages: plan }, "", boxOf(300));
    const list = [...part(element, "stages").children];
    const [first, second] = list.map((stage) =>
      linesOf(stage.querySelector("[part=stage-label]") as Element),
    );
    const betweenLines = (first?.[1]?.top ?? 0) - (first?.[0]?.bottom ?? 0);
    expect((second?.[0]?.top ?? 0) - (first?.at(-1)?.bottom ?? 0)).to.be.at.least(betweenLines + 8);
    expect(list[2]?.getBoundingClientRect().height).to.equal(30);
  });

  it("is not written as the page around it is", async () => {
    const odd = boxOf("white-space: nowrap; text-indent: 3em; text-transform: uppercase", boxOf(400));
    for (const name of ["idle", "running", "error with text kept", "done"]) {
      const [element, other] = [
        await mountScene(sceneOf(name), boxOf(400)),
        await mountScene(sceneOf(name), odd),
      ];
      expect(heightOf(other), name).to.equal(heightOf(element));
      const { textIndent, textTransform, whiteSpace } = getComputedStyle(part(other, "header"));
      expect([textIndent, textTransform, whiteSpace]).to.deep.equal(["0px", "none", "normal"]);
    }
  });

  it("does not shrink at the first word, nor when the connection is lost after it", async () => {
    const element = await mountScene(sceneOf("waiting for the first word"));
    const before = heightOf(element);
    lastSession().emit({ type: "text", delta: "Hi" });
    await until(() => isShown(element, "output"), "the text");
    expect(heightOf(element)).to.equal(before);
    lastSession().set({ phase: "reconnecting", lostAt: Date.now() - 2_000 });
    await drawn(element);
    expect(isShown(element, "output")).to.equal(true);
    expect(heightOf(element)).to.equal(before);
  });

  it("has a known plan where it stays, from the first sign of a connection on", async () => {
    const element = await mount({ stages: JSON.stringify(PLAN) });
    void element.start();
    await until(() => isShown(element, "message"), "the connection's first sign");
    expect(partText(element, "message")).to.equal("Connecting…");
    expect(isShown(element, "rail")).to.equal(false);
    expect(part(element, "segments").hasAttribute("aria-valuenow")).to.equal(false);
    const before = part(element, "stages").getBoundingClientRect().top;
    lastSession().emit({ type: "start", stages: PLAN }, { type: "stage", stage: "a", status: "running" });
    await until(() => partText(element, "message").startsWith("Read"), "the run");
    expect(part(element, "stages").getBoundingClientRect().top).to.equal(before);
  });

  it("shows that the text was copied where there is room for a glyph only, and names its glyphs", async () => {
    const element = await mountScene(sceneOf("done"), boxOf(320));
    expect([part(element, "copy").title, part(element, "action").title]).to.deep.equal(["Copy", "Run again"]);
    const drawing = (): string => part(element, "copy").querySelector("svg")?.innerHTML ?? "";
    const before = drawing();
    Object.defineProperty(navigator, "clipboard", { value: { writeText() {} }, configurable: true });
    try {
      await element.copy();
    } finally {
      Reflect.deleteProperty(navigator, "clipboard");
    }
    await drawn(element);
    expect(drawing()).not.to.equal(before);
    expect(part(element, "copy").title).to.equal("Copied");
  });
});
