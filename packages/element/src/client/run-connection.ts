import { type RunError, type RunEvent, runError, type SseMessage } from "@ai-progress-stream/protocol";
import { createDeferred, type Deferred } from "./deferred.js";
import { gapFound, StreamFailure, unreadable } from "./failure.js";
import { streamNamedBy } from "./follow.js";
import type { RunAddress } from "./run-address.js";
import type { RunFold } from "./run-fold.js";
import type { SessionStatus } from "./session.js";
import type { StartRequest } from "./start-request.js";
import {
  openTransport,
  type StreamRequest,
  type Transport,
  type TransportHandler,
  type TransportSettings,
} from "./transport.js";

/** What is known of a run, over however many connections. */
export interface RunRecord {
  readonly address: RunAddress;
  readonly fold: RunFold;
  /** How it was started; null where it was attached to. */
  readonly start: StartRequest | null;
  /** Whether the start may have reached the server without a word of it having reached us. */
  isUnanswered: boolean;
  /** The server said that it does not know this run any more. */
  isLost: boolean;
}

/** What a connection tells its session, synchronously. */
export interface ConnectionListener {
  phase(
    phase: "open" | "reconnecting",
    retry: { readonly attempt: number; readonly dueAt: number } | null,
  ): void;
  /** More is known of where the run is, or that it is nowhere. */
  learned(): void;
  event(event: RunEvent): void;
  /** It was given up. Not called for a run that has ended, nor after `stop`. */
  gaveUp(error: RunError): void;
}

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
  readonly #listener: ConnectionListener;
  readonly #transport: Transport;
  #isStarting = false;
  #hasSpoken = false;
  #hasFoundNothing = false;
  #withoutCursor = false;

  constructor(settings: TransportSettings, run: RunRecord, listener: ConnectionListener) {
    this.#run = run;
    this.#listener = listener;
    this.#checkAddressed();
    this.#transport = openTransport(settings, this);
    this.#transport.done.then((failure) => {
      if (failure) listener.gaveUp(failure.error);
    });
  }

  retryNow(): void {
    this.#transport.retryNow();
  }

  stop(): void {
    this.#transport.stop();
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
    if (url === null) {
      if (start === null) throw new Error("There is no run to attach to.");
      return start;
    }
    const cursor = this.#withoutCursor ? null : fold.cursor;
    return { url, method: "GET", body: null, headers: cursor === null ? {} : { "last-event-id": cursor } };
  }

  async follow(response: Response, request: StreamRequest): Promise<StreamRequest | null> {
    if (!this.#isStarting) return null;
    const url = await streamNamedBy(response, request.url);
    if (url === null) return null;
    this.#run.address.url = url;
    this.#learned();
    return this.request();
  }

  opened(response: Response): void {
    const { address } = this.#run;
    const before = address.url;
    address.learnUrl(response.headers.get("content-location"), response.url || address.action.href);
    if (address.url !== before) this.#learned();
    this.#listener.phase("open", null);
  }

  message(message: SseMessage): void {
    const { address, fold } = this.#run;
    const intake = fold.take(message);
    const { run } = fold.state;
    const isNews = !this.#hasSpoken || (run !== "" && address.run === null);
    this.#hasSpoken = true;
    if (run !== "") address.run ??= run;
    if (isNews) this.#learned();
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
    if (verdict.retry === "never") this.#learned();
    return verdict;
  }

  waiting(retry: { readonly attempt: number; readonly dueAt: number }): void {
    this.#listener.phase("reconnecting", retry);
  }

  #judgeRefusal(failure: StreamFailure): StreamFailure {
    if (this.#isStarting) return failure;
    const { status, error } = failure;
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
    if (failure.kind !== "dropped" && failure.kind !== "closed") return failure;
    const { address, fold } = this.#run;
    if (fold.lacksIds) return failure.giveUp(runError("upstream_truncated"));
    if (address.runUrl !== null) return failure;
    // This start was answered, by a server that cannot resume: sent again, it might do the work twice.
    if (this.#hasSpoken)
      return unreadable("The server sent a stream of another kind, and no run that is known.");
    if (failure.kind === "closed") return unreadable("The server closed the stream without a word.");
    return failure;
  }

  #learned(): void {
    this.#run.isUnanswered = false;
    this.#checkAddressed();
    this.#listener.learned();
  }

  #checkAddressed(): void {
    if (this.#hasSpoken || this.#run.address.runUrl !== null) this.addressed.resolve();
  }
}
