import type { CancelReason, RunError, RunEvent, StageState, Usage } from "@ai-progress-stream/protocol";

/** Where the element stands. Also readable in CSS as `:state(…)`. */
export type ElementState =
  | "idle"
  | "connecting"
  | "running"
  | "streaming"
  | "reconnecting"
  | "cancelling"
  | "done"
  | "error"
  | "cancelled";

/** All events of the element bubble and cross shadow boundaries; what they carry is in `detail`. */
export class AiEvent<Detail> extends CustomEvent<Detail> {
  constructor(type: string, detail: Detail, cancelable = false) {
    super(type, { detail, bubbles: true, composed: true, cancelable });
  }
}

/** Before a run is started. `preventDefault()` stops it; `detail.input` may be replaced. */
export class AiBeforeStartEvent extends AiEvent<{ input: unknown }> {
  constructor(input: unknown) {
    super("ai-before-start", { input }, true);
  }
}
/** The server has taken the run on, or has found it again (`resumed`). */
export class AiStartEvent extends AiEvent<{ readonly run: string; readonly resumed: boolean }> {
  constructor(run: string, resumed: boolean) {
    super("ai-start", { run, resumed });
  }
}
/** The element's `state` has changed. */
export class AiStateEvent extends AiEvent<{ readonly state: ElementState; readonly previous: ElementState }> {
  constructor(state: ElementState, previous: ElementState) {
    super("ai-state", { state, previous });
  }
}
/** A stage has changed its status. */
export class AiStageEvent extends AiEvent<{ readonly stage: StageState }> {
  constructor(stage: StageState) {
    super("ai-stage", { stage });
  }
}
/** Progress or its message has changed; at most once an animation frame. `progress` is 0..1, or null: not known. */
export class AiProgressEvent extends AiEvent<{
  readonly progress: number | null;
  readonly message: string | null;
}> {
  constructor(progress: number | null, message: string | null) {
    super("ai-progress", { progress, message });
  }
}
/** The answer's text has changed; at most once an animation frame. `delta` is null where it did not merely grow. */
export class AiTextEvent extends AiEvent<{ readonly text: string; readonly delta: string | null }> {
  constructor(text: string, delta: string | null) {
    super("ai-text", { text, delta });
  }
}
/** One event of the protocol, as it was handled; the application's own (`custom`) among them. */
export class AiRunEvent extends AiEvent<{ readonly event: RunEvent }> {
  constructor(event: RunEvent) {
    super("ai-event", { event });
  }
}
/** The connection is lost and attempt `attempt` of `maxRetries` is due at `dueAt` (epoch ms). */
export class AiReconnectEvent extends AiEvent<{
  readonly attempt: number;
  readonly maxRetries: number;
  readonly dueAt: number;
}> {
  constructor(retry: { readonly attempt: number; readonly maxRetries: number; readonly dueAt: number }) {
    super("ai-reconnect", { ...retry });
  }
}
/** The run was cancelled, by whomever. */
export class AiCancelEvent extends AiEvent<{ readonly reason: CancelReason; readonly text: string }> {
  constructor(reason: CancelReason, text: string) {
    super("ai-cancel", { reason, text });
  }
}
/** The run has failed or was lost. `preventDefault()` keeps the element's own notice away. */
export class AiErrorEvent extends AiEvent<{ readonly error: RunError; readonly text: string }> {
  constructor(error: RunError, text: string) {
    super("ai-error", { error, text }, true);
  }
}
/** The run has succeeded. `elapsed` is in milliseconds. */
export class AiDoneEvent extends AiEvent<{
  readonly text: string;
  readonly result: unknown;
  readonly usage: Usage | null;
  readonly elapsed: number;
}> {
  constructor(text: string, result: unknown, usage: Usage | null, elapsed: number) {
    super("ai-done", { text, result, usage, elapsed });
  }
}

declare global {
  /** Of elements, and of documents and windows, which they bubble to. */
  interface GlobalEventHandlersEventMap {
    "ai-before-start": AiBeforeStartEvent;
    "ai-start": AiStartEvent;
    "ai-state": AiStateEvent;
    "ai-stage": AiStageEvent;
    "ai-progress": AiProgressEvent;
    "ai-text": AiTextEvent;
    "ai-event": AiRunEvent;
    "ai-reconnect": AiReconnectEvent;
    "ai-cancel": AiCancelEvent;
    "ai-error": AiErrorEvent;
    "ai-done": AiDoneEvent;
  }
}
