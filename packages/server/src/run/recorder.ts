import {
  type EndEvent,
  type LoggedEvent,
  parseRunEvent,
  type RunState,
  type TextChannel,
  type TextEvent,
  type Usage,
  type UsageEvent,
} from "@ai-progress-stream/protocol";
import { type Clock, delay } from "../clock.js";
import {
  type Answer,
  isOrders,
  LONGEST_PRODUCER_PAUSE_MS,
  type Orders,
  type RunStore,
  StoreError,
} from "../store/run-store.js";
import { RunFailure } from "./failure.js";
import { copyOf } from "./values.js";

/** An event before it is dated. */
export type Undated<E extends { readonly at: number }> = E extends unknown ? Omit<E, "at"> : never;

export interface RecorderLimits {
  /** Characters of text, both channels together. */
  readonly textChars: number;
  /** Characters of one result's or custom event's JSON. */
  readonly valueChars: number;
  /** Stages, planned ones included. */
  readonly stages: number;
  /** Characters that may wait for a store that is away. */
  readonly pendingChars: number;
}

export interface RecorderOptions {
  readonly store: RunStore;
  readonly run: string;
  readonly lease: string;
  /** What there is of the run already; null: nothing. */
  readonly before: RunState | null;
  readonly clock: Clock;
  readonly limits: RecorderLimits;
  /** Each event, once, in order, when it is in the log. */
  readonly onEvents: (events: readonly LoggedEvent[]) => void;
  readonly onOrders: (orders: Orders) => void;
  /** The store will take no more: the run was ended elsewhere, or the store stayed away. */
  readonly onLost: (error: unknown) => void;
}

type GrowingText = { -readonly [K in keyof TextEvent]: TextEvent[K] };

/** Above this many waiting characters a source should pause. */
const HIGH_WATER_CHARS = 65_536;
/** What an event counts for beside its text or value. */
const EVENT_CHARS = 100;
/** One for all: `Promise.resolve()` would make one with each token. */
const SETTLED = Promise.resolve();
const LONGEST = LONGEST_PRODUCER_PAUSE_MS;
const RETRY_MS = [50, 200, 1_000, 2_000, LONGEST, LONGEST, LONGEST];

/** Writes one run's events into the store: in order, without a gap, and what comes in one turn at once. */
export class Recorder {
  /** Set by a source that brings more than can be looked at piece by piece. */
  isFlooded = false;
  readonly #options: RecorderOptions;
  #pending: LoggedEvent[] = [];
  /** The last of those that are pending, where it is text that may still grow. */
  #tail: GrowingText | null = null;
  #pendingChars = 0;
  readonly #textChars: Record<TextChannel, number>;
  /** By id: each stays in the state, and in every snapshot. */
  readonly #stages: Set<string>;
  #nextSeq: number;
  #isScheduled = false;
  #isFlushing = false;
  /** The store is being waited for. */
  #appending: Promise<void> | null = null;
  /** Before it is tried again. */
  #pause: AbortController | null = null;
  /** What has been used, as of this turn: some upstreams count anew with every token. */
  #usage: UsageEvent | null = null;
  #used: Usage = {};
  #isEnding = false;
  #isClosed = false;
  /** First halves of surrogate pairs whose second has not come: half a pair cannot be stored as UTF-8. */
  readonly #held: Record<TextChannel, string> = { answer: "", reasoning: "" };
  readonly #flushLater = (): void => this.#flush();

  constructor(options: RecorderOptions) {
    const { before } = options;
    this.#options = options;
    this.#textChars = { answer: before?.text.length ?? 0, reasoning: before?.reasoning.length ?? 0 };
    this.#stages = new Set(before?.stages.map(({ id }) => id));
    this.#nextSeq = (before?.seq ?? 0) + 1;
  }

  /**
   * @throws RunFailure `output_limit` past the limit of text or of stages, `internal` for a value that is too large
   */
  record(event: Undated<Exclude<LoggedEvent, EndEvent>>): void {
    if (this.#isEnding) return;
    const { clock, limits } = this.#options;
    if (event.type === "text") {
      this.#recordText(event.delta, event.channel ?? "answer", event.replace === true);
      return;
    }
    if (event.type === "usage") {
      const at = clock.now();
      checked({ ...event, at });
      this.#usage = { ...this.#usage, ...event, at };
      this.#schedule();
      return;
    }
    if (event.type === "result" || event.type === "custom") {
      // A copy: the job may go on to change its own, and encoding waits for the first viewer.
      const { value, chars } = copyOf(event.value, limits.valueChars);
      this.#pendingChars += chars;
      this.#push(checked({ ...event, at: clock.now(), value }));
      return;
    }
    if (event.type === "start") for (const { id } of event.stages ?? []) this.#admit(id);
    else if (event.stage !== undefined) this.#admit(event.stage);
    this.#pendingChars += EVENT_CHARS;
    this.#push(checked({ at: clock.now(), ...event } as LoggedEvent));
  }

  /** Nothing but its end is still to be written. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** So much is waiting that a fast source should pause until {@link ready}. */
  isFull(): boolean {
    return !this.#isClosed && this.#pendingChars > HIGH_WATER_CHARS;
  }

  /** The store is there: what waits for it need not wait out its pause. */
  retryNow(): void {
    this.#pause?.abort();
  }

  /** Resolves when little enough is waiting that a fast source may go on. */
  async ready(): Promise<void> {
    while (this.isFull()) {
      this.#flush();
      await this.#appending;
    }
  }

  /** Writes what is waiting, then the end. False: the run had its end already. */
  async end(end: Undated<EndEvent>): Promise<boolean> {
    if (this.#isEnding) return false;
    this.#isEnding = true;
    for (const channel of ["answer", "reasoning"] as const) {
      if (this.#held[channel] === "") continue;
      // The second half never came. U+FFFD is what every encoder would have made of the first.
      this.#held[channel] = "";
      this.#recordText("\ufffd", channel, false);
    }
    this.#pushUsage();
    if (!this.#isClosed) this.#push({ at: this.#options.clock.now(), ...end } as LoggedEvent);
    this.#flush();
    while (this.#appending !== null) await this.#appending;
    const hasWritten = !this.#isClosed;
    this.#isClosed = true;
    return hasWritten;
  }

  #recordText(delta: string, channel: TextChannel, replace: boolean): void {
    const held = this.#held;
    let text = replace ? delta : held[channel] + delta;
    held[channel] = "";
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      held[channel] = text.slice(-1);
      text = text.slice(0, -1);
    }
    if (text === "" && !replace) return;
    // What is half a pair here has no other half: many readers refuse it, and all of the event with it.
    text = text.toWellFormed();
    const { limits, clock } = this.#options;
    const chars = this.#textChars;
    chars[channel] = text.length + (replace ? 0 : chars[channel]);
    if (chars.answer + chars.reasoning > limits.textChars && !this.#isEnding) {
      throw new RunFailure("output_limit");
    }
    this.#pendingChars += text.length;
    const tail = this.#tail;
    if (tail !== null && !replace && (tail.channel ?? "answer") === channel) {
      tail.delta += text;
      return;
    }
    const event: GrowingText = { type: "text", at: clock.now(), delta: text };
    if (channel !== "answer") event.channel = channel;
    if (replace) event.replace = true;
    this.#push(event);
    this.#tail = event;
  }

  #admit(stage: string): void {
    const { limits } = this.#options;
    this.#stages.add(stage);
    if (this.#stages.size <= limits.stages) return;
    this.#stages.delete(stage);
    throw new RunFailure("output_limit", "The job has named more stages than a run may have.", {
      cause: new Error(`A run has at most ${limits.stages} stages (limits.stages).`),
    });
  }

  #push(event: LoggedEvent): void {
    this.#tail = null;
    this.#pending.push(event);
    this.#schedule();
  }

  /**
   * A microtask: all that is recorded in one turn is one append, and one write to each viewer. In a flood what the whole
   * round of the event loop brings: the writes cost more than all that leads to them.
   */
  #schedule(): void {
    if (this.#isScheduled || this.#appending !== null) return;
    this.#isScheduled = true;
    if (this.isFlooded) setImmediate(this.#flushLater);
    else void SETTLED.then(this.#flushLater);
  }

  /** At most one count a turn, and none that says nothing new. */
  #pushUsage(): void {
    if (this.#usage === null) return;
    const { at: _at, type: _type, ...counts } = this.#usage;
    const before = JSON.stringify(this.#used);
    this.#used = { ...this.#used, ...counts };
    if (JSON.stringify(this.#used) !== before) this.#pending.push(this.#usage);
    this.#usage = null;
  }

  /** Appends all that is pending; where the store answers at once, it is through when this returns. */
  #flush(): void {
    this.#isScheduled = false;
    // A hook that is told of events may record some, and come here again.
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    const { store, run, lease } = this.#options;
    try {
      while (this.#appending === null && !this.#isClosed) {
        this.#pushUsage();
        if (this.#pending.length === 0) break;
        const batch = this.#pending;
        this.#pending = [];
        this.#tail = null;
        this.#pendingChars = 0;
        const answer = store.append(run, lease, this.#nextSeq, batch);
        if (isOrders(answer)) this.#take(batch, answer);
        else this.#appending = this.#settle(batch, answer);
      }
    } catch (error) {
      // A store is not to throw; one that does must not take the process down.
      this.#lose(error);
    }
    this.#isFlushing = false;
  }

  #lose(error: unknown): void {
    this.#isClosed = true;
    this.#options.onLost(error);
  }

  #take(batch: readonly LoggedEvent[], orders: Orders): void {
    const { onEvents, onOrders } = this.#options;
    this.#nextSeq += batch.length;
    onEvents(batch);
    onOrders(orders);
  }

  async #settle(batch: readonly LoggedEvent[], first: Promise<Orders>): Promise<void> {
    const { store, run, lease, clock, limits } = this.#options;
    for (let retry = 0; ; retry++) {
      try {
        const answer: Answer<Orders> = retry === 0 ? first : store.append(run, lease, this.#nextSeq, batch);
        this.#take(batch, await answer);
        break;
      } catch (error) {
        const isPassing = error instanceof StoreError && error.code === "unavailable";
        const pause = RETRY_MS[retry];
        if (!isPassing || pause === undefined || this.#pendingChars > limits.pendingChars) {
          this.#lose(error);
          break;
        }
        this.#pause = new AbortController();
        await delay(clock, pause, this.#pause.signal);
        this.#pause = null;
      }
    }
    this.#appending = null;
    this.#flush();
  }
}

/** An event that a viewer would refuse is told to the job that gives it. */
function checked(event: LoggedEvent): LoggedEvent {
  const parsed = parseRunEvent(event);
  if (parsed.kind === "malformed") throw new TypeError(parsed.reason);
  return event;
}
