import type { RunError, RunState } from "@ai-progress-stream/protocol";
import { useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { SessionPhase, SessionStatus } from "./client/session.js";
import {
  type AiProgressActions,
  type AiProgressOptions,
  createSessionHolder,
  errorOf,
  isBusy,
} from "./client/session-holder.js";

export { autoDialect } from "./client/dialect-choice.js";
export { lazyDialect } from "./client/lazy-dialect.js";
export { sessionPersistence } from "./client/persistence.js";
export type { AiProgressActions, AiProgressOptions } from "./client/session-holder.js";

/** How a run stands, and what can be done with it. A new object at each change. */
export interface AiProgress extends AiProgressActions {
  /** All that is known of the run: stages, progress, text, usage, result. */
  readonly state: RunState;
  /** Where the connection stands. */
  readonly phase: SessionPhase;
  /** Why the run failed, or why it was given up; null otherwise. */
  readonly error: RunError | null;
  /** While the connection is lost: which attempt is next, and when. */
  readonly retry: SessionStatus["retry"];
  readonly isBusy: boolean;
  /** Whether `resume()` can carry the run on. */
  readonly isResumable: boolean;
}

/**
 * One long AI job of a component, without a view: what the tag does, in JSX of your own.
 *
 * Options may be written anew at each rendering. Where they have changed, the next start has the new ones; headers
 * and `onEvent` are always the newest. When the component goes, the connection is let go of and the run goes on;
 * with `persistence` it is found again.
 */
export function useAiProgress(options: AiProgressOptions): AiProgress {
  const [holder] = useState(createSessionHolder);
  // Before all other effects, those of the children too, which may start: what is rendered is what counts.
  useInsertionEffect(() => {
    holder.options = options;
  });
  useEffect(() => holder.mount(), [holder]);
  const status = useSyncExternalStore(holder.subscribe, holder.getStatus, holder.getStatus);
  return useMemo(() => {
    const { options: _options, getStatus, subscribe, mount, ...actions } = holder;
    const { state, phase, retry, isResumable } = status;
    return { ...actions, state, phase, retry, isResumable, error: errorOf(status), isBusy: isBusy(status) };
  }, [holder, status]);
}
