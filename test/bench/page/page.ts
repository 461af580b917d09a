import { type Flush, type Technique, techniques } from "./techniques.js";
import { markdownText, plainText } from "./texts.js";

export interface Wish {
  readonly technique: string;
  readonly format: "text" | "markdown";
  /** The text that comes in flushes; `before` of it is there already. */
  readonly bytes: number;
  readonly before: number;
  /** How it differs from a box that is held at its end and drawn after each flush. */
  readonly setting?: "" | "its end out of sight" | "no frame between";
  readonly flushes: number;
  /** Given up after this long. */
  readonly budgetMs: number;
}

export interface Outcome {
  /** What each flush took, or each frame. */
  readonly costsMs: readonly number[];
  /** Letters that are to be seen at the end, beside those that were given. */
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

interface Opened {
  readonly box: HTMLElement;
  readonly deltas: readonly string[];
  readonly flush: Flush;
  /** The letters of the text up to so many deltas. */
  readonly given: (deltas: number) => number;
}

async function open({ technique, format, bytes, before, setting, flushes }: Wish): Promise<Opened> {
  const text = (format === "markdown" ? markdownText : plainText)(before + bytes);
  const box = document.createElement("div");
  box.className = setting ? "box" : "box at-end";
  document.body.replaceChildren(box);
  const create: Technique | undefined = techniques[technique];
  if (!create) throw new Error(`no technique "${technique}"`);
  // What a technique waits for until it is drawn may be a frame.
  const timer = setInterval(runFrame);
  const flush = await create(box, runFrame);
  clearInterval(timer);
  if (before > 0) {
    await flush(text.slice(0, before));
    box.scrollTop = box.scrollHeight;
    for (let settled = 0; settled < 10; settled++) await frame();
  }
  const end = (count: number): number => before + Math.round((count * bytes) / flushes);
  const deltas = Array.from({ length: flushes }, (_, index) => text.slice(end(index), end(index + 1)));
  return { box, deltas, flush, given: (count) => lettersOf(text.slice(0, end(count))) };
}

/** What each flush costs until it is laid out. */
async function measureFlushes(wish: Wish): Promise<Outcome> {
  const { box, deltas, flush, given } = await open(wish);
  const costsMs: number[] = [];
  // Waiting for frames costs more than the flushes where those are cheap, and counts less.
  // There are 60 a second at least.
  const deadline = performance.now() + Math.max(3 * wish.budgetMs, 20 * deltas.length);
  let spentMs = 0;
  for (const delta of deltas) {
    if (spentMs > wish.budgetMs || performance.now() > deadline) break;
    const from = performance.now();
    await flush(delta);
    // What the flush has changed is laid out before the clock is stopped.
    const height = box.scrollHeight;
    if (!wish.setting) box.scrollTop = height;
    const costMs = performance.now() - from;
    spentMs += costMs;
    costsMs.push(costMs);
    if (wish.setting !== "no frame between") await frame();
  }
  return { costsMs, shown: letters(box), given: given(costsMs.length) };
}

/** How long each frame took while one flush came in each. */
async function measureFrames(wish: Wish): Promise<Outcome> {
  const { box, deltas, flush, given } = await open(wish);
  const costsMs: number[] = [];
  const deadline = performance.now() + wish.budgetMs;
  let last = await frame();
  for (const delta of deltas) {
    if (performance.now() > deadline) break;
    await flush(delta);
    box.scrollTop = box.scrollHeight;
    const now = await frame();
    costsMs.push(now - last);
    last = now;
  }
  return { costsMs, shown: letters(box), given: given(costsMs.length) };
}

/** Letters alone: what a technique makes of white space and of marks is its own. */
function letters(node: Node): number {
  let count = 0;
  const root = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
  for (const child of root.childNodes) {
    if (child instanceof Text) count += lettersOf(child.data);
    else if (!(child instanceof HTMLStyleElement)) count += letters(child);
  }
  return count;
}

const lettersOf = (text: string): number => text.match(/[a-z]/gi)?.length ?? 0;

Object.assign(window, { measureFlushes, measureFrames });
