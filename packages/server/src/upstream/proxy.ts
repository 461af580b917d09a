import { randomUUID } from "node:crypto";
import {
  type DialectName,
  type DialectPart,
  dialects,
  type FinishReason,
} from "@ai-progress-stream/protocol/dialects";
import { type Clock, delay } from "../clock.js";
import { describeError, type Logger } from "../logger.js";
import { isRunFailure } from "../run/failure.js";
import { autoDialect } from "./auto-dialect.js";
import { parseUrl } from "./base-url.js";
import type { Caller, CallTarget } from "./call.js";
import { type Connections, exchange } from "./exchange.js";
import { createForwarder } from "./forward.js";
import { type Pricing, priced } from "./pricing.js";
import type { CallOptions, StreamDialect, UpstreamRequest } from "./provider.js";
import { type AnswerPart, letGo } from "./receive.js";
import { requireWhole } from "./relay.js";
import { backoffMs } from "./retry.js";
import { createRunDialect, type RunDialect } from "./run-dialect.js";
import { lowerCased, secretValues } from "./service.js";

/** An event of another service's, before it is one of this run's. */
export type ProxyEvent = Exclude<DialectPart, { readonly type: "finish" | "error" | "done" }>;

/** How another service's stream is read. */
export interface ProxyRules extends Omit<CallOptions, "pricing"> {
  /** What tokens cost there. */
  readonly pricing?: Pricing;
  /**
   * Its language: a name of one, `"run"` for another server of ours, `"auto"` by its headers and first messages,
   * or one of your own. @defaultValue "auto"
   */
  readonly dialect?: DialectName | "run" | "auto" | StreamDialect;
  /** Looks at each event, and may put another, several or none in its place. */
  readonly transform?: (event: ProxyEvent) => ProxyEvent | readonly ProxyEvent[] | null;
}

/** One request to another service. */
export interface ProxyRequest {
  /** Yours to fix: never take it, or a part of it, from a client. */
  readonly url: string;
  /** @defaultValue "POST" */
  readonly method?: "GET" | "POST";
  /** They count as secrets in logs. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; not with GET. */
  readonly body?: unknown;
}

/** That, or what makes it: where a token must be fetched first, for which the time-outs hold, too. */
export type ProxyRequestSource = ProxyRequest | (() => ProxyRequest | Promise<ProxyRequest>);

/**
 * Relays another service's stream into a run. A run of our own protocol that breaks off is resumed, and a cancel
 * is told to it; with any other the closed connection has to say it.
 * @throws RunFailure with a code and a fixed sentence, as with a model
 */
export type ServiceProxy = (
  source: ProxyRequestSource,
  rules: ProxyRules,
  target: CallTarget,
) => Promise<void>;

export interface ProxyOptions {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxRetries: number;
}

const CANCEL_TIMEOUT_MS = 5_000;
/** What a run of ours can be taken up again after. */
const RESUMABLE = ["upstream_truncated", "upstream_unavailable"];

export function createProxy(callUpstream: Caller, options: ProxyOptions): ServiceProxy {
  const { clock, maxRetries } = options;

  return async function proxy(source, rules, target) {
    // Made once: one intention is one run there as well, however often it must be asked.
    let request = null as UpstreamRequest | null;
    const runDialect = createRunDialect();
    const { take, finishReason } = createTaker(rules, target);
    const call = {
      ...rules,
      name: "proxy",
      target,
      take,
      dialectOf: (response: Parameters<typeof autoDialect>[0]) => {
        const { dialect = "auto" } = rules;
        if (typeof dialect === "object") return dialect;
        // A run that has shown itself is not to be found out anew.
        if (dialect === "run" || (dialect === "auto" && runDialect.run !== null)) return runDialect;
        return dialect === "auto" ? autoDialect(response, runDialect) : dialects[dialect];
      },
    };

    try {
      for (let resumed = 0, since = ""; ; resumed++) {
        const { lastEventId } = runDialect;
        if (lastEventId !== null && lastEventId !== since) resumed = 0;
        since = lastEventId ?? "";
        try {
          const resuming = lastEventId === null ? {} : { "last-event-id": lastEventId };
          await callUpstream({
            ...call,
            async request() {
              request ??= createRequest(typeof source === "function" ? await source() : source);
              return { ...request, headers: { ...request.headers, ...resuming } };
            },
          });
          break;
        } catch (error) {
          // Without an event's id the same key finds the run.
          const canResume = runDialect.run !== null && !runDialect.hasEnded;
          const isCut = isRunFailure(error) && RESUMABLE.includes(error.code);
          if (!isCut || !canResume || resumed >= maxRetries || target.signal.aborted) throw error;
          await delay(clock, backoffMs(resumed, Math.random), target.signal);
        }
      }
    } catch (error) {
      if (request !== null && runDialect.run !== null && !runDialect.hasEnded) {
        const told = cancelRun(request, runDialect, options);
        // A run that is cancelled has a moment to say so; one that failed has nothing to wait for.
        if (target.signal.aborted) await told;
      }
      throw error;
    }
    requireWhole(finishReason());
  };
}

function createRequest({ url, method = "POST", headers, body }: ProxyRequest): UpstreamRequest {
  const own = lowerCased(headers);
  return {
    url: parseUrl("url", url).href,
    method,
    headers: { ...(method === "POST" ? { "idempotency-key": randomUUID() } : {}), ...own },
    body,
    secrets: secretsOf(url, own),
  };
}

/** Puts what a service says into the run, as the rules have it. */
function createTaker(rules: ProxyRules, { recorder, stage, onUsage }: CallTarget) {
  const { transform, pricing = null } = rules;
  const forward = createForwarder(recorder, stage);
  let finish: FinishReason | null = null;
  let usage = {};

  function put(event: ProxyEvent): void {
    if (event.type === "text") {
      recorder.record(event);
    } else if (event.type === "usage") {
      const { type: _type, ...counted } = event;
      usage = { ...usage, ...counted };
      onUsage(priced(usage, pricing));
    } else {
      forward(event);
    }
  }

  function take(part: AnswerPart): void {
    if (part.type === "finish") {
      finish = part.reason;
      return;
    }
    const events = transform ? transform(part) : part;
    if (events === null) return;
    for (const event of Array.isArray(events) ? (events as readonly ProxyEvent[]) : [events as ProxyEvent]) {
      put(event);
    }
  }

  return { take, finishReason: () => finish };
}

/** Tells a run of ours that it is not wanted any more; that it cannot be told is no failure of this run's. */
async function cancelRun(
  request: UpstreamRequest,
  { run }: RunDialect,
  options: ProxyOptions,
): Promise<void> {
  const { clock, connections, logger } = options;
  const url = new URL(request.url);
  // By the contract of the protocol, and not by a header of the answer: that could name any host.
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith(`/${run}`) ? `${path}/cancel` : `${path}/${run}/cancel`;
  const controller = new AbortController();
  const callOff = clock.after(CANCEL_TIMEOUT_MS, () =>
    controller.abort(new Error("no answer to the cancel")),
  );
  try {
    const { "idempotency-key": _key, "last-event-id": _last, ...headers } = request.headers;
    const watchdog = { expect() {} };
    const cancel = { url: url.href, headers, body: {}, secrets: request.secrets };
    const response = await exchange(cancel, connections, watchdog, controller.signal);
    response.resume();
    letGo(response, clock);
  } catch (error) {
    logger.warn({ upstreamRun: run, ...describeError(error) }, "a cancel could not be passed on");
  } finally {
    callOff();
  }
}

const secretsOf = (url: string, headers: Readonly<Record<string, string>>): string[] => [
  ...secretValues(headers),
  ...(URL.canParse(url) ? secretValues(Object.fromEntries(new URL(url).searchParams)) : []),
];
