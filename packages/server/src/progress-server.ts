import type { StagePlan } from "@ai-progress-stream/protocol";
import { type Clock, systemClock } from "./clock.js";
import { createFailureLog } from "./failure-log.js";
import { createAudience } from "./http/audience.js";
import { createEndpoint, type JobSpec } from "./http/endpoint.js";
import { type ExpressRequest, type Middleware, toExpress } from "./http/express.js";
import { type InputSchema, invalidInput, validateInput } from "./http/schema.js";
import { type Logger, stderrLogger } from "./logger.js";
import { checkQueue, createRunQueue, type QueuedTaskOptions } from "./queued-task.js";
import { RunFailure } from "./run/failure.js";
import type { Job, JobContext } from "./run/job.js";
import { createProducer, type RunHooks } from "./run/producer.js";
import { memoryStore } from "./store/memory.js";
import type { RunStore } from "./store/run-store.js";
import { readChatInput } from "./upstream/chat-input.js";
import { createConnections } from "./upstream/exchange.js";
import type { ModelRequest, Provider } from "./upstream/provider.js";
import { createRelay } from "./upstream/relay.js";
import { defaultTimeouts, type UpstreamTimeouts } from "./upstream/timeouts.js";

/** Bounds. Each keeps one thing from growing without end. */
export interface Limits {
  /** A request's body, in bytes. @defaultValue 1_048_576 */
  readonly bodyBytes: number;
  /** The text of a run, both channels, in characters. Past it the run fails with `output_limit`. @defaultValue 4_194_304 */
  readonly textChars: number;
  /** One result or custom event as JSON, in characters. @defaultValue 262_144 */
  readonly valueChars: number;
  /** What waits for a store that is away, in characters. @defaultValue 1_048_576 */
  readonly pendingChars: number;
  /** One upstream answer, in bytes. @defaultValue 67_108_864 */
  readonly upstreamBytes: number;
  /** One event of an upstream, in characters. @defaultValue 1_048_576 */
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
  /** Origins other than its own from which pages may start and cancel runs. @defaultValue [] */
  readonly allowedOrigins?: readonly string[];
  /** How long a run goes on with no viewer left, in milliseconds; `Infinity`: to its end. @defaultValue 60_000 */
  readonly abandonAfterMs?: number;
  /** How often a comment is sent to a viewer, in milliseconds; 0: never. @defaultValue 15_000 */
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
  readonly limits?: Partial<Limits>;
  /** Takes pino as it is. @defaultValue warnings and errors to stderr, a line of JSON each */
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface RelayOptions {
  readonly provider: Provider;
  /** The names that a client may ask for, and the provider's behind them; `default` where it names none. */
  readonly models: Readonly<Record<string, string>> & { readonly default: string };
  /** The system message. A client cannot send one. */
  readonly instructions?: string;
  /** The longest answer that can be asked for, in tokens. @defaultValue 4096 */
  readonly maxOutputTokens?: number;
  /** Where the client names none. @defaultValue the provider's */
  readonly temperature?: number;
  /** The longest conversation. @defaultValue 100 */
  readonly maxMessages?: number;
}

export interface TaskOptions<Input = unknown> {
  /** Checks the body before a run is made; what it gives is the job's `input`. Any Standard Schema. */
  readonly input?: InputSchema<Input>;
  /** What the job will go through, or how that follows from the input. */
  readonly stages?: readonly StagePlan[] | ((input: Input) => readonly StagePlan[]);
  /** The job. What it returns is the result, what it throws the failure. */
  readonly run: (context: JobContext<Input>) => unknown;
  /** @defaultValue the server's */
  readonly totalTimeoutMs?: number;
}

export interface ProgressServer {
  /** An endpoint that asks a model and streams its answer: `{"prompt": "…"}` or `{"messages": […]}`. */
  relay(options: RelayOptions): Middleware;
  /** An endpoint that runs a job of yours, here (`run`) or in a worker (`enqueue`). */
  task<Input = unknown>(options: TaskOptions<Input> | QueuedTaskOptions<Input>): Middleware;
  /**
   * Ends gracefully: refuses new runs, lets the running finish for `drainMs` (default 10_000), then cancels them
   * as `shutdown`. When it resolves, no timer, socket or listener of this server's is left.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** How long a viewer may take to read the end of its run when the server closes. */
const LAST_WORDS_MS = 2_000;

export const defaultLimits: Limits = {
  bodyBytes: 1_048_576,
  textChars: 4_194_304,
  valueChars: 262_144,
  pendingChars: 1_048_576,
  upstreamBytes: 67_108_864,
  upstreamLineChars: 1_048_576,
};

/** Composes store, jobs and HTTP. One per process is enough; mount as many endpoints as you like. */
export function createProgressServer(options: ProgressServerOptions = {}): ProgressServer {
  const {
    clock = systemClock,
    store = memoryStore({ clock }),
    logger = stderrLogger,
    leaseMs = 15_000,
    backstopMs = 5_000,
    totalTimeoutMs = 3_600_000,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const connections = createConnections();
  const relay = createRelay({
    connections,
    clock,
    logger,
    timeouts,
    limits,
    maxRetries: options.maxRetries ?? 2,
  });
  const enqueuing = new Set<Promise<void>>();
  const producer = createProducer({
    store,
    clock,
    logger,
    relay,
    limits,
    leaseMs,
    abandonAfterMs: options.abandonAfterMs ?? 60_000,
  });
  let closing: Promise<void> | null = null;

  const logFailure = createFailureLog(logger, clock);
  const onError = (error: unknown): void => logFailure(error, {}, "the store failed");
  const audience = createAudience({ store, clock, backstopMs, onError });

  function mount(spec: JobSpec): Middleware {
    return toExpress(
      createEndpoint(spec, {
        store,
        audience,
        clock,
        logFailure,
        principal: options.principal ?? null,
        allowedOrigins: options.allowedOrigins ?? [],
        maxBodyBytes: limits.bodyBytes,
        heartbeatMs: options.heartbeatMs ?? 15_000,
        stallMs: options.stallMs ?? 30_000,
        leaseMs,
        start: (todo) => producer.start(todo, options),
        enqueue(queue, run) {
          const enqueued = queue.enqueue(run);
          enqueuing.add(enqueued);
          void enqueued.then(() => enqueuing.delete(enqueued));
        },
        isClosing: () => closing !== null,
      }),
    );
  }

  async function close(drainMs: number): Promise<void> {
    await Promise.all([producer.drain(drainMs), ...enqueuing]);
    await audience.close(LAST_WORDS_MS);
    connections.close();
    await store.close();
  }

  return {
    relay({ provider, maxOutputTokens = 4096, maxMessages = 100, ...rules }) {
      return mount({
        totalTimeoutMs: Infinity,
        async prepare(body) {
          const chat = readChatInput(body, { ...rules, maxOutputTokens, maxMessages });
          if ("issues" in chat) throw invalidInput(chat.issues);
          return { input: body, job: relayJob(provider, chat.request), stages: [] };
        },
      });
    },

    task<Input>(task: TaskOptions<Input> | QueuedTaskOptions<Input>) {
      const { input: schema, stages = [] } = task;
      if (typeof stages !== "function") checkStages(stages);
      if ("enqueue" in task) checkQueue(task, store);
      return mount({
        totalTimeoutMs: ("run" in task && task.totalTimeoutMs) || totalTimeoutMs,
        async prepare(body) {
          const input = schema ? await validateInput(schema, body) : (body as Input);
          const plan = typeof stages === "function" ? stages(input) : stages;
          if (typeof stages === "function") checkStages(plan);
          if ("enqueue" in task)
            return { queue: createRunQueue(task, input, plan, { store, clock, logger }) };
          return { input, job: task.run as Job<never>, stages: plan };
        },
      });
    },

    close({ drainMs = 10_000 } = {}) {
      closing ??= close(drainMs);
      return closing;
    },
  };
}

/** Asks the model; an answer that was cut or filtered is told, its text is kept. */
function relayJob(provider: Provider, request: ModelRequest): Job<never> {
  return async (context) => {
    const { finishReason } = await (context as JobContext).relay(provider, request);
    if (finishReason === "length") throw new RunFailure("output_limit");
    if (finishReason === "content_filter") throw new RunFailure("content_filtered");
  };
}

/** A wrong plan is a programmer's error, told at start-up and not to the first viewer. */
function checkStages(stages: readonly StagePlan[]): void {
  const ids = new Set<string>();
  for (const { id, label, weight = 1 } of stages) {
    if (!id || typeof label !== "string") throw new TypeError("Each stage needs an id and a label.");
    if (ids.has(id)) throw new TypeError(`Two stages have the id "${id}". Give each its own.`);
    if (!Number.isFinite(weight) || weight < 0) {
      throw new TypeError(`The stage "${id}" has the weight ${weight}. Give a number of 0 or more.`);
    }
    ids.add(id);
  }
}
