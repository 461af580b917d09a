import type { ProgressAmount, RunState, Usage } from "@ai-progress-stream/protocol";
import type { CallTarget } from "../upstream/call.js";
import type { ServiceProxy } from "../upstream/proxy.js";
import type { Relay } from "../upstream/relay.js";
import type { JobContext, Reporter } from "./job.js";
import { checkName, clip, MAX_MESSAGE_CHARS, MAX_NAME_CHARS } from "./names.js";
import type { Recorder } from "./recorder.js";
import { createUsageMeter } from "./usage-meter.js";

export interface ContextOptions<Input> {
  readonly input: Input;
  readonly runId: string;
  readonly principal: string | null;
  /** What an earlier attempt has left; null: this is the first. */
  readonly previous: RunState | null;
  readonly signal: AbortSignal;
  readonly recorder: Recorder;
  readonly relay: Relay;
  readonly proxy: ServiceProxy;
}

/** Turns what a job says into events. */
export function createJobContext<Input>(options: ContextOptions<Input>): JobContext<Input> {
  const { input, runId, principal, previous, signal, recorder } = options;
  const meter = createUsageMeter(recorder, previous?.usage ?? null);

  const target = (stage: string | null): CallTarget => ({
    runId,
    recorder,
    signal,
    stage,
    onUsage: meter.open(),
  });

  function createReporter(stage: string | null): Reporter {
    const ofStage = stage === null ? {} : { stage };
    return {
      progress(first: number | ProgressAmount, total?: number, message?: string) {
        const amount: ProgressAmount =
          typeof first === "object"
            ? first
            : {
                completed: first,
                ...(total === undefined ? {} : { total }),
                ...(message === undefined ? {} : { message }),
              };
        recorder.record({ type: "progress", ...ofStage, ...checkedAmount(amount) });
      },
      text: (delta, { replace = false } = {}) =>
        recorder.record({ type: "text", delta: String(delta), replace }),
      reasoning: (delta, { replace = false } = {}) =>
        recorder.record({ type: "text", delta: String(delta), channel: "reasoning", replace }),
      usage: (usage) => recorder.record({ type: "usage", ...checkedUsage(usage) }),
      custom: (name, value) =>
        recorder.record({ type: "custom", name: checkName("custom event", name), value }),
      relay: (provider, request, rules) => options.relay(provider, request, target(stage), rules),
      proxy: (request, rules = {}) => options.proxy(request, rules, target(stage)),
      ready: () => recorder.ready(),
    };
  }

  return {
    input,
    signal,
    runId,
    principal,
    previous,
    ...createReporter(null),
    async stage(id, work) {
      recorder.record({ type: "stage", stage: checkName("stage", id), status: "running" });
      try {
        const result = await work({ id, ...createReporter(id) });
        recorder.record({ type: "stage", stage: id, status: "done" });
        return result;
      } catch (error) {
        // A cancelled stage has not failed; the run's end closes it.
        if (!signal.aborted) recorder.record({ type: "stage", stage: id, status: "failed" });
        throw error;
      }
    },
    skip: (id, message) =>
      recorder.record({
        type: "stage",
        stage: checkName("stage", id),
        status: "skipped",
        ...(message === undefined ? {} : { message: clip(message, MAX_MESSAGE_CHARS) }),
      }),
  };
}

const AMOUNTS = ["completed", "total", "fraction"] as const;
const COUNTS = ["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens", "estimated"] as const;

/** Only what is named: an object of a job's, or of whoever it listens to, may have a `type` of its own. */
function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const name of names) if (from[name] !== undefined) picked[name] = from[name];
  return picked;
}

function checkedUsage(usage: Usage): Usage {
  const { cost } = usage;
  return {
    ...pick(usage, COUNTS),
    ...(cost === undefined ? {} : { cost: { amount: cost.amount, currency: cost.currency } }),
  };
}

/**
 * A job's arithmetic may give NaN or a negative number; a viewer would refuse the whole event for it. What is said with it
 * stays in the state, and is kept short.
 */
function checkedAmount(amount: ProgressAmount): ProgressAmount {
  for (const name of AMOUNTS) {
    const value = amount[name];
    if (value === undefined || (Number.isFinite(value) && value >= 0)) continue;
    throw new TypeError(
      `progress: "${name}" is ${value}. Give a finite number of 0 or more, or leave it out.`,
    );
  }
  const { message, unit, fraction } = amount;
  return {
    ...pick(amount, AMOUNTS),
    ...(fraction === undefined ? {} : { fraction: Math.min(1, fraction) }),
    ...(message === undefined ? {} : { message: clip(message, MAX_MESSAGE_CHARS) }),
    ...(unit === undefined ? {} : { unit: clip(unit, MAX_NAME_CHARS) }),
  };
}
