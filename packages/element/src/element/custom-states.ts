import type { ElementState } from "./events.js";
import { isBusy } from "./view.js";

const names: readonly ElementState[] = [
  "idle",
  "connecting",
  "running",
  "streaming",
  "reconnecting",
  "cancelling",
  "done",
  "error",
  "cancelled",
];

/** Makes the state readable as `:state(…)`, with `busy` and `indeterminate` beside it. */
export function setCustomStates(
  internals: ElementInternals | null,
  state: ElementState,
  isProgressUnknown: boolean,
): void {
  const states = internals?.states;
  if (!states) return;
  const wanted: ReadonlyMap<string, boolean> = new Map([
    ...names.map((name) => [name, name === state] as const),
    ["busy", isBusy(state)],
    ["indeterminate", isBusy(state) && isProgressUnknown],
  ]);
  for (const [name, isOn] of wanted) {
    try {
      if (isOn) states.add(name);
      else states.delete(name);
    } catch {
      // Chromium before 125 knows only names that begin with two dashes.
      return;
    }
  }
}
