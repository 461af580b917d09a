/// <reference types="@ai-progress-stream/element/types/vue" />
import { type AiProgress, useAiProgress } from "@ai-progress-stream/element/vue";
import { type GlobalComponents, ref } from "vue";

/* Compiled, never run: what the checker of a Vue template lets through, and what it does not. */

type Props = InstanceType<GlobalComponents["ai-progress-stream"]>["$props"];
type Emit = InstanceType<GlobalComponents["ai-progress-stream"]>["$emit"];

export const props: Props = {
  action: "/api/chat",
  dialect: "ollama",
  stages: [{ id: "a", label: "A" }],
  "run-id": "abc",
  class: "wide",
};
// @ts-expect-error: there is no such dialect
export const wrongDialect: Props = { dialect: "gemnii" };
// @ts-expect-error: a stage needs a label
export const wrongStage: Props = { stages: [{ id: "a" }] };

export function listens(emit: Emit): void {
  emit("ai-done", new CustomEvent("ai-done", { detail: { text: "", result: 1, usage: null, elapsed: 0 } }));
  // @ts-expect-error: there is no such event
  emit("ai-finished", new CustomEvent("ai-finished"));
}

export function setup(): string {
  const action = ref("/api/chat");
  const run: AiProgress = useAiProgress(() => ({ action: action.value }));
  void run.start({ prompt: "Hello" });
  return run.state.value.text;
}
