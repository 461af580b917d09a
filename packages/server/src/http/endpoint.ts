import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type CancelReason, isRunId, parseEventId, type StagePlan } from "@ai-progress-stream/protocol";
import type { Clock } from "../clock.js";
import type { FailureLog } from "../failure-log.js";
import type { RunQueue } from "../queued-task.js";
import type { Job } from "../run/job.js";
import type { RunToDo } from "../run/runner.js";
import {
  type CreateOutcome,
  type NewRun,
  type RunRecord,
  type RunStore,
  StoreError,
} from "../store/run-store.js";
import type { Audience } from "./audience.js";
import { fingerprintOf, passBy, readJsonBody } from "./body.js";
import type { Cors } from "./cors.js";
import { streamHeaders } from "./headers.js";
import { Problem, writeProblem } from "./problem.js";
import { openViewer, type ViewerOptions } from "./viewer.js";

/** A request as Express hands it on, as far as it matters here. */
export type EndpointRequest = IncomingMessage & {
  readonly baseUrl?: string;
  readonly app?: { enabled(setting: string): boolean };
  body?: unknown;
};

/** What a kind of endpoint does with an input. */
export interface JobSpec {
  /** @throws Problem 422 where the input is not what the job takes */
  prepare(body: unknown): Promise<PreparedJob | PreparedQueueing>;
  readonly totalTimeoutMs: number;
}

/** A job with its input, ready to run. */
export interface PreparedJob {
  readonly input: unknown;
  readonly job: Job<never>;
  readonly stages: readonly StagePlan[];
}

/** A job that goes to a queue. */
export interface PreparedQueueing {
  readonly queue: RunQueue;
}

export interface EndpointOptions {
  readonly store: RunStore;
  readonly audience: Audience;
  readonly clock: Clock;
  readonly logFailure: FailureLog;
  readonly principal: ((req: never) => string | null | undefined | Promise<string | null | undefined>) | null;
  readonly cors: Cors;
  /** Runs of one principal at the same time; only where there is a principal. */
  readonly maxRunsOfPrincipal: number;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly leaseMs: number;
  /** Ends the run if its producer is dead. */
  readonly reap: (run: string) => Promise<boolean>;
  /** Asks whoever works on the run to stop. */
  readonly requestCancel: (run: string, reason: CancelReason) => Promise<void>;
  /** Starts a run that the store has made. */
  readonly start: (todo: RunToDo) => void;
  /** Hands a run that the store has made to a queue. */
  readonly enqueue: (queue: RunQueue, run: Parameters<RunQueue["enqueue"]>[0]) => void;
  readonly isClosing: () => boolean;
  /** A run is about to be made, or not; until then closing waits. Gives what to call when that is known. */
  readonly enter: () => () => void;
}

export type EndpointHandler = (req: EndpointRequest, res: ServerResponse) => Promise<void>;

/** The last millisecond that a date can have: a number in every store, as `Infinity` is not. */
const END_OF_TIME = 8.64e15;

/** So much more than a body may have is read of one that is refused. */
const SPARE_BYTES = 1_048_576;

/** How long a refused newcomer should wait while the server shuts down, in milliseconds. */
const CLOSING_RETRY_MS = 5_000;

/** The HTTP contract of one mounted endpoint. See PROTOCOL.md for the table. */
export function createEndpoint(spec: JobSpec, options: EndpointOptions): EndpointHandler {
  const { store, clock, logFailure, audience, heartbeatMs, stallMs } = options;
  const viewing: ViewerOptions = {
    audience,
    clock,
    heartbeatMs,
    stallMs,
    onError: (error, run) => logFailure(error, { run }, "a viewer was dropped"),
  };

  async function route(req: EndpointRequest, res: ServerResponse): Promise<void> {
    if (options.cors.answer(req, res)) return;
    const { run, action } = pathOf(req);
    if (run === undefined) {
      allow(req, "POST");
      options.cors.check(req);
      return req.headers["last-event-id"] === undefined ? create(req, res) : resume(req, res);
    }
    if (action !== undefined) {
      allow(req, "POST");
      options.cors.check(req);
      return cancel(req, res, run);
    }
    allow(req, "GET", "HEAD");
    return attach(req, res, run);
  }

  async function create(req: EndpointRequest, res: ServerResponse): Promise<void> {
    refuseWhileClosing();
    const principal = await identify(req);
    const key = readKey(req);
    const body = await readJsonBody(req, options);
    const fingerprint = fingerprintOf(body);
    const prepared = await spec.prepare(body);
    const run = randomBytes(18).toString("base64url");
    const lease = randomUUID();
    const isDetached = prefersAsync(req);
    const scope = scopeOf(req);
    const queue = "queue" in prepared ? prepared.queue : null;
    const { maxRunsOfPrincipal } = options;
    const newRun: NewRun = {
      run,
      scope,
      principal,
      key,
      fingerprint,
      lease,
      leaseMs: queue?.timeoutMs ?? options.leaseMs,
      isDetached,
      ...(Number.isFinite(maxRunsOfPrincipal) ? { maxRunsOfPrincipal } : {}),
      ...(queue ? { queued: queue.events } : {}),
    };
    // Asked again after all that was waited for: whoever passes here is waited for by close().
    refuseWhileClosing();
    const leave = options.enter();
    let isMade = false;
    try {
      const outcome = await store.create(newRun);
      isMade = outcome.kind === "created";
      await answerWith(outcome, newRun, req, res);
    } finally {
      // After `open`, so that a viewer reads of its run first. A run that was made is started even if it could not be
      // answered: nobody else would end it.
      try {
        if (isMade) begin(newRun, prepared);
      } finally {
        leave();
      }
    }
  }

  async function answerWith(
    outcome: CreateOutcome,
    { run, scope, principal, isDetached }: NewRun,
    req: EndpointRequest,
    res: ServerResponse,
  ): Promise<void> {
    if (outcome.kind === "conflict") throw new Problem("conflict");
    if (outcome.kind === "busy") throw busy(outcome);
    const isNew = outcome.kind === "created";
    // A run that was made to be watched goes on without viewers from now on: one is there that never leaves.
    if (!isNew && isDetached) await store.attend(outcome.run, "respond-async", END_OF_TIME);
    const record: RunRecord | null = isNew
      ? { run, status: "running", head: 0 }
      : await store.find(outcome.run, { scope, principal });
    if (!record) throw new Problem("run_lost");
    if (isDetached) answerAccepted(req, res, record);
    else stream(req, res, record, isNew ? 0 : null);
  }

  function begin({ run, lease, principal }: NewRun, prepared: PreparedJob | PreparedQueueing): void {
    const made = { run, lease, principal };
    if ("queue" in prepared) options.enqueue(prepared.queue, made);
    else options.start({ ...made, ...prepared, totalTimeoutMs: spec.totalTimeoutMs });
  }

  function refuseWhileClosing(): void {
    if (!options.isClosing()) return;
    throw new Problem("overloaded", {
      detail: "The server is shutting down. Try again in a moment.",
      retryAfterMs: CLOSING_RETRY_MS,
    });
  }

  /** A request that names an event can never start work, whatever its body. */
  async function resume(req: EndpointRequest, res: ServerResponse): Promise<void> {
    const id = parseEventId(String(req.headers["last-event-id"]));
    if (!id) {
      throw new Problem("invalid_input", {
        detail: "Last-Event-ID is not an id of this server's events. Leave the header out to start a run.",
      });
    }
    const record = await findOwn(req, id.run);
    if (!record) throw new Problem("run_lost");
    // A client may have taken note of the id of `end` and lost the event itself: it is sent again.
    const isAtEnd = record.status !== "running" && id.seq === record.head;
    stream(req, res, record, isAtEnd ? id.seq - 1 : id.seq);
  }

  async function attach(req: EndpointRequest, res: ServerResponse, run: string): Promise<void> {
    const record = await findOwn(req, run);
    if (!record) throw new Problem("not_found");
    if (!acceptsStream(req)) {
      // Who polls looks, too.
      await store.attend(run, "poll", clock.now());
      const page = await store.read(run, null);
      if (page?.kind !== "snapshot") throw new Problem("not_found");
      return sendJson(res, 200, page.state);
    }
    const header = req.headers["last-event-id"];
    const id = header === undefined ? null : parseEventId(String(header));
    const cursor = id?.run === run ? id.seq : null;
    if (record.status !== "running" && cursor === record.head) {
      // Nothing is left to say. 204 is what keeps an EventSource from connecting for ever.
      res.writeHead(204, { "Cache-Control": "no-store" }).end();
      return;
    }
    if (req.method === "HEAD") {
      res.writeHead(200, { ...streamHeaders, "Content-Location": locationOf(req, run) }).end();
      return;
    }
    stream(req, res, record, cursor);
  }

  async function cancel(req: EndpointRequest, res: ServerResponse, run: string): Promise<void> {
    const record = await findOwn(req, run);
    if (!record) throw new Problem("not_found");
    await options.requestCancel(run, "user");
    sendJson(res, 202, { run, status: record.status });
  }

  function stream(req: EndpointRequest, res: ServerResponse, record: RunRecord, cursor: number | null): void {
    const { run, status } = record;
    // A body that nobody reads would stand before the news that its sender has left.
    req.resume();
    openViewer(res, { run, status, cursor, location: locationOf(req, run) }, viewing);
  }

  /** The run, if it was made here and by the same principal; whoever may not see it learns nothing of it. */
  async function findOwn(req: EndpointRequest, run: string): Promise<RunRecord | null> {
    if (!isRunId(run)) return null;
    const principal = await identify(req);
    await options.reap(run);
    return store.find(run, { scope: scopeOf(req), principal });
  }

  async function identify(req: EndpointRequest): Promise<string | null> {
    if (!options.principal) return null;
    const principal = await options.principal(req as never);
    // Also what `isAuthenticated && id` gives: no principal is made of all who are none.
    if (!principal) throw new Problem("unauthorized");
    if (typeof principal !== "string") throw new TypeError(NO_PRINCIPAL);
    return principal;
  }

  async function refuse(req: EndpointRequest, res: ServerResponse, error: unknown): Promise<void> {
    if (res.headersSent) {
      logFailure(error, {}, "a response broke");
      res.destroy();
      return;
    }
    const problem = toProblem(error);
    const requestId = writeProblem(res, problem);
    if (problem.code === "internal" || problem.cause !== undefined) {
      logFailure(error, { requestId, code: problem.code }, "request failed");
    }
    if (!req.complete) await passBy(req, clock, options.maxBodyBytes + SPARE_BYTES);
    // What is left of a body that was refused would be taken for the next request.
    if (!req.complete) res.on("finish", () => req.destroy());
    res.end();
  }

  return async (req, res) => {
    try {
      await route(req, res).catch((error: unknown) => refuse(req, res, error));
    } catch (error) {
      // What goes wrong here is one request's, and not the process's.
      logFailure(error, {}, "a refusal could not be written");
      res.destroy();
    }
  };
}

const NO_PRINCIPAL =
  "principal(req) gave neither a string nor null. Give who asks as a string, null for nobody: 401.";

function busy({ limit, retryAfterMs }: Extract<CreateOutcome, { kind: "busy" }>): Problem {
  if (limit !== "principal") return new Problem("overloaded", { retryAfterMs });
  const detail = "Too many of your runs are in progress. Try again when one has ended.";
  return new Problem("rate_limited", { retryAfterMs, detail });
}

function toProblem(error: unknown): Problem {
  try {
    if (error instanceof Problem) return error;
    if (error instanceof StoreError) {
      return new Problem("overloaded", { retryAfterMs: 5_000 }, { cause: error });
    }
  } catch {
    // A proxy that does not say what it is.
  }
  return new Problem("internal", {}, { cause: error });
}

/** Nothing, `/{run}` or `/{run}/cancel`, and maybe one slash at the end. */
const PATH = /^(?:\/(?<run>[^/]+)(?:\/(?<action>cancel))?)?\/?$/;

/**
 * To the letter: whoever limits in front what starts work goes by the path, and is not to be passed by with another slash.
 * @throws Problem 404
 */
function pathOf(req: EndpointRequest): { readonly run?: string; readonly action?: string } {
  // A proxy may send the whole URL (RFC 9112, 3.2.2).
  const path = (req.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "").split("?")[0] ?? "";
  const match = PATH.exec(path);
  if (!match) throw new Problem("not_found");
  return match.groups ?? {};
}

function allow(req: EndpointRequest, ...methods: readonly string[]): void {
  if (methods.includes(req.method ?? "")) return;
  throw new Problem("invalid_input", {
    status: 405,
    allow: methods.join(", "),
    detail: `${req.method} is not possible here. Use ${methods.join(" or ")}.`,
  });
}

/**
 * The Idempotency-Key, bare or as the quoted string of the IETF draft.
 * @throws Problem 400
 */
function readKey(req: EndpointRequest): string | null {
  const header = req.headers["idempotency-key"];
  if (header === undefined) return null;
  const key = /^"(.*)"$/.exec(String(header))?.[1] ?? String(header);
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem("invalid_input", {
    detail: "Idempotency-Key is not valid. Send 1 to 255 visible ASCII characters, such as a UUID.",
  });
}

const prefersAsync = (req: EndpointRequest): boolean =>
  /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(String(req.headers["prefer"] ?? ""));

const acceptsStream = (req: EndpointRequest): boolean =>
  /(?:^|,)\s*text\/event-stream\s*(?:[,;]|$)/i.test(req.headers.accept ?? "");

/** Where a run was made. Express takes letters of either case for the same address, unless it is told otherwise. */
function scopeOf({ baseUrl = "", app }: EndpointRequest): string {
  return app?.enabled("case sensitive routing") ? baseUrl : baseUrl.toLowerCase();
}

const locationOf = (req: EndpointRequest, run: string): string => `${req.baseUrl ?? ""}/${run}`;

function answerAccepted(req: EndpointRequest, res: ServerResponse, { run, status }: RunRecord): void {
  res.setHeader("Location", locationOf(req, run));
  res.setHeader("Preference-Applied", "respond-async");
  sendJson(res, 202, { run, status });
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  res.end(JSON.stringify(body));
}
