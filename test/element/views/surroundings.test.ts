import { emulateMedia, executeServerCommand } from "@web/test-runner-commands";
import { expect } from "chai";
import { itUnless } from "../support/engine.js";
import { mountScene, useFakeSessions } from "../support/mount.js";
import { sceneOf, scenes } from "../support/scenes.js";

/** As the page's own style gives it: a system colour has no value of its own. */
function computedColor(name: string): string {
  const probe = document.createElement("div");
  probe.style.cssText = `color: ${name}; forced-color-adjust: none`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const seen = (element: Element, selector: string): Element[] =>
  [...(element.shadowRoot?.querySelectorAll(selector) ?? [])].filter((node) => node.checkVisibility());

const animationsOf = (element: Element): string[] =>
  (element.shadowRoot?.getAnimations() ?? []).map((animation) => (animation as CSSAnimation).animationName);

describe("wherever it stands", () => {
  beforeEach(() => useFakeSessions());
  afterEach(async () => {
    document.documentElement.dir = "";
    document.body.replaceChildren();
  });

  it("paints over nothing of the page's that stands above it", async () => {
    const element = await mountScene(sceneOf("waiting for the first word"));
    const rail = element.shadowRoot?.querySelector("[part=rail]") as Element;
    const { left, top, width } = rail.getBoundingClientRect();
    const bar = document.createElement("div");
    bar.style.cssText = "position: fixed; inset: 0";
    document.body.append(bar);
    const { localName } = document.elementFromPoint(left + width / 2, top + 1) ?? bar;
    expect(localName).to.equal("div");
  });

  for (const scene of scenes) {
    for (const [width, fontSize, dir] of [
      [320, "15px", "ltr"],
      [320, "30px", "ltr"],
      [240, "15px", "rtl"],
    ] as const) {
      it(`${scene.name} fits into ${width} px at ${fontSize}, ${dir}`, async () => {
        document.documentElement.dir = dir;
        const box = document.createElement("div");
        box.style.inlineSize = `${width}px`;
        box.style.setProperty("--ai-font-size", fontSize);
        document.body.append(box);
        const element = await mountScene(scene, box);
        const card = element.shadowRoot?.querySelector("[part=card]");
        const { left, right } = (card as Element).getBoundingClientRect();
        const scrolls = ".hidden, pre *, [part=table-scroller] *, [part=bar], svg *, .button-label";
        const wide = [...(element.shadowRoot?.querySelectorAll("[part=card] *") ?? [])].filter((node) => {
          const rect = node.getBoundingClientRect();
          return rect.width > 0 && !node.matches(scrolls) && (rect.left < left - 1 || rect.right > right + 1);
        });
        expect(wide.map((node) => node.outerHTML.slice(0, 80))).to.deep.equal([]);
      });
    }
  }

  const noEmulation = "its driver cannot make movement unwanted";
  itUnless(
    { firefox: noEmulation, webkit: noEmulation },
    "does not move where movement is unwanted",
    async () => {
      await emulateMedia({ reducedMotion: "reduce" });
      try {
        for (const scene of scenes) {
          const element = await mountScene(scene);
          expect(animationsOf(element)).to.deep.equal([]);
        }
      } finally {
        await emulateMedia({ reducedMotion: "no-preference" });
      }
    },
  );

  const noForcing = "its driver cannot force colours";
  itUnless(
    { firefox: noForcing, webkit: noForcing },
    "in forced colours shows how far it is, and what can be pressed",
    async () => {
      await executeServerCommand("force-colors", true);
      try {
        expect(matchMedia("(forced-colors: active)").matches).to.equal(true);
        const canvas = computedColor("Canvas");
        const mark = computedColor("Mark");
        let bars = 0;
        let failed = 0;
        let buttons = 0;
        for (const scene of scenes) {
          const element = await mountScene(scene);
          for (const bar of seen(element, ".rail i, .segment i")) {
            bars++;
            expect(getComputedStyle(bar).backgroundColor, scene.name).not.to.equal(canvas);
          }
          for (const bar of seen(element, ".segment.failed i")) {
            expect(getComputedStyle(bar).backgroundColor, scene.name).to.equal(mark);
            failed++;
          }
          for (const segment of seen(element, ".segment")) {
            expect(getComputedStyle(segment).outlineStyle, scene.name).to.equal("solid");
          }
          for (const button of seen(element, ".button")) {
            buttons++;
            expect(getComputedStyle(button).borderTopColor, scene.name).not.to.equal(canvas);
          }
        }
        expect(bars).to.be.greaterThan(10);
        expect(failed).to.be.greaterThan(0);
        expect(buttons).to.be.greaterThan(10);
      } finally {
        await executeServerCommand("force-colors", false);
      }
    },
  );

  it("moves where it may", async () => {
    const element = await mountScene(sceneOf("streaming"));
    expect(element.state).to.equal("streaming");
    expect(animationsOf(element)).to.include.members(["spin", "blink"]);
  });
});
