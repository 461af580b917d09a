import {
  errorDescriptions,
  type LoggedEvent,
  type RunError,
  type RunEvent,
  runError,
  type SseMessage,
} from "@ai-progress-stream/protocol";
import type { Dialect } from "@ai-progress-stream/protocol/dialects";
import type { Clock } from "./clock.js";
import { createDeferred, type Deferred } from "./deferred.js";
import type { DialectDetector } from "./dialect-choice.js";
import { gapFound, ownSentences, StreamFailure, unloaded, unreadable } from "./failure.js";
import { streamNamedBy } from "./follow.js";
import { createTranslator, isOurs, type Translator } from "./foreign-stream.js";
import { isNamed, type SessionDialect } from "./lazy-dialect.js";
import type { Framing, Piece, StreamEnd } from "./message-stream.js";
import { isJson, isPlainText, noStream } from "./problem.js";
import type { RunAddress } from "./run-address.js";
import type { Intake, RunFold } from "./run-fold.js";
import type { Retry, SessionStatus } from "./session.js";
import type { StartRequest } from "./start-request.js";
import type { StreamRequest, Transport, TransportHandler } from "./transport.js";

/** What is known of a run, over however many connections. */
export interface RunRecord {
  readonly address: RunAddress;
  readonly fold: RunFold;
  /** How it was started; null where it was attached to. */
  readonly start: StartRequest | null;
  /** Whether the start may be sent: no word of it has come, and somebody else's server has not been asked yet. */
  isUnanswered: boolean;
  /** The server said that it does not know this run any more. */
  isLost: boolean;
}

export interface ConnectionOptions {
  /** Null: our own protocol and nothing else. */
  readonly dialect: SessionDialect | null;
  readonly clock: Clock;
  /** How long the code of a dialect may take to load. */
  readonly loadTimeoutMs: number;
  /** Opens what it reads from. Nothing may come of it before this returns. */
  readonly open: (handler: TransportHandler) => Transport;
}

/** What a connection tells its session, synchronously. */
export interface ConnectionListener {
  phase(phase: "open" | "reconnecting", retry: Omit<Retry, "maxRetries"> | null): void;
  /** More is known of where the run is, or that it is nowhere. */
  learned(): void;
  event(event: RunEvent): void;
  /** It was given up. Not called for a run that has ended, nor after `stop`. */
  gaveUp(error: RunError): void;
}

const NDJSON = /ndjson|jsonl|json-lines|stream\+json/;
/** Our servers say what run it is along with the head of the answer: who has not by then, names none. */
const NAMING_MS = 1_000;
const UNTYPED = /^(|text\/plain|application\/octet-stream)$/;

/** From the first attempt to the last word: what to ask for next, and what an answer means. */
export class RunConnection implements TransportHandler {
  /** Resolves when it is known whom to ask for a cancel, or that there is nobody. */
  readonly addressed: Deferred<void> = createDeferred();
  /** True: the server carries this run. False: it knows none. */
  readonly taken: Deferred<boolean> = createDeferred();
  readonly ended: Deferred<SessionStatus> = createDeferred();
  isCancelling = false;
  cancelling: Promise<void> | null = null;
  readonly #run: RunRecord;
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  readonly #transport: Transport;
  /** Null: our own protocol alone, or not loaded yet. */
  #dialect: Dialect | DialectDetector | null = null;
  #loading: Promise<void> | null = null;
  #stopWaiting = (): void => {};
  #stopNaming = (): void => {};
  #translator: Translator | null = null;
  #isUndecided = false;
  #response: Response | null = null;
  #mediaType = "";
  #isStarting = false;
  #isOpen = false;
  #hasSpoken = false;
  #hasFoundNothing = false;
  #withoutCursor = false;

  constructor(options: ConnectionOptions, run: RunRecord, listener: ConnectionListener) {
    this.#run = run;
    this.#options = options;
    this.#listener = listener;
    this.#checkAddressed();
    if (this.#isForeign) {
      this.addressed.resolve();
      this.#load()?.catch(() => {});
    }
    this.#transport = options.open(this);
    this.#transport.done.then((failure) => {
      if (failure) listener.gaveUp(failure.error);
    });
  }

  /** Somebody else's, by the word of the page: such a server knows no key that makes two requests one run. */
  get #isForeign(): boolean {
    return isNamed(this.#options.dialect);
  }

  retryNow(): void {
    // Called off: somebody else's stream is left without a further word
    if (this.isCancelling) this.#translator?.flush();
    this.#transport.retryNow();
  }

  stop(): void {
    this.#stopWaiting();
    this.#stopNaming();
    this.#transport.stop();
    this.#translator?.flush();
  }

  /**
   * A run whose URL is known is resumed by GET, never by sending its POST again, though a server of ours would
   * take both: a GET cannot start work, whichever server answers it. Without a cursor it is answered with a
   * snapshot. Until then the start is repeated with its key, which makes it one run.
   */
  request(): StreamRequest {
    const { address, fold, start } = this.#run;
    const url = address.runUrl;
    this.#isStarting = url === null;
    this.#isOpen = false;
    if (url === null) {
      if (start === null) throw new Error("There is no run to attach to.");
      return start;
    }
    const cursor = this.#withoutCursor ? null : fold.cursor;
    return { url, method: "GET", body: null, headers: cursor === null ? {} : { "last-event-id": cursor } };
  }

  async follow(response: Response, request: StreamRequest): Promise<StreamRequest | null> {
    if (!this.#isStarting) return null;
    const stream = await streamNamedBy(response, request.url);
    if (stream === null) return null;
    const { address } = this.#run;
    address.url = stream.url;
    address.isOurs = stream.isLocation;
    this.#learned();
    return this.request();
  }

  framing(mediaType: string): Framing | null {
    this.#mediaType = mediaType;
    const { dialect } = this.#options;
    if (mediaType === "text/event-stream") return "sse";
    if (dialect === null || this.#run.fold.state.run !== "") return null;
    if (NDJSON.test(mediaType)) return "ndjson";
    if (isJson(mediaType)) return "json";
    // Some write a stream and leave its type to the framework: the page's word on the dialect counts for more.
    const named = this.#dialect !== null && "framing" in this.#dialect ? this.#dialect.framing : null;
    return (named === "text" && isPlainText(mediaType)) || UNTYPED.test(mediaType) ? named : null;
  }

  opened(response: Response | null): void {
    const { address, fold } = this.#run;
    this.#isOpen = true;
    const before = address.url;
    if (response) {
      address.learnUrl(response.headers.get("content-location"), response.url || address.action.href);
      if (address.url !== before) this.#learned();
    }
    // Of a run that is known the language is, too.
    this.#isUndecided = this.#options.dialect !== null && fold.state.run === "";
    this.#translator = null;
    this.#response = response;
    this.#awaitName();
    this.#listener.phase("open", null);
  }

  prepare(piece: Piece | null): Promise<void> | null {
    if (piece === null) return this.#isForeign ? this.#load() : null;
    if (!this.#isUndecided) return null;
    this.#isUndecided = false;
    if (!this.#isForeign && !("rest" in piece) && isOurs(piece)) return null;
    const loading = this.#load();
    if (loading) return loading.then(() => this.#translate());
    this.#translate();
    return null;
  }

  message(message: SseMessage): void {
    this.#hasSpoken = true;
    this.#checkAddressed();
    if (this.#translator) this.#translator.read(message);
    else this.#own(message);
  }

  finished(end: StreamEnd): void {
    if (this.#translator?.end(end) === false && isJson(this.#mediaType)) throw noStream(this.#mediaType);
  }

  /** Null: all that is needed is there. */
  #load(): Promise<void> | null {
    const { dialect, clock, loadTimeoutMs } = this.#options;
    if (this.#dialect || dialect === null) return null;
    if (!("load" in dialect)) {
      this.#dialect = dialect;
      return null;
    }
    this.#loading ??= new Promise((resolve, reject) => {
      const giveUp = (cause: unknown): void => reject(unloaded(cause));
      const timer = clock.setTimeout(() => giveUp(new Error("It takes too long.")), loadTimeoutMs);
      this.#stopWaiting = () => clock.clearTimeout(timer);
      const taken = dialect.load().then((loaded) => {
        this.#dialect = loaded;
        resolve();
      }, giveUp);
      void taken.finally(this.#stopWaiting);
    });
    return this.#loading;
  }

  #translate(): void {
    if (!this.#dialect) return;
    this.#translator = createTranslator({
      dialect: this.#dialect,
      response: this.#response,
      isWhole: isJson(this.#mediaType),
      now: this.#options.clock.now,
      own: (message) => this.#own(message),
      foreign: (event) => this.#foreign(event),
    });
  }

  #own(message: SseMessage): void {
    const { address, fold } = this.#run;
    const intake = fold.take(message);
    const { run } = fold.state;
    const isNews = run !== "" && address.run === null;
    if (isNews) {
      address.run = run;
      address.isOurs = true;
    }
    if (isNews || this.#run.isUnanswered) this.#learned();
    this.#handle(intake);
  }

  #foreign(event: LoggedEvent): void {
    const { address, fold } = this.#run;
    if (fold.hasEnded) return;
    const isNews = !fold.lacksIds;
    address.isOurs = false;
    fold.append(event);
    if (isNews) this.#learned();
    this.#handle({ kind: "handled", event, isProgress: true });
  }

  #handle(intake: Intake): void {
    const { fold } = this.#run;
    if (intake.kind === "gap") {
      this.#withoutCursor = true;
      throw gapFound();
    }
    if (intake.kind === "unreadable") throw unreadable(intake.reason);
    if (intake.kind === "ignored") return;
    const { event } = intake;
    if (event.type === "open") this.#transport.expectHeartbeat(event.heartbeatMs);
    else this.#withoutCursor = false;
    if (intake.isProgress) this.#transport.countAnew();
    if (fold.hasEnded) this.stop();
    this.taken.resolve(true);
    this.#listener.event(event);
  }

  judge(failure: StreamFailure): StreamFailure {
    const verdict = failure.kind === "refused" ? this.#judgeRefusal(failure) : this.#judgeLoss(failure);
    if (verdict.retry === "never") this.#translator?.flush();
    // Nobody answered, so nothing was learned: the same start again is the same run.
    if (verdict.retry === "never" && verdict.kind !== "unreachable") this.#learned();
    return verdict;
  }

  waiting(retry: Omit<Retry, "maxRetries">): void {
    this.#listener.phase("reconnecting", retry);
  }

  #judgeRefusal(failure: StreamFailure): StreamFailure {
    const { status, error } = failure;
    if (this.#isStarting) {
      // The page's mistake: no run was asked for that could be missing.
      const isBare = status === 404 && error.message === errorDescriptions.not_found.message;
      return isBare ? failure.giveUp({ ...error, message: ownSentences.nowhere }) : failure;
    }
    if (status === 204 && !this.#hasFoundNothing) {
      // "Nothing after your cursor" and "no such run" look the same; without a cursor only the latter is left.
      this.#hasFoundNothing = true;
      this.#withoutCursor = true;
      return new StreamFailure("refused", error, { retry: "now", status });
    }
    if (status !== 204 && status !== 404 && status !== 410) return failure;
    this.#run.isLost = true;
    const { requestId } = error;
    return failure.giveUp(runError("run_lost", requestId === undefined ? {} : { requestId }));
  }

  #judgeLoss(failure: StreamFailure): StreamFailure {
    const { address, fold } = this.#run;
    if (failure.kind === "unreachable") return this.#isForeign ? failure.giveUp() : failure;
    if (failure.kind !== "dropped" && failure.kind !== "closed") return failure;
    if (address.resumeTarget !== null && !fold.lacksIds) return failure;
    // This start was taken, by a server that cannot resume: sent again, it might do the work twice.
    if (failure.kind === "closed" && !this.#hasSpoken)
      return unreadable("The server closed the stream without a word.");
    if (this.#hasSpoken && !fold.lacksIds && this.#translator === null)
      return unreadable("The server sent a stream of another kind, and no run that is known.");
    return this.#isOpen ? failure.giveUp(runError("upstream_truncated")) : failure;
  }

  #learned(): void {
    this.#run.isUnanswered = false;
    this.#checkAddressed();
    this.#listener.learned();
  }

  #awaitName(): void {
    const { clock } = this.#options;
    this.#stopNaming();
    const timer = clock.setTimeout(() => this.addressed.resolve(), NAMING_MS);
    this.#stopNaming = () => clock.clearTimeout(timer);
  }

  #checkAddressed(): void {
    if (!this.#hasSpoken && this.#run.address.resumeTarget === null) return;
    this.#stopNaming();
    this.addressed.resolve();
  }
}
