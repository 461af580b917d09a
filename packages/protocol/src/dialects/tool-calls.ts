import type { StageStatus } from "../events.js";
import type { Emit } from "./decoder.js";
import { isFields, stringOf } from "./fields.js";

/** What names a call inside its stream: an index or an id, as the dialect has it. */
export type ToolKey = string | number;

/** Keeps the tool calls of one answer: a stage for each while it lasts, a `custom` part when its arguments are whole. */
export interface ToolCalls {
  /** Opens a call; nothing where it is open already. Its id is the key where the provider gives none. */
  open(key: ToolKey, id: string, name: string): void;
  /** Appends a fragment of the arguments. */
  append(key: ToolKey, fragment: unknown): void;
  /** Sets the arguments, where they come whole: a string or an object. */
  set(key: ToolKey, whole: unknown): void;
  /** The id of an open call. */
  idOf(key: ToolKey): string | undefined;
  /** The arguments are whole; the tool may still be at work. */
  complete(key: ToolKey): void;
  /** The call is over. */
  close(key: ToolKey, status?: StageStatus): void;
  closeAll(): void;
}

interface ToolCall {
  readonly id: string;
  name: string;
  arguments: unknown;
  isComplete: boolean;
}

export function createToolCalls(emit: Emit): ToolCalls {
  const calls = new Map<ToolKey, ToolCall>();

  function complete(key: ToolKey): void {
    const call = calls.get(key);
    if (!call || call.isComplete) return;
    call.isComplete = true;
    emit({
      type: "custom",
      name: "tool-call",
      value: { id: call.id, name: call.name, arguments: call.arguments },
    });
  }

  function close(key: ToolKey, status: StageStatus = "done"): void {
    const call = calls.get(key);
    if (!call) return;
    if (status === "done") complete(key);
    calls.delete(key);
    emit({ type: "stage", stage: `tool:${call.id}`, status });
  }

  return {
    open(key, id, name) {
      const call = calls.get(key) ?? { id: id || String(key), name: "", arguments: "", isComplete: false };
      calls.set(key, call);
      if (call.name !== "" || name === "") return;
      call.name = name;
      emit({ type: "stage", stage: `tool:${call.id}`, status: "running", label: name, weight: 0 });
    },
    append(key, fragment) {
      const call = calls.get(key);
      if (call && typeof fragment === "string") call.arguments = stringOf(call.arguments) + fragment;
    },
    set(key, whole) {
      const call = calls.get(key);
      if (call && (typeof whole === "string" || isFields(whole))) call.arguments = whole;
    },
    idOf: (key) => calls.get(key)?.id,
    complete,
    close,
    closeAll() {
      for (const key of [...calls.keys()]) close(key);
    },
  };
}
