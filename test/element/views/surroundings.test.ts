import { emulateMedia } from "@web/test-runner-commands";
import { expect } from "chai";
import { itUnless } from "../support/engine.js";
import { mountScene, useFakeSessions } from "../support/mount.js";
import { scenes } from "../support/scenes.js";

const animationsOf = (element: Element): string[] =>
  (element.shadowRoot?.getAnimations() ?? []).map((animation) => (animation as CSSAnimation).animationName);

describe("wherever it stands", () => {
  beforeEach(() => useFakeSessions());
  afterEach(async () => {
    document.documentElement.dir = "";
    document.body.replaceChildren();
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

  it("moves where it may", async () => {
    const element = await mountScene(scenes.find(({ name }) => name === "streaming") ?? { name: "" });
    expect(element.state).to.equal("streaming");
    expect(animationsOf(element)).to.include.members(["spin", "blink"]);
  });
});
