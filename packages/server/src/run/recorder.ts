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
import { type Answer, isOrders, type Orders, type RunStore, StoreError } from "../store/run-store.js";
import { RunFailure } from "./failure.js";

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
  /** Each event, once, in order, as it goes into the log. */
  readonly onEvents: (events: readonly LoggedEvent[]) => void;
  readonly onOrders: (orders: Orders) => void;
  /** The store will take no more: the run was ended elsewhere, or the store stayed away. */
  readonly onLost: (error: unknown) => void;
}

/** Writes one run's events into the store: in order, without a gap, and what comes in one turn at once. */
export interface Recorder {
  /**
   * @throws RunFailure `output_limit` past the limit of text or of stages, `internal` for a value that is too large
   */
  record(event: Undated<Exclude<LoggedEvent, EndEvent>>): void;
  /** Set by a source that brings more than can be looked at piece by piece. */
  isFlooded: boolean;
  /** So much is waiting that a fast source should pause until {@link ready}. */
  isFull(): boolean;
  /** Resolves when little enough is waiting that a fast source may go on. */
  ready(): Promise<void>;
  /** Writes what is waiting, then the end. False: the run had its end already. */
  end(end: Undated<EndEvent>): Promise<boolean>;
}

type GrowingText = { -readonly [K in keyof TextEvent]: TextEvent[K] };

/** Above this many waiting characters a source should pause. */
const HIGH_WATER_CHARS = 65_536;
/** What an event counts for beside its text or value. */
const EVENT_CHARS = 100;
const SETTLED = Promise.resolve();
const RETRY_MS = [50, 200, 1_000, 2_000, 5_000, 5_000, 5_000];

export function createRecorder(options: RecorderOptions): Recorder {
  const { store, run, lease, before, clock, limits } = options;
  let pending: LoggedEvent[] = [];
  /** The last of `pending`, where it is text that may still grow. */
  let tail: GrowingText | null = null;
  let pendingChars = 0;
  let textChars = before ? before.text.length + before.reasoning.length : 0;
  /** By id: each stays in the state, and in every snapshot. */
  const stages = new Set(before?.stages.map(({ id }) => id));
  let nextSeq = (before?.seq ?? 0) + 1;
  let isScheduled = false;
  let isFlushing = false;
  /** The store is being waited for. */
  let appending: Promise<void> | null = null;
  /** What has been used, as of this turn: some upstreams count anew with every token. */
  let usage: UsageEvent | null = null;
  let used: Usage = {};
  let isEnding = false;
  let isClosed = false;
  /** First halves of surrogate pairs whose second has not come: half a pair cannot be stored as UTF-8. */
  const held: Record<TextChannel, string> = { answer: "", reasoning: "" };

  function recordText(delta: string, channel: TextChannel, replace: boolean): void {
    let text = replace ? delta : held[channel] + delta;
    held[channel] = "";
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      held[channel] = text.slice(-1);
      text = text.slice(0, -1);
    }
    if (text === "" && !replace) return;
    textChars += text.length;
    if (textChars > limits.textChars && !isEnding) throw new RunFailure("output_limit");
    pendingChars += text.length;
    if (tail !== null && !replace && (tail.channel ?? "answer") === channel) {
      tail.delta += text;
      return;
    }
    const event: GrowingText = { type: "text", at: clock.now(), delta: text };
    if (channel !== "answer") event.channel = channel;
    if (replace) event.replace = true;
    push(event);
    tail = event;
  }

  function admit(stage: string): void {
    stages.add(stage);
    if (stages.size <= limits.stages) return;
    stages.delete(stage);
    throw new RunFailure("output_limit", "The job has named more stages than a run may have.", {
      cause: new Error(`A run has at most ${limits.stages} stages (limits.stages).`),
    });
  }

  function push(event: LoggedEvent): void {
    tail = null;
    pending.push(event);
    schedule();
  }

  /**
   * A microtask: all that is recorded in one turn is one append, and one write to each viewer. In a flood what the whole
   * round of the event loop brings: the writes cost more than all that leads to them.
   */
  function schedule(): void {
    if (isScheduled || appending !== null) return;
    isScheduled = true;
    if (recorder.isFlooded) setImmediate(flush);
    else void SETTLED.then(flush);
  }

  /** At most one count a turn, and none that says nothing new. */
  function pushUsage(): void {
    if (usage === null) return;
    const { at: _at, type: _type, ...counts } = usage;
    const before = JSON.stringify(used);
    used = { ...used, ...counts };
    if (JSON.stringify(used) !== before) pending.push(usage);
    usage = null;
  }

  /** Appends all that is pending; where the store answers at once, it is through when this returns. */
  function flush(): void {
    isScheduled = false;
    // A hook that is told of events may record some, and come here again.
    if (isFlushing) return;
    isFlushing = true;
    while (appending === null && !isClosed) {
      pushUsage();
      if (pending.length === 0) break;
      const batch = pending;
      pending = [];
      tail = null;
      pendingChars = 0;
      options.onEvents(batch);
      const answer = store.append(run, lease, nextSeq, batch);
      if (isOrders(answer)) take(batch, answer);
      else appending = settle(batch, answer);
    }
    isFlushing = false;
  }

  function take(batch: readonly LoggedEvent[], orders: Orders): void {
    nextSeq += batch.length;
    options.onOrders(orders);
  }

  async function settle(batch: readonly LoggedEvent[], first: Promise<Orders>): Promise<void> {
    let answer: Answer<Orders> = first;
    for (let retry = 0; ; retry++) {
      try {
        take(batch, await answer);
        break;
      } catch (error) {
        const isPassing = error instanceof StoreError && error.code === "unavailable";
        const pause = RETRY_MS[retry];
        if (!isPassing || pause === undefined || pendingChars > limits.pendingChars) {
          isClosed = true;
          options.onLost(error);
          break;
        }
        await delay(clock, pause);
        answer = store.append(run, lease, nextSeq, batch);
      }
    }
    appending = null;
    flush();
  }

  // No accessors: with them each run's recorder would be of a shape of its own, and each call of it a search.
  const recorder: Recorder = {
    isFlooded: false,

    record(event) {
      if (isEnding) return;
      if (event.type === "text") {
        recordText(event.delta, event.channel ?? "answer", event.replace === true);
        return;
      }
      if (event.type === "usage") {
        const at = clock.now();
        checked({ ...event, at });
        usage = { ...usage, ...event, at };
        schedule();
        return;
      }
      if (event.type === "result" || event.type === "custom") {
        const json = jsonOf(event.value, limits.valueChars);
        pendingChars += json.length;
        // A copy: the job may go on to change its own, and encoding waits for the first viewer.
        push(checked({ ...event, at: clock.now(), value: JSON.parse(json) }));
        return;
      }
      if (event.type === "start") for (const { id } of event.stages ?? []) admit(id);
      else if (event.stage !== undefined) admit(event.stage);
      pendingChars += EVENT_CHARS;
      push(checked({ at: clock.now(), ...event } as LoggedEvent));
    },

    isFull() {
      return !isClosed && pendingChars > HIGH_WATER_CHARS;
    },

    async ready() {
      while (!isClosed && pendingChars > HIGH_WATER_CHARS) {
        flush();
        await appending;
      }
    },

    async end(end) {
      if (isEnding) return false;
      isEnding = true;
      for (const channel of ["answer", "reasoning"] as const) {
        if (held[channel] === "") continue;
        // The second half never came. U+FFFD is what every encoder would have made of the first.
        held[channel] = "";
        recordText("\ufffd", channel, false);
      }
      pushUsage();
      if (!isClosed) push({ at: clock.now(), ...end } as LoggedEvent);
      flush();
      while (appending !== null) await appending;
      const hasWritten = !isClosed;
      isClosed = true;
      return hasWritten;
    },
  };
  return recorder;
}

/** JSON has no undefined and no functions, and without its value an event would be malformed: those become null. */
function jsonOf(value: unknown, maxChars: number): string {
  const json = JSON.stringify(value) ?? "null";
  if (json.length <= maxChars) return json;
  throw new RunFailure("internal", undefined, {
    cause: new Error(
      `A result or custom value has ${json.length} characters of JSON; the limit is ${maxChars} (limits.valueChars). Send a link instead.`,
    ),
  });
}

/** An event that a viewer would refuse is told to the job that gives it. */
function checked(event: LoggedEvent): LoggedEvent {
  const parsed = parseRunEvent(event);
  if (parsed.kind === "malformed") throw new TypeError(parsed.reason);
  return event;
}
