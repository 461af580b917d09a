import { type Flush, type Technique, techniques } from "./techniques.js";
import { markdownText, plainText } from "./texts.js";

export interface Wish {
  readonly technique: string;
  readonly format: "text" | "markdown";
  /** The text that comes in flushes; `before` of it is there already. */
  readonly bytes: number;
  readonly before: number;
  readonly flushes: number;
  /** Given up after this long. */
  readonly budgetMs: number;
}

export interface Outcome {
  readonly flushes: number;
  /** What each flush took, or each frame. */
  readonly costsMs: readonly number[];
  /** Characters that are to be seen at the end, beside those that were given. */
  readonly shown: number;
  readonly given: number;
}

const nextFrame = requestAnimationFrame.bind(window);
const frame = (): Promise<number> => new Promise((resolve) => nextFrame(resolve));

/** What waits for a frame, so that a flush can be measured as a whole. */
let waiting: FrameRequestCallback[] = [];
window.requestAnimationFrame = (callback) => waiting.push(callback);
window.cancelAnimationFrame = () => {};
function runFrame(): void {
  const callbacks = waiting;
  waiting = [];
  for (const callback of callbacks) callback(performance.now());
}

async function open({ technique, format, bytes, before }: Wish): Promise<{
  box: HTMLElement;
  text: string;
  flush: Flush;
}> {
  const text = (format === "markdown" ? markdownText : plainText)(before + bytes);
  const box = document.createElement("div");
  box.className = "box";
  document.body.replaceChildren(box);
  const create: Technique | undefined = techniques[technique];
  if (!create) throw new Error(`no technique "${technique}"`);
  // What a technique waits for until it is drawn may be a frame.
  const timer = setInterval(runFrame);
  const flush = await create(box, runFrame);
  clearInterval(timer);
  return { box, text, flush };
}

/** What each flush costs until it is laid out, the end of the text in sight. */
async function measureFlushes(wish: Wish): Promise<Outcome> {
  const { box, text, flush } = await open(wish);
  const { flushes, budgetMs } = wish;
  const size = text.length / flushes;
  const costsMs: number[] = [];
  // Waiting for frames costs more than the flushes where those are cheap, and counts less.
  const deadline = performance.now() + 3 * budgetMs;
  let spentMs = 0;
  for (let i = 0; i < flushes && spentMs < budgetMs && performance.now() < deadline; i++) {
    const delta = text.slice(Math.round(i * size), Math.round((i + 1) * size));
    const from = performance.now();
    await flush(delta);
    // What the flush has changed is laid out before the clock is stopped.
    box.scrollTop = box.scrollHeight;
    const costMs = performance.now() - from;
    spentMs += costMs;
    costsMs.push(costMs);
    await frame();
  }
  const given = Math.round(costsMs.length * size);
  return { flushes: costsMs.length, costsMs, shown: letters(box), given };
}

/** How long each frame took while one flush came in each, `before` characters being there. */
async function measureFrames(wish: Wish): Promise<Outcome> {
  const { box, text, flush } = await open(wish);
  const { before, flushes, budgetMs } = wish;
  if (before > 0) await flush(text.slice(0, before));
  box.scrollTop = box.scrollHeight;
  const size = (text.length - before) / flushes;
  for (let settled = 0; settled < 10; settled++) await frame();
  const costsMs: number[] = [];
  const deadline = performance.now() + budgetMs;
  let last = await frame();
  for (let i = 0; i < flushes && performance.now() < deadline; i++) {
    await flush(text.slice(before + Math.round(i * size), before + Math.round((i + 1) * size)));
    box.scrollTop = box.scrollHeight;
    const now = await frame();
    costsMs.push(now - last);
    last = now;
  }
  const given = before + Math.round(costsMs.length * size);
  return { flushes: costsMs.length, costsMs, shown: letters(box), given };
}

/** Letters alone: what a technique makes of white space and of marks is its own. */
function letters(node: Node): number {
  let count = 0;
  const root = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
  for (const child of root.childNodes) {
    if (child instanceof Text) count += child.data.match(/[a-z]/gi)?.length ?? 0;
    else if (!(child instanceof HTMLStyleElement)) count += letters(child);
  }
  return count;
}

Object.assign(window, { measureFlushes, measureFrames });
