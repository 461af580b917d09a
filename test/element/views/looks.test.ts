import { expect } from "chai";
import { drawn, lastSession, mount, mountScene, part, useFakeSessions } from "../support/mount.js";
import { scenes } from "../support/scenes.js";

const PLAN = [
  { id: "a", label: "Read", weight: 1 },
  { id: "b", label: "Write", weight: 1 },
];

describe("the look", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => {
    document.documentElement.dir = "";
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
    const element = await mountScene(scenes.find(({ name }) => name === "running") ?? { name: "" });
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
});
