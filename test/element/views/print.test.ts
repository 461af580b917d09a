import type { AiProgressStream } from "@ai-progress-stream/element";
import { emulateMedia } from "@web/test-runner-commands";
import { expect } from "chai";
import { itUnless } from "../support/engine.js";
import { drawn, lastSession, mount, mountScene, part, useFakeSessions } from "../support/mount.js";
import { sceneOf } from "../support/scenes.js";

const noEmulation = "its driver cannot print";
const onPaper = (title: string, test: () => Promise<void>): void =>
  itUnless({ firefox: noEmulation, webkit: noEmulation }, title, async () => {
    await emulateMedia({ media: "print" });
    try {
      await test();
    } finally {
      await emulateMedia({ media: "screen" });
    }
  });

const show = (name: string): Promise<AiProgressStream> => mountScene(sceneOf(name));

describe("on paper", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => {
    document.documentElement.style.colorScheme = "";
    document.body.replaceChildren();
  });

  onPaper("loses no column of a table", async () => {
    const box = document.createElement("div");
    box.style.inlineSize = "400px";
    document.body.append(box);
    const element = await mount({ format: "markdown" }, "", box);
    void element.start();
    const row = `| ${Array.from({ length: 9 }, () => "Verantwortungsbewusstsein").join(" | ")} |`;
    lastSession().emit({ type: "text", delta: `${row}\n|${"---|".repeat(9)}\n${row}\n` });
    await drawn(element);
    const scroller = part(element, "table-scroller");
    const cells = [...(element.shadowRoot?.querySelectorAll("[part=cell]") ?? [])];
    const right = Math.max(...cells.map((cell) => cell.getBoundingClientRect().right));
    expect(cells.length).to.equal(18);
    expect(right).to.be.at.most(scroller.getBoundingClientRect().right + 1);
    expect(getComputedStyle(scroller).overflowX).to.equal("visible");
  });

  onPaper("is dark on white, also where the page is light on dark", async () => {
    document.documentElement.style.colorScheme = "dark";
    const element = await show("done");
    expect(getComputedStyle(part(element, "card")).backgroundColor).to.equal("rgb(255, 255, 255)");
  });

  onPaper("leaves the card's corners free, and its figures within its inset", async () => {
    const error = await show("error");
    expect(getComputedStyle(part(error, "notice")).backgroundColor).to.equal("rgba(0, 0, 0, 0)");
    const running = await show("running");
    const right = (name: string): number => part(running, name).getBoundingClientRect().right;
    expect(right("figures")).to.be.at.most(right("card") - 16);
  });

  onPaper("has all of a text that comes out of sight", async () => {
    const element = await mount();
    element.style.marginBlockStart = "9000px";
    void element.start();
    lastSession().emit({ type: "text", delta: "line\n\n".repeat(60) });
    await drawn(element);
    const sections = [...part(element, "text").children];
    expect(sections.length).to.be.above(1);
    for (const section of sections) expect(getComputedStyle(section).contentVisibility).to.equal("visible");
  });
});
