import type { Usage } from "../events.js";
import type { Emit } from "./decoder.js";

/** Passes a provider's counts on, once each: some repeat the same numbers on every chunk. */
export function createUsage(emit: Emit): { update(usage: Usage): void } {
  let last = "";
  return {
    update(usage) {
      const written = JSON.stringify(usage);
      if (written === last || written === "{}") return;
      last = written;
      emit({ type: "usage", ...usage });
    },
  };
}
