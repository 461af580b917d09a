import type { StagePlan } from "@ai-progress-stream/protocol";
import type { Clock } from "./clock.js";
import type { CorsOptions } from "./http/cors.js";
import type { ExpressRequest } from "./http/express.js";
import type { InputSchema } from "./http/schema.js";
import type { Logger } from "./logger.js";
import { checkBound, checkPeriod, checkTime } from "./numbers.js";
import type { JobContext } from "./run/job.js";
import type { RunHooks, RunInfo } from "./run/producer.js";
import type { RunStore } from "./store/run-store.js";
import type { AnswerOptions, Provider } from "./upstream/provider.js";
import type { ProxyRequest, ProxyRules } from "./upstream/proxy.js";
import type { RetryNotice } from "./upstream/retry.js";
import { defaultTimeouts, type UpstreamTimeouts } from "./upstream/timeouts.js";

/** Bounds. Each keeps one thing from growing without end. */
export interface Limits {
  /** A request's body, in bytes. @defaultValue 1_048_576 */
  readonly bodyBytes: number;
  /** The text of a run, both channels, in characters. Past it the run fails with `output_limit`. @defaultValue 4_194_304 */
  readonly textChars: number;
  /** One result or custom event as JSON, in characters. @defaultValue 262_144 */
  readonly valueChars: number;
  /**
   * Stages of a run, planned ones included. Past it the run fails with `output_limit`. An id has 200 characters at the
   * most; of a message 2,000 are kept. @defaultValue 1_000
   */
  readonly stages: number;
  /**
   * Runs of one principal that are being worked on at the same time; a further one is refused with 429. Counted by
   * live leases in the store, so that no crash leaves a count behind. Needs `principal`. @defaultValue 20
   */
  readonly runsPerPrincipal: number;
  /** What waits for a store that is away, in characters. @defaultValue 1_048_576 */
  readonly pendingChars: number;
  /** One upstream answer, in bytes. @defaultValue 67_108_864 */
  readonly upstreamBytes: number;
  /**
   * One event of an upstream, in characters. A snapshot of another server of ours may be as long as `upstreamBytes`
   * lets it. @defaultValue 1_048_576
   */
  readonly upstreamLineChars: number;
}

export interface ProgressServerOptions extends RunHooks {
  /** Where runs live. @defaultValue memoryStore() */
  readonly store?: RunStore;
  /**
   * Whose request it is. Only the same principal may attach to a run, read it or cancel it. Null or undefined:
   * 401. Absent: whoever knows a run's unguessable id may.
   */
  readonly principal?: (
    req: ExpressRequest,
  ) => string | null | undefined | Promise<string | null | undefined>;
  /** Lets pages of other origins in. @defaultValue none: only pages of the server's own origin */
  readonly cors?: CorsOptions;
  /** How long a run goes on with no viewer left, in milliseconds; `Infinity`: to its end. @defaultValue 60_000 */
  readonly abandonAfterMs?: number;
  /** How often a comment is sent to a viewer, in milliseconds; 0 or `Infinity`: never. @defaultValue 15_000 */
  readonly heartbeatMs?: number;
  /** A viewer that takes no byte for so long is dropped, in milliseconds. @defaultValue 30_000 */
  readonly stallMs?: number;
  /** How long a producer may be silent before it counts as dead, in milliseconds. @defaultValue 15_000 */
  readonly leaseMs?: number;
  /** How often a watched run is looked at without a wake-up, in milliseconds. @defaultValue 5_000 */
  readonly backstopMs?: number;
  /** The longest that a task may run, in milliseconds; past it it is cancelled as `limit`. @defaultValue 3_600_000 */
  readonly totalTimeoutMs?: number;
  /** How long an upstream may take. */
  readonly timeouts?: Partial<UpstreamTimeouts>;
  /** How often an upstream that has refused is asked again. @defaultValue 2 */
  readonly maxRetries?: number;
  /**
   * What the viewer reads while it is waited for: the place to translate it.
   * @defaultValue "The model is busy, trying again in 3 s"
   */
  readonly retryMessage?: (retry: RetryNotice) => string;
  /** How long a request's body may take to arrive, in milliseconds. @defaultValue 30_000 */
  readonly bodyTimeoutMs?: number;
  readonly limits?: Partial<Limits>;
  /** Takes pino as it is. @defaultValue warnings and errors to stderr, a line of JSON each */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** A model of a provider other than the endpoint's own. */
export interface ModelChoice {
  readonly provider: Provider;
  /** Its name there. */
  readonly model: string;
}

export interface RelayOptions extends AnswerOptions, RunHooks {
  readonly provider: Provider;
  /**
   * The names that a client may ask for, and the provider's behind them, or a model of another provider; `default`
   * where it names none.
   */
  readonly models: Readonly<Record<string, string | ModelChoice>> & {
    readonly default: string | ModelChoice;
  };
  /** The system message. A client cannot send one. */
  readonly instructions?: string;
  /** The longest answer that can be asked for, in tokens. @defaultValue 4096 */
  readonly maxOutputTokens?: number;
  /** Where the client names none. @defaultValue the provider's */
  readonly temperature?: number;
  /** The longest conversation. @defaultValue 100 */
  readonly maxMessages?: number;
}

export interface TaskOptions<Input = unknown> extends RunHooks {
  /** Checks the body before a run is made; what it gives is the job's `input`. Any Standard Schema. */
  readonly input?: InputSchema<Input>;
  /** What the job will go through, or how that follows from the input. */
  readonly stages?: readonly StagePlan[] | ((input: Input) => readonly StagePlan[]);
  /** The job. What it returns is the result, what it throws the failure. */
  readonly run: (context: JobContext<Input>) => unknown;
  /** @defaultValue the server's */
  readonly totalTimeoutMs?: number;
}

export interface ProxyOptions<Input = unknown> extends ProxyRules, RunHooks {
  /** The service's endpoint. Fixed here: no client can name one. */
  readonly url?: string;
  /** @defaultValue "POST" */
  readonly method?: "GET" | "POST";
  /** Sent with each request, or how they follow from the run. No header of the client's is passed on. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | ((run: RunInfo) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);
  /** Checks the client's body before a run is made. Any Standard Schema. */
  readonly input?: InputSchema<Input>;
  /** What is sent for an input. @defaultValue the input as `input` has given it */
  readonly body?: (input: Input, run: RunInfo) => unknown;
  /** The whole request, in the place of `url`, `method`, `headers` and `body`. */
  readonly request?: (input: Input, run: RunInfo) => ProxyRequest | Promise<ProxyRequest>;
  /** What the service will go through, where it does not say so itself. */
  readonly stages?: readonly StagePlan[];
  /** The longest that a run may take, in milliseconds; past it it is cancelled as `limit`. @defaultValue the server's */
  readonly totalTimeoutMs?: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 1_048_576,
  textChars: 4_194_304,
  valueChars: 262_144,
  stages: 1_000,
  runsPerPrincipal: 20,
  pendingChars: 1_048_576,
  upstreamBytes: 67_108_864,
  upstreamLineChars: 1_048_576,
};

/** Numbers of which `Infinity` turns off what they bound. */
const BOUNDS = [
  "abandonAfterMs",
  "heartbeatMs",
  "resumeWithinMs",
  "maxRetries",
  "maxMessages",
  "maxOutputTokens",
  "expectedTokens",
] as const;
/** Of which 0 would leave no time at all. */
const TIMES = ["totalTimeoutMs", "stallMs", "bodyTimeoutMs"] as const;
/** What is done again and again, and is nothing that can be left off. */
const PERIODS = ["leaseMs", "backstopMs"] as const;
const GROUPS = { timeouts: defaultTimeouts, limits: defaultLimits };

export interface NumberOptions
  extends Partial<Record<(typeof BOUNDS | typeof TIMES | typeof PERIODS)[number] | "temperature", number>> {
  readonly timeouts?: object;
  readonly limits?: object;
}

/**
 * A NaN, such as that of a variable that is not set, would silently turn off what it is to bound.
 * @throws TypeError for a number that is none, or none that can be, and for a name that there is not
 */
export function checkNumbers(options: NumberOptions): void {
  for (const name of BOUNDS) checkBound(name, options[name]);
  for (const name of PERIODS) checkPeriod(name, options[name]);
  for (const name of TIMES) checkTime(name, options[name]);
  // JSON has no Infinity.
  checkPeriod("temperature", options.temperature, 0);
  for (const [group, known] of Object.entries(GROUPS)) {
    for (const [name, value] of Object.entries(options[group as keyof typeof GROUPS] ?? {})) {
      if (!Object.hasOwn(known, name)) {
        throw new TypeError(`${group} knows no ${name}. There are: ${Object.keys(known).join(", ")}.`);
      }
      (group === "timeouts" ? checkTime : checkBound)(`${group}.${name}`, value);
    }
  }
}
