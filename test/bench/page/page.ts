import "@ai-progress-stream/element";
import { html, render } from "lit";
import { lastSession, mount, useFakeSessions } from "../../element/support/mount.js";
import { markdownText, plainText } from "./texts.js";

/** Brings a text by `delta` further, to where it is laid out. */
type Flush = (delta: string) => void;
type Technique = (box: HTMLElement) => Flush | Promise<Flush>;

export interface Wish {
  readonly technique: string;
  readonly format: "text" | "markdown";
  readonly bytes: number;
  readonly flushes: number;
  /** Given up after this long. */
  readonly budgetMs: number;
}

export interface Outcome {
  readonly flushes: number;
  readonly totalMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Mean of the first and of the last tenth. */
  readonly firstMs: number;
  readonly lastMs: number;
}

const nextFrame = requestAnimationFrame.bind(window);
const frame = (): Promise<unknown> => new Promise((resolve) => nextFrame(resolve));

/** What waits for a frame, so that a flush can be measured as a whole. */
let waiting: FrameRequestCallback[] = [];
window.requestAnimationFrame = (callback) => waiting.push(callback);
window.cancelAnimationFrame = () => {};
function runFrame(): void {
  const callbacks = waiting;
  waiting = [];
  for (const callback of callbacks) callback(performance.now());
}

const element =
  (attributes: Readonly<Record<string, string>>): Technique =>
  async (box) => {
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

const techniques: Readonly<Record<string, Technique>> = {
  "ai-progress-stream": element({}),
  "ai-progress-stream, Markdown": element({ format: "markdown" }),
  "textContent +=": (box) => (delta) => {
    box.textContent += delta;
  },
  "append() of a text node": (box) => (delta) => box.append(delta),
  "Lit's text binding": (box) => {
    let text = "";
    return (delta) => {
      text += delta;
      render(html`<p>${text}</p>`, box);
    };
  },
  "innerHTML of the whole": (box) => {
    let text = "";
    return (delta) => {
      text += delta;
      box.innerHTML = text.replaceAll("<", "&lt;").replace(/[^\n]+/g, "<p>$&</p>");
    };
  },
};

export async function measure({ technique, format, bytes, flushes, budgetMs }: Wish): Promise<Outcome> {
  const text = (format === "markdown" ? markdownText : plainText)(bytes);
  const box = document.createElement("div");
  box.className = "box";
  document.body.replaceChildren(box);
  const flush = await techniques[technique]?.(box);
  if (!flush) throw new Error(`no technique "${technique}"`);
  const size = text.length / flushes;
  const costs: number[] = [];
  const deadline = performance.now() + budgetMs;
  for (let i = 0; i < flushes && performance.now() < deadline; i++) {
    const delta = text.slice(Math.round(i * size), Math.round((i + 1) * size));
    const from = performance.now();
    flush(delta);
    // What the flush has changed is laid out before the clock is stopped.
    box.scrollTop = box.scrollHeight;
    costs.push(performance.now() - from);
    await frame();
  }
  return summary(costs);
}

function summary(costs: readonly number[]): Outcome {
  const sorted = costs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const tenth = Math.max(1, Math.floor(costs.length / 10));
  return {
    flushes: costs.length,
    totalMs: sum(costs),
    medianMs: at(0.5),
    p95Ms: at(0.95),
    maxMs: at(1),
    firstMs: sum(costs.slice(0, tenth)) / tenth,
    lastMs: sum(costs.slice(-tenth)) / tenth,
  };
}

Object.assign(window, { measure });
