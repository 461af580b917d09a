import "axe-core";
import type { AxeResults, RunOptions } from "axe-core";
import { expect } from "chai";
import { mountScene, until, useFakeSessions } from "../support/mount.js";
import { scenes } from "../support/scenes.js";

/** As a script of the page, not as a module, axe-core leaves its one name on the window. */
const { axe } = globalThis as unknown as {
  axe: { run(context: Element, options: RunOptions): Promise<AxeResults> };
};

describe("accessibility", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  for (const scheme of ["light", "dark"]) {
    for (const scene of scenes) {
      it(`finds no fault with ${scene.name}, ${scheme}`, async () => {
        document.documentElement.lang = "en";
        document.title = "Accessibility";
        document.documentElement.style.colorScheme = scheme;
        document.documentElement.style.background = scheme === "dark" ? "#0b0c0e" : "#f4f4f6";
        const main = document.createElement("main");
        document.body.append(main);
        const element = await mountScene(scene, main);
        const shown = scene.name.split(" ")[0] ?? "";
        if (shown === "reconnecting" || shown === "connecting") {
          await until(() => element.shadowRoot?.querySelector(`[data-state=${shown}]`));
        }
        const { violations, incomplete } = await axe.run(main, {
          rules: { "target-size": { enabled: true }, region: { enabled: false } },
        });
        const faults = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        expect(faults).to.deep.equal([]);
        const unsure = incomplete.filter(({ id }) => id !== "color-contrast");
        expect(unsure.map(({ id }) => id)).to.deep.equal([]);
      });
    }
  }
});
