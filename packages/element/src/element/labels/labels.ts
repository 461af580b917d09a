import type { CancelReason, ErrorCode } from "@ai-progress-stream/protocol";
import { de } from "./de.js";
import { en } from "./en.js";
import { registeredLabels } from "./registry.js";

/** A text, or one per plural category of the language (`one`, `few`, `other`, …). `{name}` is filled in. */
export type Label = string | { readonly [category in Intl.LDMLPluralRule]?: string };

/** Every text that the element itself says. */
export interface Labels {
  /** Names the whole, where no `label` is set. */
  readonly title: string;
  readonly ready: string;
  readonly start: string;
  readonly connecting: string;
  readonly working: string;
  readonly writing: string;
  readonly cancel: string;
  readonly stop: string;
  readonly stopping: string;
  readonly reconnecting: string;
  readonly textSafe: string;
  /** `{attempt}`, `{max}`, `{seconds}` */
  readonly retryIn: string;
  /** `{attempt}`, `{max}` */
  readonly retrying: string;
  readonly retryNow: string;
  readonly done: string;
  readonly copy: string;
  readonly copied: string;
  readonly runAgain: string;
  /** The connection was given up; the run may live on. */
  readonly lost: string;
  readonly failed: string;
  /** `{stage}` */
  readonly failedAt: string;
  readonly retry: string;
  readonly startOver: string;
  /** `{count}` seconds */
  readonly retryAfter: Label;
  readonly textKept: string;
  readonly stopped: string;
  /** Stands behind `stopped`, after a blank where it begins with no mark (", weil …"). */
  readonly stoppedBy: Readonly<Record<CancelReason, string>>;
  /** `{tokens}`: "412 tokens" */
  readonly tokensKept: string;
  readonly partKept: string;
  /** `{completed}`, `{total}` */
  readonly count: string;
  /** `{count}` */
  readonly tokens: Label;
  readonly reasoning: string;
  readonly answer: string;
  readonly jump: string;
  readonly progress: string;
  /** `{index}`, `{count}` */
  readonly step: string;
  readonly stageDone: string;
  readonly stageFailed: string;
  readonly stageSkipped: string;
  readonly started: string;
  readonly stillWorking: string;
  readonly reconnected: string;
  /** `{count}` words */
  readonly doneWords: Label;
  /** `{names}` */
  readonly filesRefused: string;
  /** Sentences by error code, in place of the protocol's fixed ones. A sentence of the application's own stays. */
  readonly errors: { readonly [code in ErrorCode]?: string };
  /** No answer came. */
  readonly unreachable: string;
  /** The server took the request, and did not answer in time. */
  readonly unanswered: string;
  readonly connectionLost: string;
  /** What runs are started at is not there. */
  readonly nowhere: string;
  /** The connection stands, and nothing comes. */
  readonly silent: string;
  /** Of a cancellation. */
  readonly unconfirmed: string;
  /** The page's own code for the request failed. */
  readonly unprepared: string;
  /** An event is missing. */
  readonly incomplete: string;
  /** A script of the page did not come. */
  readonly unloaded: string;
  /** Names a block of code. */
  readonly code: string;
  /** Stands for an image without a description. */
  readonly image: string;
  /** What the empty box of a task says. */
  readonly taskOpen: string;
}

const languages: Readonly<Record<string, Labels>> = { en, de };

/** "zh-Hant-TW" finds "zh-hant", if that is there, else "zh" (the lookup of RFC 4647). */
function find(lang: string): Labels | undefined {
  for (let tag = lang.toLowerCase(); tag !== ""; tag = tag.slice(0, Math.max(0, tag.lastIndexOf("-")))) {
    const found = registeredLabels(tag) ?? (Object.hasOwn(languages, tag) ? languages[tag] : undefined);
    if (found) return found;
  }
  return undefined;
}

/** The labels of a language ("de-AT" finds "de"), English where there are none, with overrides laid on top. */
export function labelsFor(lang: string, overrides: Partial<Labels> | null): Labels {
  const base = find(lang) ?? en;
  return overrides ? laidOver(base, overrides) : base;
}

const isTable = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Of tables (plural forms, reasons, errors) only what is named is replaced; nothing replaces nothing. */
function laidOver<Base extends object>(base: Base, overrides: object): Base {
  const laid = { ...base } as Base & Record<string, unknown>;
  for (const [name, value] of Object.entries(overrides)) {
    const below = laid[name];
    if (value === undefined || value === null) continue;
    Object.assign(laid, { [name]: isTable(value) && isTable(below) ? laidOver(below, value) : value });
  }
  return laid;
}

/** Whether the element has labels of its own in that language. */
export const isLabelled = (lang: string): boolean => find(lang) !== undefined;

/** The language that holds at an element: the nearest `lang`, also outside of its shadow tree, else the browser's. */
export function languageAt(element: Element): string {
  let node: Element | null = element;
  while (node) {
    const lang = node.closest("[lang]")?.getAttribute("lang");
    if (lang) return validLanguage(lang);
    const root: Node = node.getRootNode();
    node = root instanceof ShadowRoot ? root.host : null;
  }
  return validLanguage(globalThis.navigator?.language ?? "en");
}

/** Intl throws at a malformed tag, and a page may say anything. */
function validLanguage(lang: string): string {
  try {
    return Intl.getCanonicalLocales(lang)[0] ?? "en";
  } catch {
    return "en";
  }
}
