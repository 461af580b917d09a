import type { RunError, RunState } from "@ai-progress-stream/protocol";
import {
  type ComputedRef,
  computed,
  getCurrentScope,
  type MaybeRefOrGetter,
  onMounted,
  onScopeDispose,
  shallowRef,
  toValue,
  watchEffect,
} from "vue";
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

/** How a run stands, and what can be done with it. */
export interface AiProgress extends AiProgressActions {
  /** All that is known of the run: stages, progress, text, usage, result. */
  readonly state: ComputedRef<RunState>;
  /** Where the connection stands. */
  readonly phase: ComputedRef<SessionPhase>;
  /** Why the run failed, or why it was given up; null otherwise. */
  readonly error: ComputedRef<RunError | null>;
  /** While the connection is lost: which attempt is next, and when. */
  readonly retry: ComputedRef<SessionStatus["retry"]>;
  readonly isBusy: ComputedRef<boolean>;
  /** Whether `resume()` can carry the run on. */
  readonly isResumable: ComputedRef<boolean>;
}

/**
 * One long AI job of a component, without a view: what the tag does, in a template of your own. To be called in
 * `setup`.
 *
 * Where the options change, the next start has the new ones; headers and `onEvent` are always the newest. When the
 * component goes, the connection is let go of and the run goes on; with `persistence` it is found again.
 */
export function useAiProgress(options: MaybeRefOrGetter<AiProgressOptions>): AiProgress {
  const holder = createSessionHolder();
  const status = shallowRef(holder.getStatus());
  const ends = [
    holder.subscribe(() => {
      status.value = holder.getStatus();
    }),
  ];
  watchEffect(
    () => {
      holder.options = toValue(options);
    },
    { flush: "sync" },
  );
  onMounted(() => void ends.push(holder.mount()));
  if (getCurrentScope()) {
    onScopeDispose(() => {
      for (const end of ends.reverse()) end();
    });
  }
  const { options: _options, getStatus, subscribe, mount, ...actions } = holder;
  return {
    ...actions,
    state: computed(() => status.value.state),
    phase: computed(() => status.value.phase),
    error: computed(() => errorOf(status.value)),
    retry: computed(() => status.value.retry),
    isBusy: computed(() => isBusy(status.value)),
    isResumable: computed(() => status.value.isResumable),
  };
}
