import type { StagePlan } from "@ai-progress-stream/protocol";
import { checkName } from "./names.js";

/** A wrong plan is a programmer's error, told at start-up and not to the first viewer. */
export function checkStages(stages: readonly StagePlan[]): void {
  const ids = new Set<string>();
  for (const { id, label, weight = 1 } of stages) {
    if (!id || typeof label !== "string") throw new TypeError("Each stage needs an id and a label.");
    checkName("stage", id);
    if (ids.has(id)) throw new TypeError(`Two stages have the id "${id}". Give each its own.`);
    if (!Number.isFinite(weight) || weight < 0) {
      throw new TypeError(`The stage "${id}" has the weight ${weight}. Give a number of 0 or more.`);
    }
    ids.add(id);
  }
}
