import type { ElementState } from "./events.js";
import { blankBefore, fill, formatPercent } from "./format.js";
import type { Labels } from "./labels/labels.js";
import { isBusy } from "./view.js";

/** What a screen reader is told: milestones, finished sentences too, only the end, nothing. */
export type AnnounceMode = "milestones" | "sentences" | "final" | "off";

/** What is to be told about, whenever any of it has changed. */
export interface AnnouncedMoment {
  readonly mode: AnnounceMode;
  readonly state: ElementState;
  /** Counts the runs: the next one may have ended as the last before anything else of it was seen. */
  readonly run: number;
  /** Why it failed. Another failure of the same run is news, too. */
  readonly failure: object | null;
  /** What is being worked on: "Analyse clauses". */
  readonly stage: string | null;
  readonly progress: number | null;
  readonly text: string;
  /** The end of it, as it is read: no more than so many characters. */
  readonly read: (limit: number) => string;
  /** The failure's sentence. */
  readonly error: string | null;
  /** Why it was cancelled: "by you". */
  readonly reason: string | null;
  readonly lang: string;
  readonly labels: Labels;
}

/** Time, so that tests need not wait. */
export interface AnnouncerClock {
  readonly now: () => number;
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
}

const STAGE_GAP_MS = 3_000;
const SENTENCE_GAP_MS = 2_500;
const RECONNECTING_AFTER_MS = 3_000;
const SILENCE_MS = 30_000;
/** A longer answer is only counted: nobody listens to a live region for minutes. Nor is a sentence longer. */
const READ_LIMIT = 2_000;

const systemClock: AnnouncerClock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};

/**
 * Decides what is said, and when: a stream of tokens in a live region floods a screen reader, so the text
 * itself never stands in one.
 */
export class Announcer {
  readonly #say: (message: string, isUrgent: boolean) => void;
  readonly #clock: AnnouncerClock;
  #moment: AnnouncedMoment | null = null;
  #saidAt = Number.NEGATIVE_INFINITY;
  #pending: string | null = null;
  #pendingTimer: unknown;
  #silenceTimer: unknown = null;
  #lostTimer: unknown;
  #hasSaidLost = false;
  #lastSentence = "";

  constructor(say: (message: string, isUrgent: boolean) => void, clock: AnnouncerClock = systemClock) {
    this.#say = say;
    this.#clock = clock;
  }

  update(moment: AnnouncedMoment): void {
    const before = this.#moment;
    this.#moment = moment;
    if (moment.mode === "off") {
      this.dispose();
      return;
    }
    const isNewRun = moment.run > (before?.run ?? 0);
    const isNewFailure = moment.state === "error" && moment.failure !== before?.failure;
    if (before?.state !== moment.state || isNewRun || isNewFailure) {
      this.#stateChanged(moment, before?.state ?? "idle", isNewRun);
    }
    if (moment.mode === "final") return;
    if (moment.state === "running" || moment.state === "streaming") {
      if (moment.stage && moment.stage !== before?.stage) this.#soon(moment.stage, STAGE_GAP_MS);
      if (moment.mode === "sentences") this.#sayLastSentence(moment);
      // Not only after each word: none may have been said since the last one was due.
      if (this.#silenceTimer === null) this.#listen();
    }
  }

  dispose(): void {
    this.#clock.clearTimeout(this.#pendingTimer);
    this.#clock.clearTimeout(this.#silenceTimer);
    this.#clock.clearTimeout(this.#lostTimer);
    this.#pending = null;
    this.#silenceTimer = null;
  }

  #stateChanged(moment: AnnouncedMoment, previous: ElementState, isNewRun: boolean): void {
    const { state, labels, lang, mode } = moment;
    if (state !== "reconnecting") this.#clock.clearTimeout(this.#lostTimer);
    const isOver = !isBusy(state);
    if (isOver || isNewRun) {
      this.dispose();
      this.#lastSentence = "";
      this.#hasSaidLost = false;
    }
    // What is found already ended is no news.
    if (state === "idle" || (isOver && state !== "error" && previous === "idle" && !isNewRun)) return;
    if (state === "error") {
      this.#speak(moment.error ?? labels.failed, true);
    } else if (state === "done") {
      const done = fill(lang, labels.doneWords, { count: countWords(lang, moment.text) });
      const text = mode === "final" ? moment.read(READ_LIMIT + 1) : "";
      const isRead = text !== "" && text.length <= READ_LIMIT;
      this.#speak(isRead ? `${done}. ${text}` : moment.text ? done : labels.done);
    } else if (state === "cancelled") {
      this.#speak(
        moment.reason ? labels.stopped + blankBefore(moment.reason) + moment.reason : labels.stopped,
      );
    } else if (mode !== "final") {
      this.#busyStateChanged(moment, isNewRun ? "idle" : previous);
    }
  }

  #busyStateChanged({ state, labels, stage, mode, text }: AnnouncedMoment, previous: ElementState): void {
    if (state === "connecting" && !isBusy(previous)) {
      this.#speak(labels.started);
    } else if (state === "reconnecting") {
      this.#lostTimer = this.#clock.setTimeout(() => {
        this.#hasSaidLost = true;
        this.#speak(text ? `${labels.reconnecting}: ${labels.textSafe}` : labels.reconnecting);
      }, RECONNECTING_AFTER_MS);
    } else if (previous === "reconnecting" && this.#hasSaidLost) {
      this.#hasSaidLost = false;
      this.#speak(labels.reconnected);
    } else if (state === "streaming" && !stage && mode !== "sentences") {
      this.#soon(labels.writing, STAGE_GAP_MS);
    }
  }

  /** Says it when enough time has passed since the last; meanwhile the newest replaces what waits. */
  #soon(message: string, gapMs: number): void {
    const isWaiting = this.#pending !== null;
    this.#pending = message;
    if (isWaiting) return;
    const wait = this.#saidAt + gapMs - this.#clock.now();
    const speak = (): void => {
      const pending = this.#pending;
      this.#pending = null;
      if (pending !== null) this.#speak(pending);
    };
    if (wait <= 0) speak();
    else this.#pendingTimer = this.#clock.setTimeout(speak, wait);
  }

  /** The newest finished sentence; those that came while it was quiet are dropped. */
  #sayLastSentence(moment: AnnouncedMoment): void {
    if (this.#saidAt + SENTENCE_GAP_MS > this.#clock.now() || typeof Intl.Segmenter !== "function") return;
    const segmenter = new Intl.Segmenter(moment.lang, { granularity: "sentence" });
    const sentences = [...segmenter.segment(moment.read(READ_LIMIT))].map(({ segment }) => segment.trim());
    const finished = sentences.slice(0, -1).findLast(Boolean);
    if (!finished || finished === this.#lastSentence) return;
    this.#lastSentence = finished;
    this.#speak(finished);
  }

  #speak(message: string, isUrgent = false): void {
    this.#saidAt = this.#clock.now();
    this.#say(message, isUrgent);
    this.#listen();
  }

  #listen(): void {
    this.#clock.clearTimeout(this.#silenceTimer);
    this.#silenceTimer = this.#clock.setTimeout(() => this.#breakSilence(), SILENCE_MS);
  }

  #breakSilence(): void {
    this.#silenceTimer = null;
    const moment = this.#moment;
    if (!moment || (moment.state !== "running" && moment.state !== "streaming") || moment.mode === "final")
      return;
    const { labels, lang, progress } = moment;
    this.#speak(
      progress === null ? labels.stillWorking : `${labels.stillWorking}, ${formatPercent(lang, progress)}`,
    );
  }
}

function countWords(lang: string, text: string): number {
  if (text.length > 100_000 || typeof Intl.Segmenter !== "function") return text.match(/\S+/g)?.length ?? 0;
  let count = 0;
  for (const { isWordLike } of new Intl.Segmenter(lang, { granularity: "word" }).segment(text)) {
    if (isWordLike) count++;
  }
  return count;
}
