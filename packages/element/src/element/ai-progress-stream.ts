import { type RunError, type RunState, runError, type StagePlan } from "@ai-progress-stream/protocol";
import {
  type CSSResult,
  html,
  LitElement,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import type { StreamSource } from "../client/consumption.js";
import { createSession, type HeadersSource, type Session, type SessionOptions } from "../client/session.js";
import { type AnnounceMode, Announcer } from "./announcer.js";
import { type Autoscroll, createAutoscroll } from "./autoscroll.js";
import { setCustomStates } from "./custom-states.js";
import type { ElementState } from "./events.js";
import { FormLink } from "./form-link.js";
import { fill } from "./format.js";
import { isLabelled, type Labels, labelsFor, languageAt } from "./labels/labels.js";
import { LABELS_EVENT } from "./labels/registry.js";
import { liveRegions, sayIn } from "./live-regions.js";
import { loadMarkdown, markdownRenderer } from "./markdown/loader.js";
import type { MarkdownSettings } from "./markdown/markdown.js";
import { defaults, defineAccessors, type ElementDialect, properties } from "./properties.js";
import { readText } from "./read-text.js";
import { type Appended, RunController } from "./run-controller.js";
import { fingerprintOf, optionsOf } from "./session-options.js";
import { styles } from "./styles.js";
import { createPlainTextView, type TextView } from "./text-view.js";
import { Ticker } from "./ticker.js";
import {
  createProgressFloor,
  currentStage,
  elementState,
  isBusy,
  isSkeletonShown,
  plannedStages,
  planOf,
  type StagesView,
  type View,
} from "./view.js";
import { type Action, type ActionKind, actionOf, actionView } from "./views/action.js";
import { footerView } from "./views/footer.js";
import { headerView } from "./views/header.js";
import { noticeView } from "./views/notice.js";
import { progressView } from "./views/progress.js";
import { stagesView } from "./views/stages.js";
import { failureText } from "./views/wording.js";

/** A click this soon after the button changed its meaning was meant for the old one. */
const CLICK_GUARD_MS = 400;
const COPIED_MS = 2_000;
/**
 * Staged progress and streaming text for one long job.
 *
 * Text of the page before the upgrade, or without JavaScript, goes into the element as its content.
 *
 * @slot - Shown only until the element is upgraded.
 * @slot label - What the job is, in place of `label`.
 * @slot hint - A muted line under it, before the start.
 * @slot idle - More to show before the start.
 * @slot footer - More to show at the end, behind time, tokens and cost.
 *
 * @csspart card - The whole box.
 * @csspart header - Its first row.
 * @csspart label - What the job is.
 * @csspart hint - The line under it.
 * @csspart message - What is being done.
 * @csspart remark - The muted words behind it.
 * @csspart figures - Percent, time, tokens.
 * @csspart elapsed - The clock; in the footer the time taken.
 * @csspart actions - The box of the one button.
 * @csspart action - The one button: start, stop, retry, run again.
 * @csspart copy - The button that copies the text.
 * @csspart rail - The thin bar along the edge.
 * @csspart segments - The bar of weighted segments.
 * @csspart segment - One of them; also `segment-pending`, `segment-running`, `segment-done`, `segment-failed`, `segment-skipped`.
 * @csspart bar - The moving part of either.
 * @csspart stages - The list of stages.
 * @csspart stage - One of them; also `stage-pending`, `stage-running`, `stage-done`, `stage-failed`, `stage-skipped`.
 * @csspart stage-label - Its name.
 * @csspart stage-time - Its seconds.
 * @csspart notice - The box of an error.
 * @csspart error-message - Its sentence.
 * @csspart error-detail - What is added to it.
 * @csspart error-code - Code and request id.
 * @csspart reasoning - The box of the model's reasoning.
 * @csspart reasoning-text - Its text.
 * @csspart skeleton - The grey lines where text will come.
 * @csspart output - The box of the answer, and what scrolls.
 * @csspart text - The answer.
 * @csspart paragraph - One paragraph of a text.
 * @csspart heading - A heading; this part and the following ones only in Markdown.
 * @csspart list - A list; `item` an item of it, `task` one with a `checkbox`.
 * @csspart item - An item of a list.
 * @csspart task - An item that can be ticked off.
 * @csspart checkbox - Its box.
 * @csspart quote - A quotation.
 * @csspart rule - A line across.
 * @csspart link - A link that is allowed.
 * @csspart link-text - The text of one that is not, or whose address is still to come.
 * @csspart link-chip - A link in place of an image that may not be loaded.
 * @csspart link-host - The host behind it.
 * @csspart image - An image that may.
 * @csspart inline-code - Code in a line.
 * @csspart code - The box of a block of code.
 * @csspart code-header - Its first row.
 * @csspart code-language - Its language.
 * @csspart copy-code - The button that copies it.
 * @csspart code-text - The code, and what scrolls.
 * @csspart formula - A formula, as it is written.
 * @csspart table-scroller - The box of a table, and what scrolls.
 * @csspart table - A table.
 * @csspart table-head - Its head.
 * @csspart table-body - Its body.
 * @csspart row - A row of it.
 * @csspart cell - A cell.
 * @csspart jump - "Jump to latest".
 * @csspart footer - The last row.
 * @csspart tokens - Tokens, in the footer.
 * @csspart cost - Cost, in the footer.
 *
 * @cssprop --ai-surface - Background of the card.
 * @cssprop --ai-sunken - Background of a hovered button.
 * @cssprop --ai-text - Text.
 * @cssprop --ai-muted - Muted text.
 * @cssprop --ai-border - Lines.
 * @cssprop --ai-outline - Outline of a button.
 * @cssprop --ai-track - The part of a bar that is still to come.
 * @cssprop --ai-accent - Bars, glyphs, caret and focus.
 * @cssprop --ai-success - The tick.
 * @cssprop --ai-warning - A lost connection.
 * @cssprop --ai-danger - A failure.
 * @cssprop --ai-danger-surface - Background of an error.
 * @cssprop --ai-button-surface - Background of the start button.
 * @cssprop --ai-button-text - Text of the start button.
 * @cssprop --ai-button-radius - Radius of buttons; 8px.
 * @cssprop --ai-radius - Radius of the card; 12px.
 * @cssprop --ai-padding - Inset of the card; 16px.
 * @cssprop --ai-shadow - Shadow of the card.
 * @cssprop --ai-font - Font family.
 * @cssprop --ai-font-size - Size of the text; 15px.
 * @cssprop --ai-mono - Font family of codes.
 * @cssprop --ai-max-height - Height from which on the answer scrolls in itself; none by default.
 *
 * @cssstate idle - Nothing was started, or `reset()` was called.
 * @cssstate connecting - Started; nothing has been heard from the server.
 * @cssstate running - The server is at work, and no text has come.
 * @cssstate streaming - Text is coming.
 * @cssstate reconnecting - The connection is lost; another attempt is due.
 * @cssstate cancelling - A cancel is under way.
 * @cssstate done - The run has succeeded.
 * @cssstate error - The run has failed, or was given up.
 * @cssstate cancelled - The run was cancelled.
 * @cssstate busy - A run is under way.
 * @cssstate indeterminate - A run is under way, and nobody knows how far it has come.
 *
 * @fires {AiBeforeStartEvent} ai-before-start - Cancelable. A run is about to be started with `detail.input`.
 * @fires {AiStartEvent} ai-start - The server has taken the run on.
 * @fires {AiStateEvent} ai-state - `state` has changed.
 * @fires {AiStageEvent} ai-stage - A stage has changed its status.
 * @fires {AiProgressEvent} ai-progress - Progress has changed; at most once a frame.
 * @fires {AiTextEvent} ai-text - The text has changed; at most once a frame.
 * @fires {AiRunEvent} ai-event - An event of the protocol.
 * @fires {AiReconnectEvent} ai-reconnect - The connection is lost; another attempt is due.
 * @fires {AiCancelEvent} ai-cancel - The run was cancelled.
 * @fires {AiErrorEvent} ai-error - Cancelable. The run has failed; `preventDefault()` keeps the notice away.
 * @fires {AiDoneEvent} ai-done - The run has succeeded.
 */
export class AiProgressStream extends LitElement {
  static readonly formAssociated = true;

  /** Makes the session of each run. Replace it to test, or to bring runs by another way. */
  static createSession: (options: SessionOptions) => Session = createSession;

  static override styles: CSSResult[] = [styles];

  static override properties: PropertyDeclarations = properties;

  static {
    defineAccessors(AiProgressStream.prototype);
  }

  /**
   * Where runs are started: the mounted endpoint. Nothing is sent before a start is meant. Without it there is no
   * button.
   */
  declare action: string;
  /**
   * How a run is started. With "GET" the input goes into the query: for other back ends; ours takes POST only.
   * @defaultValue "POST"
   */
  declare method: "POST" | "GET";
  /**
   * The language of the server: `run` is our own protocol; `openai-chat`, `openai-responses`, `anthropic`, `gemini`,
   * `ollama`, `cohere`, `ai-sdk`, `ag-ui`, `langgraph` are those of others, `progress-json` is whatever people
   * write themselves, `text` is text as it is. `auto` tells which, but for `text`. A stream of somebody
   * else's cannot be resumed.
   * @defaultValue "auto"
   */
  declare dialect: ElementDialect;
  /** Id of the form whose submit starts a run with what it holds. Attribute `for`. */
  declare htmlFor: string;
  /** The input where `start()` is given none; as an attribute, JSON. A form's fields are laid over it. */
  declare body: unknown;
  /** Headers of every request, or a function that is asked anew at each attempt. No attribute. */
  declare headers: HeadersSource | null;
  /** Whether cookies are sent, as of `fetch`. @defaultValue "same-origin" */
  declare credentials: RequestCredentials;
  /** Starts as soon as it is in the document. It costs what a start costs, at every visit. */
  declare autostart: boolean;
  /**
   * "session": a reload finds its run again. Where a page has several elements of one action, each needs an id.
   * @defaultValue ""
   */
  declare persist: "" | "session";
  /** A run to attach to: its id, or its URL. */
  declare runId: string;
  /** Where a run is cancelled, with `{run}` in place of its id. @defaultValue `{run's URL}/cancel` */
  declare cancelUrl: string;
  /**
   * Where a run is attached to, with `{run}` in place of its id. It wins over the address that the server names, and
   * the one to cancel at follows from it: behind a proxy that takes a prefix off the path, `/back/api/chat/{run}`.
   * @defaultValue `{action}/{run}`
   */
  declare resumeUrl: string;
  /** Attempts after a lost connection. @defaultValue 5 */
  declare maxRetries: number | null;
  /**
   * Milliseconds of silence after which a connection counts as lost, where the server promised no heartbeat. 0: never.
   * @defaultValue 300000
   */
  declare idleTimeout: number | null;
  /** Milliseconds after which a connection is given up, however lively it is. 0: never. @defaultValue 0 */
  declare totalTimeout: number | null;
  /** The stages to expect, shown before the start; as an attribute, JSON: `[{"id", "label", "weight"}]`. */
  declare stages: readonly StagePlan[] | null;
  /** How stages are shown: as a list until text comes, always as a list, only as a bar, not at all. @defaultValue "auto" */
  declare stagesView: StagesView;
  /** How the answer is written: as it is, or as Markdown. @defaultValue "text" */
  declare format: "text" | "markdown";
  /** Schemes of the links in Markdown; others are shown as text. @defaultValue "http https mailto" */
  declare allowedLinkSchemes: string;
  /** Origins that images in Markdown are loaded from; others become links. @defaultValue none */
  declare allowedImageOrigins: string;
  /** "on" keeps the end of the text in sight where `--ai-max-height` makes it scroll; "off" does not. @defaultValue "on" */
  declare autoscroll: "on" | "off";
  /** What a screen reader is told: milestones, finished sentences too, only the end, nothing. @defaultValue "milestones" */
  declare announce: AnnounceMode;
  /** Which figures are shown: any of `elapsed tokens cost`. @defaultValue "elapsed tokens cost" */
  declare show: string;
  /** ISO 4217; of costs that name no currency. @defaultValue "USD" */
  declare currency: string;
  /** What the job is: "Summarise this contract". */
  declare label: string;
  /** Texts of the element's own, by name, in place of its language's. */
  declare labels: Partial<Labels> | null;
  /**
   * Sends the finished text along with the form that the element stands in, under this name. A reset of the form
   * is one of the element then, unless a run is under way.
   */
  declare name: string;

  readonly #run: RunController = new RunController(this, {
    createSession: () => this.#createSession(),
    onFrame: (appended) => this.#writeTexts(appended),
    onState: (state) => this.#stateChanged(state),
  });
  readonly #form: FormLink = new FormLink(this, {
    isBusy: () => isBusy(this.state),
    onSubmit: (input) =>
      this.#report(this.start({ ...(isPlainObject(this.body) ? this.body : {}), ...input })),
    onFiles: (names) => {
      const message = fill(languageAt(this), this.#labels().filesRefused, { names: names.join(", ") });
      this.#run.fail(runError("invalid_input", { message }));
    },
  });
  readonly #floor = createProgressFloor();
  readonly #internals: ElementInternals | null = this.attachInternals?.() ?? null;
  #session: { session: Session; fingerprint: string } | null = null;
  #floorRun = 0;
  #view: View | null = null;
  #action: Action | null = null;
  #actionSince = 0;
  #output: TextView | null = null;
  #reasoning: TextView | null = null;
  #scroll: Autoscroll | null = null;
  #overflows = false;
  #isPinned = true;
  #isCopied = false;
  #copyTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #announcer = new Announcer((message, isUrgent) => this.#say(message, isUrgent));

  constructor() {
    super();
    Object.assign(this, defaults);
    new Ticker(this, () => this.#clock());
    this.#setStates("idle");
  }

  /** Where the element stands; also readable in CSS as `:state(…)`. */
  get state(): ElementState {
    return this.#run.state;
  }
  /** The answer so far. */
  get text(): string {
    return this.#run.status.state.text;
  }
  /** What the job has returned; null until it has. */
  get result(): unknown {
    return this.#run.status.state.result;
  }
  /** All that is known of the run. */
  get runState(): RunState {
    return this.#run.status.state;
  }
  /** Why the run failed, or why it was given up; null otherwise. */
  get error(): RunError | null {
    return this.#run.status.error ?? this.#run.status.state.error;
  }

  /**
   * Starts a run.
   * @param input - Any JSON. @defaultValue `body`
   * @returns The state that the run has ended in, or was in when the connection was given up.
   * @throws InvalidStateError (as a rejection) while a run is under way; TypeError without an `action`.
   */
  async start(input?: unknown): Promise<RunState> {
    if (!this.hasUpdated && this.isConnected) await this.updateComplete;
    return this.#startWith(input ?? this.body ?? undefined, input);
  }

  async #startWith(input: unknown, given: unknown): Promise<RunState> {
    if (!this.action)
      throw new TypeError("<ai-progress-stream> needs an action: the URL that runs are started at.");
    return this.#run.start(input, given);
  }

  /**
   * Shows a stream that the page has opened itself: an answer of `fetch`, its body, or anything that yields pieces
   * of it, or events of the protocol.
   * @returns The state that the run has ended in, or was in when the stream broke off.
   * @throws InvalidStateError (as a rejection) while a run is under way.
   */
  async consume(source: StreamSource): Promise<RunState> {
    if (!this.hasUpdated && this.isConnected) await this.updateComplete;
    return this.#run.consume(source);
  }

  /** Asks the server to cancel the run, and waits for its word. Nothing happens where no run is under way. */
  cancel(reason?: string): Promise<void> {
    return this.#run.cancel(reason);
  }

  /** Tries again: at once where the connection is lost, on the living run where it was given up, else by a new start. */
  async retry(): Promise<void> {
    if (this.state === "reconnecting") return this.#run.retryNow();
    if (isBusy(this.state)) return;
    if (this.state === "error" && (await this.#run.resume())) return;
    // Asked twice: the other has gone on with it, or started anew.
    if (isBusy(this.state)) return;
    const { started } = this.#run;
    if (started) await this.#startWith(started.input, started.given);
    else await this.#startAnew();
  }

  /** Attaches to the run that was given up, or that `persist` remembers. Gives false where there is none. */
  resume(): Promise<boolean> {
    return this.#run.resume();
  }

  /** Back to idle. The run, if one is under way, is let go of and not cancelled. */
  reset(): void {
    this.#run.reset();
  }

  /** Copies the answer. Where the clipboard is out of reach, it is selected instead, and false is given. */
  async copy(): Promise<boolean> {
    if (!(await this.#copyText(this.text, this.#shownText))) return false;
    this.#isCopied = true;
    this.requestUpdate();
    clearTimeout(this.#copyTimer);
    this.#copyTimer = setTimeout(() => {
      this.#isCopied = false;
      this.requestUpdate();
    }, COPIED_MS);
    return true;
  }

  get #shownText(): Element | null {
    return this.renderRoot.querySelector(".output .text");
  }

  async #copyText(text: string, shown: Element | null): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (shown) getSelection()?.selectAllChildren(shown);
      return false;
    }
    this.#say(this.#labels().copied, false);
    return true;
  }

  protected override willUpdate(): void {
    this.#view = this.#look();
    const action = actionOf(this.#view);
    if (this.#action && this.#action.kind !== action.kind) this.#actionSince = performance.now();
    this.#action = action;
  }

  protected override render(): TemplateResult {
    const view = this.#view ?? this.#look();
    const action = this.#action ?? actionOf(view);
    const { elapsed } = this.#run;
    const { labels, run, state } = view;
    const isLive = state === "streaming" || state === "cancelling";
    const given = view.givenLang ?? nothing;
    const format = this.format === "markdown" && markdownRenderer() !== null ? "markdown" : "text";
    return html`<section class="card" part="card" role="group" aria-labelledby="title" lang=${view.ownLang} data-state=${state} data-row=${action.row}>
  ${progressView(view)}
  ${headerView(view, elapsed, () => void this.copy())}
  ${actionView(view, action, () => this.#act())}
  ${stagesView(view)}
  ${noticeView(view)}
  <details class="reasoning" part="reasoning" ?hidden=${!run.reasoning}><summary>${labels.reasoning}</summary><div class="text ${format}" part="reasoning-text" lang=${given}></div></details>
  ${isSkeletonShown(view) ? html`<div class="skeleton" part="skeleton" aria-busy="true"><i></i><i></i><i></i></div>` : nothing}
  <div class="output" part="output" role="log" aria-live="off" aria-label=${labels.answer} tabindex=${this.#overflows ? 0 : nothing} ?hidden=${!run.text}><div class="text ${format} ${isLive ? "live" : ""}" part="text" lang=${given}></div><div class="sentinel"></div></div>
  <button type="button" class="button outline jump" part="jump" ?hidden=${this.#isPinned || !this.#overflows || !run.text} @click=${() => this.#jump()}>${labels.jump}</button>
  ${footerView(view, elapsed)}
  ${state === "idle" ? html`<slot name="idle"></slot>` : nothing}
</section>
${liveRegions}`;
  }

  protected override firstUpdated(): void {
    this.#observeScroll();
    if (this.runId) return;
    this.#report(this.#resumeOrStart());
  }

  protected override updated(changed: PropertyValues<this>): void {
    const textProperties = ["format", "allowedLinkSchemes", "allowedImageOrigins"] as const;
    if (textProperties.some((name) => changed.has(name))) this.#createViews();
    if (changed.get("autoscroll") === "off") this.#scroll?.jump();
    if (changed.has("runId") && this.runId) this.#report(this.#run.attach(this.runId));
    const view = this.#view;
    if (!view) return;
    this.#setStates(this.state);
    this.#announce(view, view.run.text);
  }

  #createViews(): void {
    const createRenderer = this.format === "markdown" ? markdownRenderer() : null;
    const settings: MarkdownSettings = {
      allowedLinkSchemes: this.allowedLinkSchemes,
      allowedImageOrigins: this.allowedImageOrigins,
      labels: () => this.#labels(),
      copy: (code) => this.#copyText(code.textContent ?? "", code),
    };
    const root = this.shadowRoot;
    const createView = createRenderer && root ? createRenderer(root, settings) : createPlainTextView;
    const [reasoning, output] = [...this.renderRoot.querySelectorAll(".text")].map((container) => {
      container.replaceChildren();
      return createRenderer === undefined ? null : createView(container);
    });
    this.#reasoning = reasoning ?? null;
    this.#output = output ?? null;
    this.#writeTexts({ text: null, reasoning: null });
    // What comes meanwhile is written as a whole as soon as there is something to write it with.
    if (createRenderer === undefined) {
      void loadMarkdown().then(() => {
        if (!this.#output) this.requestUpdate("format");
      });
    }
  }
  /** A language has come, perhaps the one that was missing. */
  readonly #relabel = (): void => this.requestUpdate();

  #announce(view: View, text: string): void {
    const shown = this.#shownText;
    if (!this.isConnected || !shown) return;
    const { error, run, runNumber, state, labels, lang, progress } = view;
    this.#announcer.update({
      mode: this.announce,
      state,
      run: runNumber,
      failure: error,
      stage: currentStage(view)?.stage.label ?? null,
      progress,
      text,
      read: (limit) => readText(shown, limit),
      error: error ? failureText(view, error).sentence : null,
      reason: run.reason ? labels.stoppedBy[run.reason] : null,
      lang,
      labels,
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener(LABELS_EVENT, this.#relabel);
    if (!this.hasUpdated) return;
    this.#observeScroll();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener(LABELS_EVENT, this.#relabel);
    this.#scroll?.dispose();
    this.#scroll = null;
    this.#overflows = false;
    clearTimeout(this.#copyTimer);
    this.#isCopied = false;
    queueMicrotask(() => {
      // What was only moved goes on.
      if (!this.isConnected) this.#announcer.dispose();
    });
  }

  /** @internal The browser's word that the form is reset. */
  protected formResetCallback(): void {
    if (this.name && !isBusy(this.state)) this.reset();
  }

  async #resumeOrStart(): Promise<void> {
    if (this.persist === "session" && this.action && (await this.resume())) return;
    if (this.autostart && this.state === "idle") await this.start();
  }

  #createSession(): Session {
    const fingerprint = fingerprintOf(this);
    if (this.#session?.fingerprint !== fingerprint) {
      const { createSession } = this.constructor as typeof AiProgressStream;
      this.#session = { session: createSession(optionsOf(this)), fingerprint };
    }
    return this.#session.session;
  }

  #labels(): Labels {
    return labelsFor(languageAt(this), this.#overrides());
  }

  #overrides(): Partial<Labels> | null {
    return isPlainObject(this.labels) ? this.labels : null;
  }

  /** One moment, frozen, for all that draws. */
  #look(): View {
    const { shown, shownNumber } = this.#run;
    if (this.#floorRun !== shownNumber) this.#floor.reset();
    this.#floorRun = shownNumber;
    const { state: run } = shown;
    const state = elementState(shown);
    const pageLang = languageAt(this);
    const isOwn = isLabelled(pageLang);
    const overrides = this.#overrides();
    const stages = plannedStages(planOf(this.stages), run.stages);
    return {
      state,
      run,
      runNumber: shownNumber,
      retry: shown.retry,
      error: shown.error ?? run.error,
      isResumable: shown.isResumable,
      progress: this.#floor.rise(run, stages),
      stages: stages.map((stage) => this.#floor.riseStage(stage)),
      serverNow: this.#run.serverNow,
      now: Date.now(),
      // "21,4 s" among English words would be neither.
      lang: isOwn || overrides ? pageLang : "en",
      ownLang: isOwn ? pageLang : "en",
      givenLang: isOwn ? null : pageLang,
      labels: labelsFor(pageLang, overrides),
      label: this.label,
      stagesView: this.stagesView,
      show: new Set(this.show.split(/\s+/)),
      currency: this.currency || "USD",
      hasForm: this.htmlFor !== "",
      canStart: this.action !== "" || this.htmlFor !== "",
      isNoticeShown: this.#run.isNoticeShown,
      isCopied: this.#isCopied,
    };
  }

  /** What the clock to be seen stands at; null where none runs. */
  #clock(): number | null {
    const { shown, elapsed } = this.#run;
    if (shown.retry && shown.phase === "reconnecting")
      return 1_000 - ((shown.retry.dueAt - Date.now()) % 1_000);
    const waitsUntil = (shown.state.endedAt ?? 0) + (this.error?.retryAfterMs ?? 0);
    if (shown.phase === "ended") return this.error && waitsUntil > this.#run.serverNow ? 0 : null;
    return isBusy(elementState(shown)) ? elapsed : null;
  }

  #stateChanged(state: ElementState): void {
    this.#setStates(state);
    this.#form.setBusy(isBusy(state));
    if (state === "error") this.#form.showIssues(this.error?.issues ?? []);
    this.#internals?.setFormValue?.(state === "done" ? this.text : null);
  }

  #setStates(state: ElementState): void {
    setCustomStates(this.#internals, state, (this.#view?.progress ?? null) === null);
  }

  #writeTexts(appended: Appended): void {
    const { text, reasoning } = this.#run.shown.state;
    const isWhole = !isBusy(elementState(this.#run.shown));
    this.#output?.update(text, appended.text, isWhole);
    this.#reasoning?.update(reasoning, appended.reasoning, isWhole);
    this.#scroll?.follow();
    if (this.announce === "sentences" && this.#view?.state === "streaming") this.#announce(this.#view, text);
  }

  #observeScroll(): void {
    const output = this.renderRoot.querySelector<HTMLElement>(".output");
    const sentinel = output?.querySelector(".sentinel");
    if (!output || !sentinel || this.#scroll || typeof IntersectionObserver === "undefined") return;
    const isFollowing = (): boolean => this.autoscroll !== "off";
    this.#scroll = createAutoscroll(output, sentinel, isFollowing, (overflows, isPinned) => {
      this.#overflows = overflows;
      this.#isPinned = isPinned;
      this.requestUpdate();
    });
  }

  #jump(): void {
    // The button goes, and would take the focus along.
    const isFocused = this.shadowRoot?.activeElement?.matches(".jump");
    if (isFocused) this.#shownText?.parentElement?.focus({ preventScroll: true });
    this.#scroll?.jump();
  }

  #say(message: string, isUrgent: boolean): void {
    sayIn(this.renderRoot, message, isUrgent);
  }

  #act(): void {
    const kind: ActionKind = this.#action?.kind ?? "none";
    if (performance.now() - this.#actionSince < CLICK_GUARD_MS && this.#actionSince > 0) return;
    if (isBusy(this.state) && (kind === "start" || kind === "again" || kind === "retry")) return;
    if (kind === "cancel") this.#report(this.cancel());
    else if (kind === "retry" || kind === "retry-now") this.#report(this.retry());
    else if (kind === "start" || kind === "again") this.#report(this.#startAnew());
  }

  /** As the page would: by its form, where there is one, so that it is read and validated anew. */
  async #startAnew(): Promise<void> {
    const { started, input } = this.#run;
    // A run that a reload has found is asked for again as it was: its form may be empty by now.
    const isRecalled = started === null && input !== undefined;
    // What no caller gave is read anew: `body` may have changed since.
    if (isRecalled || !this.#form.submit()) await this.start(isRecalled ? input : started?.given);
  }

  #report(work: Promise<unknown>): void {
    work.catch((error: unknown) => console.error(error));
  }
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

declare global {
  interface HTMLElementTagNameMap {
    "ai-progress-stream": AiProgressStream;
  }
}
