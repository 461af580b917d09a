import type { Usage } from "../events.js";
import { createDecoder, type DialectReader, type Emit, failure } from "./decoder.js";
import type { Dialect, FinishReason } from "./dialect.js";
import { countOf, defined, type Fields, fieldsOf, firstString, itemsOf, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createMessages } from "./messages.js";
import { createProse } from "./prose.js";
import { createToolCalls, type ToolKey } from "./tool-calls.js";
import { createUsage } from "./usage.js";

const known = /^(RUN|STEP|TEXT|TOOL|STATE|MESSAGES|ACTIVITY|REASONING|THINKING|RAW|CUSTOM)(_[A-Z_]+)?$/;
/** These say nothing on whether the run goes on. */
const aside = /^(STATE|MESSAGES|ACTIVITY|RAW|CUSTOM)/;

/**
 * AG-UI, the protocol of agents. RUN_FINISHED is not the end: some servers send one per model turn. The stream
 * is complete if it ends after one, with nothing begun since.
 */
export const agUiDialect: Dialect = {
  name: "ag-ui",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  const answer = createMessages(emit);
  const reasoning = createProse(emit, "reasoning");
  /** Messages that are not the assistant's: some servers repeat the user's own. */
  const others = new Set<string>();
  /** All messages so far, which repeats the text: read where none was streamed. */
  let snapshot: readonly unknown[] = [];
  let hasText = false;
  /** The message that is being written; null between two of them. */
  let current: string | null = null;
  let hasFinished = false;
  let finish: { reason: FinishReason; raw: string } | null = null;
  let total: Usage = {};
  let lastTool: ToolKey = "";
  let lastThought = "";

  function readMessage(event: Fields): void {
    const { role } = event;
    // A chunk without an id goes on with the last message
    const id = firstString(event["messageId"], current);
    if (role === "assistant") others.delete(id);
    else if (typeof role === "string") others.add(id);
    current = id;
    if (!others.has(id)) readText(id, event["delta"]);
  }

  function readText(id: string, value: unknown): void {
    const delta = stringOf(value);
    hasText ||= delta !== "";
    answer.append(id, delta);
  }

  function readSnapshot(): void {
    const { role, content } = fieldsOf(snapshot.at(-1));
    if (!hasText && role === "assistant") readText("", content);
  }

  function flush(): void {
    readSnapshot();
    answer.flush();
  }

  /** A chunk without an id goes on with the last thought. */
  function readThought(event: Fields): void {
    const id = firstString(event["messageId"], lastThought);
    if (id !== lastThought) reasoning.begin();
    lastThought = id;
    reasoning.write(event["delta"]);
  }

  function readTool(type: string, event: Fields): void {
    const id = stringOf(event["toolCallId"]);
    // A chunk without an id goes on with the last call
    if (id !== "") lastTool = id;
    if (type === "TOOL_CALL_START" || (type === "TOOL_CALL_CHUNK" && id !== "")) {
      tools.open(id, id, stringOf(event["toolCallName"]));
    }
    if (type === "TOOL_CALL_ARGS" || type === "TOOL_CALL_CHUNK") tools.append(lastTool, event["delta"]);
    else if (type === "TOOL_CALL_END") tools.complete(id);
    else if (type === "TOOL_CALL_RESULT") tools.close(id);
  }

  function readStep(status: "running" | "done", name: string): void {
    const label = status === "running" ? { label: name, weight: 0 } : {};
    if (name !== "") emit({ type: "stage", stage: `step:${name}`, status, ...label });
  }

  function readFinished(event: Fields): void {
    const { outcome, result, metadata } = event;
    for (const item of itemsOf(event["usage"])) total = sum(total, fieldsOf(item));
    updateUsage(total);
    if (result !== undefined && result !== null) emit({ type: "result", value: result });
    const isInterrupted = outcome === "interrupt" || fieldsOf(outcome)["type"] === "interrupt";
    if (isInterrupted) emit({ type: "custom", name: "interrupt", value: outcome });
    // TanStack AI tells the model's reason in its own metadata
    const raw = firstString(
      fieldsOf(fieldsOf(metadata)["tanstack"])["finishReason"],
      isInterrupted && "interrupt",
      "stop",
    );
    finish = { reason: finishReasonOf(raw), raw };
  }

  return {
    read(json) {
      const event = fieldsOf(json);
      const type = stringOf(event["type"]);
      if (!known.test(type)) return false;
      if (!aside.test(type)) hasFinished = type === "RUN_FINISHED";
      switch (type) {
        case "TEXT_MESSAGE_START":
        case "TEXT_MESSAGE_CONTENT":
        case "TEXT_MESSAGE_CHUNK":
          readMessage(event);
          break;
        case "TEXT_MESSAGE_END":
          answer.end(firstString(event["messageId"], current));
          current = null;
          break;
        case "REASONING_MESSAGE_START":
        case "THINKING_TEXT_MESSAGE_START":
          reasoning.begin();
          break;
        case "REASONING_MESSAGE_CONTENT":
        case "REASONING_MESSAGE_CHUNK":
        case "THINKING_TEXT_MESSAGE_CONTENT":
          readThought(event);
          break;
        case "STEP_STARTED":
          readStep("running", stringOf(event["stepName"]));
          break;
        case "STEP_FINISHED":
          readStep("done", stringOf(event["stepName"]));
          break;
        case "STATE_SNAPSHOT":
          emit({ type: "custom", name: "state-snapshot", value: event["snapshot"] ?? null });
          break;
        case "STATE_DELTA":
          emit({ type: "custom", name: "state-delta", value: event["delta"] ?? null });
          break;
        case "MESSAGES_SNAPSHOT":
          snapshot = itemsOf(event["messages"]);
          break;
        case "CUSTOM":
          emit({ type: "custom", name: firstString(event["name"], "custom"), value: event["value"] ?? null });
          break;
        case "RUN_ERROR":
          emit(failure({ message: event["message"], code: event["code"] }));
          break;
        case "RUN_FINISHED":
          readFinished(event);
          break;
        default:
          if (type.startsWith("TOOL_CALL_")) readTool(type, event);
      }
      return true;
    },
    isComplete: () => hasFinished,
    flush,
    close() {
      flush();
      tools.closeAll();
      if (finish) emit({ type: "finish", ...finish });
    },
  };
}

/** Each turn counts anew. */
function sum(total: Usage, turn: Fields): Usage {
  const add = (before: number | undefined, value: unknown) => {
    const count = countOf(value);
    return count === undefined ? before : (before ?? 0) + count;
  };
  return defined<Usage>({
    inputTokens: add(total.inputTokens, turn["inputTokens"]),
    outputTokens: add(total.outputTokens, turn["outputTokens"]),
    cachedInputTokens: add(total.cachedInputTokens, turn["cachedInputTokens"]),
    reasoningTokens: add(total.reasoningTokens, turn["reasoningTokens"]),
  });
}
