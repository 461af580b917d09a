import type { ProgressAmount, RunState, Usage } from "@ai-progress-stream/protocol";
import type { AnswerOptions, ModelAnswer, ModelRequest, Provider } from "../upstream/provider.js";
import type { ProxyRequestSource, ProxyRules } from "../upstream/proxy.js";

/** What a job can say of itself, of the whole run or, inside `stage`, of that stage. */
export interface Reporter {
  /** `completed` of `total`; without a stage it is the whole run's. Of a message 2,000 characters are kept. */
  progress(completed: number, total: number, message?: string): void;
  /** The same with all fields, or only a message. */
  progress(amount: ProgressAmount): void;
  /** Appends to the answer. */
  text(delta: string, options?: { replace?: boolean }): void;
  /** Appends to the reasoning. */
  reasoning(delta: string, options?: { replace?: boolean }): void;
  /** What the run has used so far, cumulative; merged field by field. */
  usage(usage: Usage): void;
  /** An event of the application's own; delivered once, in order, and not kept in the state. */
  custom(name: string, value: unknown): void;
  /**
   * Asks a model and streams its answer into the run.
   * @throws RunFailure what went wrong upstream, as a code and a sentence
   */
  relay(provider: Provider, request: ModelRequest, options?: AnswerOptions): Promise<ModelAnswer>;
  /**
   * Relays another service's stream into the run: its text, stages, progress, usage, result and own events.
   * @throws RunFailure what went wrong there, as a code and a sentence
   */
  proxy(request: ProxyRequestSource, rules?: ProxyRules): Promise<void>;
  /** Resolves when viewers and store have caught up; await it in a loop that produces without a pause. */
  ready(): Promise<void>;
}

/** Inside a stage. */
export interface StageReporter extends Reporter {
  readonly id: string;
}

/** What a job is given. */
export interface JobContext<Input = unknown> extends Reporter {
  readonly input: Input;
  /**
   * Aborts on cancel, on abandonment, on shutdown and on time-out. Hand it to everything that waits. What a listener of its
   * own throws is an uncaught exception of the process, as with any EventTarget of Node.
   */
  readonly signal: AbortSignal;
  readonly runId: string;
  readonly principal: string | null;
  /**
   * What an earlier attempt at this run has recorded, for a worker that goes on with it (`resume`): go on where it
   * stopped. Null: this is the first attempt.
   */
  readonly previous: RunState | null;
  /**
   * Runs one stage: running before `work`, done after it, failed if it throws. Gives what `work` gives.
   * An id that was not planned is added as a stage of weight 0. No id holds a line break or a NUL, or is longer than 200
   * characters, and no run has more than `limits.stages` of them.
   */
  stage<T>(id: string, work: (stage: StageReporter) => T | Promise<T>): Promise<T>;
  /** Marks a planned stage as not needed. */
  skip(id: string, message?: string): void;
}

/** The work of one run. What it returns is the run's result, what it throws its failure. */
export type Job<Input = unknown> = (context: JobContext<Input>) => unknown;
