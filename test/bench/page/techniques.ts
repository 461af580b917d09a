import "@ai-progress-stream/element";
import { html, render } from "lit";
import { lastSession, mount, useFakeSessions } from "../../element/support/mount.js";

/** Brings a text by `delta` further, to where it is laid out. */
export type Flush = (delta: string) => void | Promise<void>;
/** `runFrame` calls what waits for an animation frame. */
export type Technique = (box: HTMLElement, runFrame: () => void) => Flush | Promise<Flush>;

const element =
  (attributes: Readonly<Record<string, string>>): Technique =>
  async (box, runFrame) => {
    useFakeSessions();
    const mounted = await mount(attributes, "", box);
    void mounted.start();
    const session = lastSession();
    session.emit({ type: "start", at: Date.now() });
    return (delta) => {
      session.emit({ type: "text", delta });
      runFrame();
    };
  };

/** The least that can be done: what interface work aside, the text itself has to cost. */
const paragraphs: Technique = (box) => {
  box.classList.add("paragraphs");
  let tail: Text | null = null;
  return (delta) => {
    for (const [index, part] of delta.split("\n\n").entries()) {
      if (index > 0) tail = null;
      if (!tail) {
        tail = document.createTextNode("");
        const block = document.createElement("p");
        block.append(tail);
        box.append(block);
      }
      tail.appendData(part);
    }
  };
};

const moving: Technique = (box, runFrame) => {
  const spinner = document.createElement("div");
  spinner.className = "spinner";
  document.body.prepend(spinner);
  return paragraphs(box, runFrame);
};

/** What a flush costs where next to nothing is to be laid out: the machine's own share in all the others. */
const letter: Technique = (box) => {
  const text = document.createTextNode("a");
  box.append(text);
  return () => {
    text.data = text.data === "a" ? "b" : "a";
  };
};

/** A module of `peers`, which is there only where the bench has installed it. */
const peer =
  (file: string): Technique =>
  async (box, runFrame) => {
    const { open } = (await import(/* @vite-ignore */ `/peers/${file}.js`)) as { open: Technique };
    const flush = await open(box, runFrame);
    return async (delta) => {
      await flush(delta);
      runFrame();
    };
  };

export const techniques: Readonly<Record<string, Technique>> = {
  "ai-progress-stream": element({}),
  "ai-progress-stream, Markdown": element({ format: "markdown" }),
  "one letter, no text": letter,
  "a text node a paragraph": paragraphs,
  "the same beside a spinner": moving,
  "append() of a text node": (box) => (delta) => box.append(delta),
  "textContent +=": (box) => (delta) => {
    box.textContent += delta;
  },
  "Lit's text binding": (box) => {
    let text = "";
    return (delta) => {
      text += delta;
      render(html`<p>${text}</p>`, box);
    };
  },
  "marked + DOMPurify, Markdown": peer("markdown"),
  "deep-chat, Markdown": peer("deep-chat"),
};
