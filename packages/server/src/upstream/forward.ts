import { clip, MAX_MESSAGE_CHARS, MAX_NAME_CHARS } from "../run/names.js";
import type { Recorder } from "../run/recorder.js";
import type { AnswerPart } from "./receive.js";

type Forwarded = Extract<AnswerPart, { readonly type: "stage" | "progress" | "result" | "custom" }>;

/** Each stage stays in the state; an upstream that names ever new ones is not followed. */
const MAX_STAGES = 500;

/**
 * Passes what is neither text nor usage into a run, field by field and within bounds. A progress without a stage
 * is that of `ownStage`, where there is one.
 */
export function createForwarder(
  recorder: Pick<Recorder, "record">,
  ownStage: string | null,
): (part: Forwarded) => void {
  const stages = new Set<string>();

  function isFollowed(stage: string): boolean {
    if (stages.size >= MAX_STAGES && !stages.has(stage)) return false;
    stages.add(stage);
    return true;
  }

  return (part) => {
    switch (part.type) {
      case "stage": {
        const stage = nameOf(part.stage);
        if (stage === "" || !isFollowed(stage)) return;
        const { status, label, weight, message } = part;
        recorder.record({
          type: "stage",
          stage,
          status,
          ...(label === undefined ? {} : { label: nameOf(label) }),
          ...(weight === undefined ? {} : { weight }),
          ...(message === undefined ? {} : { message: clip(message, MAX_MESSAGE_CHARS) }),
        });
        return;
      }
      case "progress": {
        const { completed, total, unit, fraction, message } = part;
        const stage = part.stage === undefined ? ownStage : nameOf(part.stage);
        if (stage !== null && stage !== ownStage && (stage === "" || !isFollowed(stage))) return;
        recorder.record({
          type: "progress",
          ...(stage === null ? {} : { stage }),
          ...(completed === undefined ? {} : { completed }),
          ...(total === undefined ? {} : { total }),
          ...(unit === undefined ? {} : { unit: nameOf(unit) }),
          ...(fraction === undefined ? {} : { fraction }),
          ...(message === undefined ? {} : { message: clip(message, MAX_MESSAGE_CHARS) }),
        });
        return;
      }
      case "result":
        recorder.record({ type: "result", value: part.value });
        return;
      case "custom": {
        const name = nameOf(part.name);
        if (name !== "") recorder.record({ type: "custom", name, value: part.value });
      }
    }
  };
}

/** A name on one line: line breaks and control characters in it are an upstream's fault, or its attack. */
const nameOf = (name: string): string => clip(name.replace(/\p{Cc}+/gu, " ").trim(), MAX_NAME_CHARS);
