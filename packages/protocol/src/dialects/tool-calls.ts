import type { Emit } from "./decoder.js";
import { stringOf } from "./fields.js";

/** A call that the model is writing. */
export interface ToolCall {
  id: string;
  name: string;
  /** The arguments as far as they have come, or the object where the provider sends them whole. */
  arguments: unknown;
}

/** Keeps the tool calls of one answer: a stage for each while it lasts, a `custom` part when it is whole. */
export interface ToolCalls {
  /** Opens the call of this key (an index or an id), or finds the one that is open. */
  open(key: string | number, id: string, name: string): ToolCall;
  /** Appends a fragment of the arguments, or sets them where they come as an object. */
  append(call: ToolCall, fragment: unknown): void;
  find(key: string | number): ToolCall | undefined;
  /** The call of this key is whole. */
  close(key: string | number): void;
  closeAll(): void;
}

export function createToolCalls(emit: Emit): ToolCalls {
  const calls = new Map<string | number, ToolCall & { isNamed: boolean }>();

  const close = (key: string | number): void => {
    const call = calls.get(key);
    if (!call) return;
    calls.delete(key);
    const { id, name } = call;
    emit({ type: "stage", stage: `tool:${id}`, status: "done" });
    emit({ type: "custom", name: "tool-call", value: { id, name, arguments: call.arguments } });
  };

  return {
    open(key, id, name) {
      let call = calls.get(key);
      if (!call) {
        call = { id: id || String(key), name: "", arguments: "", isNamed: false };
        calls.set(key, call);
      }
      if (name && !call.isNamed) {
        call.name = name;
        call.isNamed = true;
        emit({ type: "stage", stage: `tool:${call.id}`, status: "running", label: name, weight: 0 });
      }
      return call;
    },
    append(call, fragment) {
      if (typeof fragment === "string") call.arguments = stringOf(call.arguments) + fragment;
      else if (typeof fragment === "object" && fragment !== null) call.arguments = fragment;
    },
    find: (key) => calls.get(key),
    close,
    closeAll() {
      for (const key of [...calls.keys()]) close(key);
    },
  };
}
