import type { AiProgressStream } from "@ai-progress-stream/element";
import { expect } from "chai";
import { drawn, frame, isShown, lastSession, mount, part, until, useFakeSessions } from "../support/mount.js";

const lines = (count: number): string => "some words in a line\n\n".repeat(count);

async function write(element: AiProgressStream, delta: string): Promise<void> {
  lastSession().emit({ type: "text", delta });
  await drawn(element);
}

/** A run whose text is to begin far below what is to be seen. */
async function away(attributes: Readonly<Record<string, string>> = {}): Promise<AiProgressStream> {
  const element = await mount({ style: "margin-block-start: 9000px", ...attributes });
  void element.start();
  return element;
}

/** A run whose text is taller than its output may become. */
async function limited(attributes: Readonly<Record<string, string>> = {}, parent?: Element) {
  const element = await mount(attributes, "", parent);
  element.style.setProperty("--ai-max-height", "120px");
  void element.start();
  await write(element, lines(40));
  const output = part(element, "output");
  const isAtEnd = (): boolean => output.scrollTop + output.clientHeight >= output.scrollHeight - 8;
  return { element, output, isAtEnd };
}

async function scrollUp(element: AiProgressStream): Promise<void> {
  const output = part(element, "output");
  await until(() => output.tabIndex === 0, "something to scroll");
  output.dispatchEvent(new WheelEvent("wheel", { deltaY: -100 }));
  output.scrollTop = 0;
  await until(() => isShown(element, "jump"), "the way back");
}

describe("the end of the text", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  it("keeps the focus that was on the way back to its end", async () => {
    const { element, isAtEnd } = await limited();
    await scrollUp(element);
    part(element, "jump").focus();
    part(element, "jump").click();
    await until(() => !isShown(element, "jump"), "the end");
    expect(element.shadowRoot?.activeElement?.getAttribute("part")).to.equal("output");
    await until(isAtEnd, "the end");
  });

  it("follows its end where it scrolls, until the reader scrolls away", async () => {
    const { element, output, isAtEnd } = await limited();
    await until(isAtEnd, "the end");
    expect(output.tabIndex).to.equal(0);
    await scrollUp(element);
    await write(element, lines(10));
    expect(output.scrollTop).to.equal(0);
    part(element, "jump").click();
    await until(isAtEnd, "the end");
  });

  it("stays where it is while text comes in, where following is off", async () => {
    const { element, output } = await limited({ autoscroll: "off" });
    await until(() => isShown(element, "jump"), "the way to the end");
    expect(output.scrollTop).to.equal(0);
    part(element, "jump").click();
    await until(() => !isShown(element, "jump"), "the end");
    const { scrollTop } = output;
    expect(scrollTop).to.be.above(0);
    await write(element, lines(10));
    await until(() => isShown(element, "jump"), "the way to the new end");
    expect(output.scrollTop).to.equal(scrollTop);
  });

  it("stays at its end where the card becomes narrower", async () => {
    const { element, output, isAtEnd } = await limited();
    await until(() => output.scrollTop > 0 && isAtEnd(), "the end");
    const { scrollHeight } = output;
    element.style.inlineSize = "140px";
    await until(() => output.scrollHeight > scrollHeight && isAtEnd(), "the end of more lines");
    expect(isShown(element, "jump")).to.equal(false);
  });

  for (const format of ["text", "markdown"])
    it(`is laid out where its end is to be seen, and skipped elsewhere while it grows, once it is long: ${format}`, async () => {
      const element = await away({ format });
      const output = part(element, "text");
      const isSkipped = (): boolean =>
        !output.lastElementChild?.lastElementChild?.checkVisibility({ contentVisibilityAuto: true });
      await write(element, "first\n\n");
      await frame();
      expect(isSkipped(), "a short text").to.equal(false);
      await write(element, lines(60));
      await until(isSkipped, "a long text that is out of sight");
      expect(output.textContent).to.match(/^first.*line$/s);

      await until(() => {
        // What is laid out on the way may be taller than it was taken for.
        element.scrollIntoView({ block: "end" });
        return part(element, "output").hasAttribute("data-in-sight");
      }, "the end in sight");
      expect(isSkipped(), "in sight").to.equal(false);
      window.scrollTo(0, 0);
      await until(isSkipped, "out of sight again");
      lastSession().emit({ type: "end", status: "succeeded" });
      await until(() => !isSkipped(), "the end of the run");
    });

  it("stands at its end when it comes into sight, with what came meanwhile", async () => {
    const { element, output, isAtEnd } = await limited({ style: "margin-block-start: 9000px" });
    await write(element, "a long line of words that break where the card ends ".repeat(40));
    element.scrollIntoView({ block: "end" });
    await until(() => output.hasAttribute("data-in-sight"), "the end in sight");
    await until(isAtEnd, "the end");
    expect(isShown(element, "jump")).to.equal(false);
  });

  it("has its height once the run is over, though it came out of sight", async () => {
    const element = await away();
    for (let flush = 0; flush < 30; flush++) await write(element, lines(5));
    lastSession().emit({ type: "end", status: "succeeded" });
    await drawn(element);
    await frame();
    const height = element.offsetHeight;
    for (const section of part(element, "text").children)
      (section as HTMLElement).style.contentVisibility = "visible";
    expect(height).to.equal(element.offsetHeight);
  });

  it("follows its end again where following is turned on in mid-run", async () => {
    const { element, isAtEnd } = await limited({ autoscroll: "off" });
    await until(() => isShown(element, "jump"), "the way to the end");
    element.autoscroll = "on";
    await until(isAtEnd, "the end");
    await write(element, lines(20));
    await until(isAtEnd, "the new end");
    expect(isShown(element, "jump")).to.equal(false);
  });

  it("stands at its end where it is drawn only after it has come", async () => {
    const dialog = document.createElement("dialog");
    document.body.append(dialog);
    const { element, output, isAtEnd } = await limited({}, dialog);
    await frame();
    await write(element, lines(40));
    await frame();
    dialog.showModal();
    await until(() => output.scrollHeight > 1_000 && isAtEnd(), "the end");
    await until(() => output.tabIndex === 0, "something to scroll");
  });

  it("is not looked for in each frame where it is not drawn", async () => {
    const Observer = window.IntersectionObserver;
    let calls = 0;
    window.IntersectionObserver = class extends Observer {
      constructor(callback: IntersectionObserverCallback, options?: IntersectionObserverInit) {
        super((entries, observer) => {
          calls++;
          callback(entries, observer);
        }, options);
      }
    };
    try {
      const details = document.createElement("details");
      document.body.append(details);
      await limited({}, details);
      await until(async () => {
        calls = 0;
        for (let count = 0; count < 10; count++) await frame();
        return calls === 0;
      }, "ten frames of rest");
    } finally {
      window.IntersectionObserver = Observer;
    }
  });

  it("has no way to an end that is in sight, after it was moved", async () => {
    const { element, output } = await limited();
    await scrollUp(element);
    element.style.removeProperty("--ai-max-height");
    const box = document.createElement("div");
    document.body.append(box);
    box.append(element);
    await until(() => !isShown(element, "jump"), "no way back");
    expect(output.tabIndex).to.equal(-1);
  });
});
