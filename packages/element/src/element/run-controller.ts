import {
  initialState,
  type RunError,
  type RunEvent,
  type RunState,
  runError,
} from "@ai-progress-stream/protocol";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { StreamSource } from "../client/consumption.js";
import type { Session, SessionStatus } from "../client/session.js";
import {
  AiBeforeStartEvent,
  AiCancelEvent,
  AiDoneEvent,
  AiErrorEvent,
  AiProgressEvent,
  AiReconnectEvent,
  AiRunEvent,
  AiStageEvent,
  AiStartEvent,
  AiStateEvent,
  AiTextEvent,
  type ElementState,
} from "./events.js";
import { elementState, isBusy } from "./view.js";

const IDLE: SessionStatus = {
  phase: "idle",
  state: initialState(""),
  error: null,
  retry: null,
  lostAt: null,
  isResumable: false,
};

/** A connection that stands within this time shows nothing in between; nothing shown vanishes sooner. */
const CONNECTING_DELAY_MS = 300;
const RECONNECTING_DELAY_MS = 1_000;
const HOLD_MS = 300;
const HIDDEN_FRAME_MS = 250;

/** What was appended to a channel since the last frame; null: it did not merely grow. */
export interface Appended {
  text: string | null;
  reasoning: string | null;
}

export interface RunControllerOptions {
  /** A session of the options as they are now; the last one, where they have not changed. */
  readonly createSession: () => Session;
  /** At most once an animation frame: the texts are to be brought to `shown`. */
  readonly onFrame: (appended: Appended) => void;
  /** The state has changed, before its event is dispatched. */
  readonly onState: (state: ElementState) => void;
}

/**
 * Owns the session: starts, ends and carries it through moves in the document, dispatches the events, and
 * decides what is to be seen (`shown`) and when. The element only draws.
 */
export class RunController implements ReactiveController {
  /** How things are. */
  status: SessionStatus = IDLE;
  state: ElementState = "idle";
  /** How things are shown: short waits are not. */
  shown: SessionStatus = IDLE;
  /** Which run that is, counted: a new one's bar does not start from the old one's end. */
  shownNumber = 0;
  /** What the last run was started with, and what of it the caller gave; null: none was started here. */
  started: { readonly input: unknown; readonly given: unknown } | null = null;
  isNoticeShown = true;

  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #options: RunControllerOptions;
  #runNumber = 0;
  #session: Session | null = null;
  #unsubscribe: (() => void) | null = null;
  #isDetached = false;
  /** How far the server's clock is ahead of ours: the freshest event tells best. */
  #clockOffset = Number.NEGATIVE_INFINITY;
  #appended: Appended = { text: "", reasoning: "" };
  #isTextBehind = false;
  #reported: RunState = IDLE.state;
  #frame = 0;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #showTimer: ReturnType<typeof setTimeout> | undefined;
  #connectingSince = 0;
  #holdUntil = 0;
  #isAnnounced = false;
  #lostAt = 0;
  /** What listeners have heard of before. */
  #told: SessionStatus | null = null;

  constructor(host: ReactiveControllerHost & HTMLElement, options: RunControllerOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  /** What the run was started with, by whoever did; undefined: that is not known. */
  get input(): unknown {
    return this.started ? this.started.input : this.#session?.input;
  }

  get serverNow(): number {
    return Date.now() + (Number.isFinite(this.#clockOffset) ? this.#clockOffset : 0);
  }

  /** Milliseconds from the run's start to now, to its end, or to where it was lost; null before it started. */
  get elapsed(): number | null {
    const { startedAt, endedAt } = this.shown.state;
    if (startedAt === 0) return null;
    const sinceLost = isBusy(this.state) ? 0 : Date.now() - this.#lostAt;
    return Math.max(0, (endedAt ?? this.serverNow - sinceLost) - startedAt);
  }

  async start(input: unknown, given: unknown): Promise<RunState> {
    if (isBusy(this.state)) {
      throw underWay();
    }
    const before = new AiBeforeStartEvent(input);
    if (!this.#host.dispatchEvent(before)) return this.status.state;
    const session = this.#use(this.#options.createSession());
    const { input: wanted } = before.detail;
    return this.#begin({ input: wanted, given }, () => session.start(wanted));
  }

  /** Another run that is under way is let go of, and goes on by itself. */
  async attach(run: string): Promise<RunState> {
    const isUnderWay = isBusy(this.state);
    if (isUnderWay && this.status.state.run === run) return this.status.state;
    const next = this.#options.createSession();
    if (isUnderWay) this.#release();
    const session = this.#use(next);
    return this.#begin(null, () => session.attach(run));
  }

  async consume(source: StreamSource): Promise<RunState> {
    if (isBusy(this.state)) throw underWay();
    const session = this.#use(this.#options.createSession());
    return this.#begin(null, () => session.consume(source));
  }

  /** Goes on with the run whose connection was given up, or that a reload has interrupted. */
  resume(): Promise<boolean> {
    return (this.#session ?? this.#use(this.#options.createSession())).resume();
  }

  async cancel(reason?: string): Promise<void> {
    if (isBusy(this.state)) await this.#session?.cancel(reason);
  }

  retryNow(): void {
    this.#session?.retryNow();
  }

  reset(): void {
    this.#session?.reset();
    this.#release();
    this.started = null;
    this.#apply(IDLE);
  }

  /** Shows an error that no session had a part in. */
  fail(error: RunError): void {
    this.#release();
    this.#runNumber++;
    this.isNoticeShown = true;
    this.#apply({ ...IDLE, phase: "ended", error });
  }

  hostConnected(): void {
    if (!this.#isDetached || !this.#session) return;
    this.#isDetached = false;
    this.#subscribe(this.#session);
    const session = this.#session;
    const number = this.#runNumber;
    void session.resume().then((isFound) => {
      // By now it may be another's turn.
      if (isFound || this.#session !== session || this.#runNumber !== number) return;
      if (session.status.error) return;
      this.#apply({ ...session.status, phase: "ended", error: runError("run_lost") });
    });
  }

  /** A move within the document disconnects and connects in one task: only what stays away lets go. */
  hostDisconnected(): void {
    queueMicrotask(() => {
      if (this.#host.isConnected) return;
      clearTimeout(this.#showTimer);
      this.#dropFrame();
      if (!this.#session || !isBusy(this.state)) return;
      this.#isDetached = true;
      this.#unsubscribe?.();
      this.#session.detach();
    });
  }

  /**
   * From the click on, not from the session's first word: a second start finds a run under way.
   * @param started - What it is started with; null: it was not started here.
   */
  async #begin(started: typeof this.started, go: () => Promise<SessionStatus>): Promise<RunState> {
    const { status, started: last, isNoticeShown } = this;
    const clockOffset = this.#clockOffset;
    const number = ++this.#runNumber;
    this.started = started;
    this.isNoticeShown = true;
    this.#isAnnounced = false;
    this.#clockOffset = Number.NEGATIVE_INFINITY;
    this.#appended = { text: "", reasoning: "" };
    this.#reported = IDLE.state;
    const connecting: SessionStatus = { ...IDLE, phase: "connecting" };
    this.#apply(connecting);
    try {
      return (await go()).state;
    } catch (error) {
      // Nothing was asked for, so nothing has begun: input that is no JSON, a run at another origin.
      if (this.#runNumber === number && this.status === connecting) {
        this.#runNumber--;
        this.started = last;
        this.isNoticeShown = isNoticeShown;
        this.#clockOffset = clockOffset;
        this.#reported = status.state;
        this.#told = status;
        this.#apply(isBusy(elementState(status)) ? IDLE : status);
      }
      throw error;
    }
  }

  /** The same session again keeps what it knows: a start that nobody answered is then repeated, not doubled. */
  #use(session: Session): Session {
    if (session === this.#session) return session;
    this.#release();
    this.#session = session;
    this.#subscribe(session);
    return session;
  }

  #release(): void {
    this.#unsubscribe?.();
    this.#session?.detach();
    this.#session = null;
    this.#isDetached = false;
  }

  #subscribe(session: Session): void {
    const endings = [
      session.subscribe((status) => this.#apply(status)),
      session.onEvent((event) => this.#handle(event)),
    ];
    this.#unsubscribe = () => {
      for (const end of endings) end();
      this.#unsubscribe = null;
    };
  }

  #handle(event: RunEvent): void {
    if (event.type === "text") {
      const channel = event.channel === "reasoning" ? "reasoning" : "text";
      const appended = this.#appended[channel];
      this.#appended[channel] = event.replace || appended === null ? null : appended + event.delta;
    } else if (event.type === "snapshot") {
      this.#appended = { text: null, reasoning: null };
    }
    this.#host.dispatchEvent(new AiRunEvent(event));
  }

  #apply(status: SessionStatus): void {
    const before = this.status;
    const previous = this.state;
    this.status = status;
    this.state = elementState(status);
    const { state: run } = status;
    if (run !== before.state && run.seq > 0) {
      this.#clockOffset = Math.max(this.#clockOffset, run.updatedAt - Date.now());
    }
    const hasEnded = previous !== this.state && !isBusy(this.state);
    if (hasEnded) this.#lostAt = status.lostAt ?? Date.now();
    if (this.state === "connecting" && previous !== "connecting") this.#connectingSince = Date.now();
    this.#show();
    // What was still to be told comes before the word that it is over.
    if (hasEnded) this.#flush();
    else this.#requestFrame();
    this.#dispatchChanges(before, previous);
  }

  #dispatchChanges(before: SessionStatus, previous: ElementState): void {
    const host = this.#host;
    const { status, state } = this;
    const { state: run } = status;
    // The head of an answer does not say which run it is, and somebody else's run has no id at all.
    const isTaken = run.seq > 0 || (status.phase === "open" && run.run !== "");
    if (isTaken && !this.#isAnnounced) {
      this.#isAnnounced = true;
      host.dispatchEvent(new AiStartEvent(run.run, this.started === null));
    }
    const isTold = status === this.#told;
    if (run.stages !== before.state.stages && !isTold) {
      const known = new Map(before.state.stages.map((stage) => [stage.id, stage.status]));
      for (const stage of run.stages) {
        if ((known.get(stage.id) ?? "pending") !== stage.status) host.dispatchEvent(new AiStageEvent(stage));
      }
    }
    if (status.retry && status.retry !== before.retry) host.dispatchEvent(new AiReconnectEvent(status.retry));
    if (state === previous) return;
    this.#options.onState(state);
    host.dispatchEvent(new AiStateEvent(state, previous));
    if (isTold) return;
    if (state === "done") {
      host.dispatchEvent(new AiDoneEvent(run.text, run.result, run.usage, this.elapsed ?? 0));
    } else if (state === "cancelled") {
      host.dispatchEvent(new AiCancelEvent(run.reason ?? "user", run.text));
    } else if (state === "error") {
      const error = status.error ?? run.error;
      if (!error) return;
      this.isNoticeShown = host.dispatchEvent(new AiErrorEvent(error, run.text));
      if (this.isNoticeShown) console.error(describe(error));
    }
  }

  /** Decides what is to be seen: what may be over in a moment waits, and what is seen stays for a moment. */
  #show(): void {
    clearTimeout(this.#showTimer);
    const now = Date.now();
    const shownState = elementState(this.shown);
    // A run that has said nothing yet looks like a connection that is still to come.
    const isYoung =
      this.state === "connecting" || (this.state === "running" && hasSaidNothing(this.status.state));
    const showFrom =
      this.state === "reconnecting"
        ? (this.status.lostAt ?? now) + RECONNECTING_DELAY_MS
        : isYoung
          ? Math.max(this.#holdUntil, this.#connectingSince + CONNECTING_DELAY_MS)
          : isBusy(this.state)
            ? this.#holdUntil
            : 0;
    const waitMs = showFrom - now;
    // Longer than any of these waits is: the clock was set back meanwhile.
    if (waitMs > 0 && waitMs <= RECONNECTING_DELAY_MS && shownState !== this.state) {
      this.#showTimer = setTimeout(() => {
        this.#show();
        this.#requestFrame();
      }, waitMs);
      return;
    }
    const isWait = this.state === "reconnecting" || (isYoung && shownState !== "connecting");
    if (isWait && shownState !== this.state) this.#holdUntil = now + HOLD_MS;
    if (!isBusy(this.state)) this.#holdUntil = 0;
    if (isVisibleChange(this.shown, this.status)) this.#host.requestUpdate();
    this.shown = this.status;
    this.shownNumber = this.#runNumber;
  }

  #requestFrame(): void {
    // A hidden page gets no frames, and may still want to show progress in its title.
    if (document.hidden) this.#hiddenTimer ??= setTimeout(() => this.#flush(), HIDDEN_FRAME_MS);
    else this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  #dropFrame(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#hiddenTimer);
    this.#frame = 0;
    this.#hiddenTimer = undefined;
  }

  #flush(): void {
    this.#dropFrame();
    const appended = this.#appended;
    this.#appended = { text: "", reasoning: "" };
    const isCurrent = this.shown === this.status;
    // The whole is compared where some of it may have been missed, and once more at the end.
    const isGrowth = isCurrent && !this.#isTextBehind && isBusy(this.state);
    this.#isTextBehind = !isCurrent;
    this.#options.onFrame(isGrowth ? appended : { text: null, reasoning: null });
    const { state: run } = this.status;
    const reported = this.#reported;
    this.#reported = run;
    if (run.progress !== reported.progress || run.message !== reported.message) {
      this.#host.dispatchEvent(new AiProgressEvent(run.progress, run.message));
    }
    if (run.text.length !== reported.text.length || appended.text === null) {
      const grewBy = appended.text?.length ?? Number.NaN;
      const delta = reported.text.length + grewBy === run.text.length ? appended.text : null;
      this.#host.dispatchEvent(new AiTextEvent(run.text, delta));
    }
  }
}

const underWay = (): DOMException =>
  new DOMException("A run is under way: cancel() it first.", "InvalidStateError");

const hasSaidNothing = ({ stages, message, progress, reasoning }: RunState): boolean =>
  stages.length === 0 && !message && progress === null && !reasoning;

/** Whether more than the texts differ: those are not Lit's. */
function isVisibleChange(a: SessionStatus, b: SessionStatus): boolean {
  return (
    a.phase !== b.phase ||
    a.error !== b.error ||
    a.retry !== b.retry ||
    a.state.status !== b.state.status ||
    a.state.stages !== b.state.stages ||
    a.state.message !== b.state.message ||
    a.state.progress !== b.state.progress ||
    a.state.usage !== b.state.usage ||
    a.state.startedAt !== b.state.startedAt ||
    (a.state.text === "") !== (b.state.text === "") ||
    (a.state.reasoning === "") !== (b.state.reasoning === "")
  );
}

const describe = ({ code, message, requestId }: RunError): string =>
  `ai-progress-stream: ${code}: ${message}${requestId ? ` (${requestId})` : ""}`;
