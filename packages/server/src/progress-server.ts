import type { CancelReason } from "@ai-progress-stream/protocol";
import { settledWithin, systemClock } from "./clock.js";
import { createFailureLog } from "./failure-log.js";
import { createAudience } from "./http/audience.js";
import { createCors } from "./http/cors.js";
import { createEndpoint, type JobSpec } from "./http/endpoint.js";
import { type Middleware, toExpress } from "./http/express.js";
import { invalidInput, validateInput } from "./http/schema.js";
import { stderrLogger } from "./logger.js";
import {
  checkNumbers,
  defaultLimits,
  type NumberOptions,
  type ProgressServerOptions,
  type ProxyOptions,
  type RelayOptions,
  type TaskOptions,
} from "./options.js";
import { createProxyJob } from "./proxy-job.js";
import { checkQueue, createRunQueue, type QueuedTaskOptions } from "./queued-task.js";
import type { Job, JobContext } from "./run/job.js";
import { createProducer, type RunHooks } from "./run/producer.js";
import { checkStages } from "./run/stage-plan.js";
import { memoryStore } from "./store/memory.js";
import { readChatInput } from "./upstream/chat-input.js";
import { requireWhole } from "./upstream/relay.js";
import { createUpstream } from "./upstream/upstream.js";
import { withDefaults } from "./with-defaults.js";

export interface ProgressServer {
  /**
   * An endpoint that asks a model and streams its answer: `{"prompt": "…"}` or `{"messages": […]}`.
   * @throws TypeError without a default model, or for a model without a provider
   */
  relay(options: RelayOptions): Middleware;
  /**
   * An endpoint that runs a job of yours, here (`run`) or in a worker (`enqueue`).
   * @throws TypeError with neither, or for a plan of stages that cannot be
   */
  task<Input = unknown>(options: TaskOptions<Input> | QueuedTaskOptions<Input>): Middleware;
  /**
   * An endpoint in front of another service's stream, of whatever dialect: what comes can be looked at, changed
   * and saved, a cancel is passed on, and viewers resume even if the service cannot.
   * @throws TypeError if the URL is none, or nothing says what is sent
   */
  proxy<Input = unknown>(options: ProxyOptions<Input>): Middleware;
  /**
   * Ends gracefully: refuses new runs, lets the running finish and queues take theirs for `drainMs` (default 10_000), then
   * cancels them as `shutdown`, and waits up to 10 s for what `onEnd` does. When it resolves, no timer, socket or listener
   * of this server's is left.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** How long a viewer may take to read the end of its run when the server closes. */
const LAST_WORDS_MS = 2_000;

/**
 * Composes store, jobs and HTTP. One per process is enough; mount as many endpoints as you like.
 * @throws TypeError for a number that cannot be, and for origins or headers that no browser sends
 */
export function createProgressServer(options: ProgressServerOptions = {}): ProgressServer {
  const {
    clock = systemClock,
    store = memoryStore({ clock }),
    leaseMs = 15_000,
    backstopMs = 5_000,
    totalTimeoutMs = 3_600_000,
    heartbeatMs = 15_000,
  } = options;
  checkNumbers(options);
  const limits = withDefaults(defaultLimits, options.limits);
  const cors = createCors(options.cors);
  const upstream = createUpstream({ ...options, clock, logger: options.logger ?? stderrLogger, limits });
  const { relay, proxy, logger } = upstream;
  /** Runs that a store is making just now. */
  const entering = new Set<Promise<void>>();
  /** Those that go into a queue. */
  const queueing = new Set<Promise<void>>();
  const producer = createProducer({
    store,
    clock,
    logger,
    relay,
    proxy,
    limits,
    leaseMs,
    abandonAfterMs: options.abandonAfterMs ?? 60_000,
  });
  let closing: Promise<void> | null = null;

  const logFailure = createFailureLog(logger, clock);
  const onError = (error: unknown): void => logFailure(error, {}, "the store failed");
  /** A run that this process itself works on is not dead, however late a sleeping machine renews its lease. */
  const reap = async (run: string): Promise<boolean> => !producer.has(run) && (await store.reap(run));
  /** For the same reason its own ear is nearer than the store's, which may take its lease for expired. */
  const requestCancel = async (run: string, reason: CancelReason): Promise<void> => {
    if (!producer.cancel(run, reason)) await store.requestCancel(run, reason);
  };
  const audience = createAudience({ store, clock, backstopMs, reap, onError });

  function enter(): () => void {
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    keep(entering, left);
    return leave;
  }

  function mount(spec: JobSpec, hooks: RunHooks & NumberOptions): Middleware {
    checkNumbers(hooks);
    return toExpress(
      createEndpoint(spec, {
        store,
        audience,
        clock,
        logFailure,
        cors,
        principal: options.principal ?? null,
        maxRunsOfPrincipal: limits.runsPerPrincipal,
        maxBodyBytes: limits.bodyBytes,
        bodyTimeoutMs: options.bodyTimeoutMs ?? 30_000,
        // As JSON carries it to a viewer: never is 0.
        heartbeatMs: heartbeatMs === Infinity ? 0 : heartbeatMs,
        stallMs: options.stallMs ?? 30_000,
        leaseMs,
        reap,
        requestCancel,
        start: (todo) => producer.start(todo, [options, hooks]),
        enqueue: (queue, run) => keep(queueing, queue.enqueue(run)),
        isClosing: () => closing !== null,
        enter,
      }),
    );
  }

  async function close(drainMs: number): Promise<void> {
    await Promise.all(entering);
    // What is in no queue by then may still get there: the run waits for its worker, and fails if none comes.
    const queued = settledWithin(clock, drainMs, Promise.all(queueing));
    await Promise.all([queued, producer.drain(drainMs)]);
    await audience.close(LAST_WORDS_MS);
    upstream.close();
    await store.close();
  }

  return {
    relay(relayOptions) {
      checkModels(relayOptions);
      const rules = withDefaults({ maxOutputTokens: 4096, maxMessages: 100 }, relayOptions);
      return mount(
        {
          totalTimeoutMs: Infinity,
          async prepare(body) {
            const chat = readChatInput(body, rules);
            if ("issues" in chat) throw invalidInput(chat.issues);
            const choice = rules.models[chat.alias];
            const provider = typeof choice === "object" ? choice.provider : rules.provider;
            const job = async (context: JobContext): Promise<void> => {
              const answer = await context.relay(provider, chat.request, relayOptions);
              requireWhole(answer.finishReason);
            };
            return { input: body, job: job as Job<never>, stages: [] };
          },
        },
        relayOptions,
      );
    },

    task<Input>(task: TaskOptions<Input> | QueuedTaskOptions<Input>) {
      const { input: schema, stages = [] } = task;
      if (typeof stages !== "function") checkStages(stages);
      if ("enqueue" in task) checkQueue(task, store);
      else if (typeof task.run !== "function") {
        throw new TypeError(
          "progress.task needs run, the function that does the work, or enqueue for a queue.",
        );
      }
      return mount(
        {
          totalTimeoutMs: ("run" in task ? task.totalTimeoutMs : undefined) ?? totalTimeoutMs,
          async prepare(body) {
            const input = schema ? await validateInput(schema, body) : (body as Input);
            const plan = typeof stages === "function" ? stages(input) : stages;
            if (typeof stages === "function") checkStages(plan);
            if ("enqueue" in task) {
              return { queue: createRunQueue(task, input, plan, { store, clock, logger }) };
            }
            return { input, job: task.run as Job<never>, stages: plan };
          },
        },
        "run" in task ? task : {},
      );
    },

    proxy<Input>(proxyOptions: ProxyOptions<Input>) {
      const { input: schema, stages = [] } = proxyOptions;
      checkStages(stages);
      const job = createProxyJob(proxyOptions) as Job<never>;
      return mount(
        {
          totalTimeoutMs: proxyOptions.totalTimeoutMs ?? totalTimeoutMs,
          async prepare(body) {
            const input = schema ? await validateInput(schema, body) : (body as Input);
            return { input, job, stages };
          },
        },
        proxyOptions,
      );
    },

    close({ drainMs = 10_000 } = {}) {
      closing ??= close(drainMs);
      return closing;
    },
  };
}

/** As long as it is not through. */
function keep(pending: Set<Promise<void>>, entry: Promise<void>): void {
  pending.add(entry);
  void entry.then(() => pending.delete(entry));
}

/** Told at start-up, and not to the first who asks. */
function checkModels({ models, provider }: RelayOptions): void {
  if (!Object.hasOwn(models ?? {}, "default")) {
    throw new TypeError(
      'progress.relay needs models, and one for who names none: { default: "gpt-4.1-mini" }.',
    );
  }
  for (const [alias, choice] of Object.entries(models)) {
    const chosen = typeof choice === "string" ? provider : choice.provider;
    if (typeof chosen?.request === "function") continue;
    throw new TypeError(
      `The model "${alias}" has no provider. Give progress.relay one, or the model its own.`,
    );
  }
}
