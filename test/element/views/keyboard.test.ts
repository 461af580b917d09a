import type { AiProgressStream } from "@ai-progress-stream/element";
import { sendKeys } from "@web/test-runner-commands";
import { expect } from "chai";
import { itUnless } from "../support/engine.js";
import { drawn, lastSession, mount, part, sessions, until, useFakeSessions } from "../support/mount.js";

const holder = (element: AiProgressStream): Element | null =>
  element.shadowRoot?.activeElement ?? document.activeElement;

/** The part that has the focus, or the tag of what has it outside. */
function focused(element: AiProgressStream): string {
  const found = holder(element);
  return found?.getAttribute("part") ?? found?.localName ?? "";
}
/** A key has been sent when this resolves, and not always acted on. */
async function tab(element: AiProgressStream): Promise<string> {
  const before = holder(element);
  await sendKeys({ press: "Tab" });
  await until(() => holder(element) !== before, "the step to what comes next");
  return focused(element);
}

describe("by keyboard alone", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  it("a run is started, stopped and started over without the focus being moved", async () => {
    const element = await mount();
    expect(await tab(element)).to.equal("action");
    await sendKeys({ press: "Enter" });
    await until(() => element.state === "connecting", "the start");
    lastSession().emit({ type: "start", at: Date.now() });
    await drawn(element);
    expect(focused(element)).to.equal("action");
    // A key that is pressed twice is not meant for what the button has become.
    await until(async () => {
      await sendKeys({ press: " " });
      return element.state === "cancelling";
    }, "the cancelling");
    lastSession().emit({ type: "end", status: "cancelled", reason: "user" });
    await drawn(element);
    expect(focused(element)).to.equal("action");
    await until(async () => {
      await sendKeys({ press: "Enter" });
      return element.state === "connecting";
    }, "the new start");
    expect(sessions.at(-1)?.calls.filter(([name]) => name === "start").length).to.equal(2);
    expect(focused(element)).to.equal("action");
  });

  const noHolding = "its driver cannot hold a key";
  itUnless(
    { firefox: noHolding, webkit: noHolding },
    "a key that is held presses the button once",
    async () => {
      const element = await mount();
      await tab(element);
      let repeats = 0;
      element.addEventListener("keydown", ({ repeat }) => (repeats += repeat ? 1 : 0));
      await sendKeys({ down: "Enter" });
      await until(() => element.state === "connecting", "the start");
      lastSession().emit({ type: "start" }, { type: "progress", message: "Reading" });
      await drawn(element);
      const { now } = performance;
      // Later than a click is taken for a second one of a double click.
      performance.now = () => now.call(performance) + 60_000;
      try {
        for (let i = 0; i < 3; i++) await sendKeys({ down: "Enter" });
        await until(() => repeats === 3, "the repeats");
        await sendKeys({ up: "Enter" });
        expect(lastSession().calls.map(([name]) => name)).to.deep.equal(["start"]);
        await sendKeys({ press: "Enter" });
        await until(() => element.state === "cancelling", "the cancelling");
      } finally {
        performance.now = now;
      }
    },
  );

  it("all that can be used is reached, in the order in which it is read", async () => {
    const element = await mount({ format: "markdown" });
    const after = document.createElement("button");
    document.body.append(after);
    void element.start();
    lastSession().emit(
      { type: "text", channel: "reasoning", delta: "hm" },
      {
        type: "text",
        delta: "[a link](https://a.example) ![chip](https://b.example/i.png)\n\n```js\nlet a;\n```\n",
      },
      { type: "end", status: "succeeded" },
    );
    await drawn(element);
    const seen: string[] = [];
    for (let i = 0; i < 20 && document.activeElement !== after; i++) seen.push(await tab(element));
    expect(seen.slice(0, -1)).to.deep.equal([
      "copy",
      "action",
      "summary",
      "link",
      "link link-chip",
      "copy-code",
      "code-text",
    ]);
  });

  it("what has the focus can be seen", async () => {
    const element = await mount();
    await tab(element);
    const { outlineStyle, outlineWidth } = getComputedStyle(part(element, "action"));
    expect([outlineStyle, outlineWidth]).to.deep.equal(["solid", "2px"]);
  });
});
