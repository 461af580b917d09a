import type { StageStatus, TextChannel } from "../events.js";
import {
  broken,
  createDecoder,
  type DialectReader,
  decodeWhole,
  type Emit,
  emitCancelled,
  failure,
} from "./decoder.js";
import type { Dialect } from "./dialect.js";
import {
  entryOf,
  type Fields,
  fieldsOf,
  firstString,
  isFields,
  itemsOf,
  numberOf,
  stringOf,
} from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createProse } from "./prose.js";
import { createToolCalls, type ToolKey } from "./tool-calls.js";
import { createUsage, readOpenaiUsage } from "./usage.js";

/** The last word of `response.web_search_call.searching` and its like, where it ends the phase. */
const phaseEnds: Readonly<Record<string, StageStatus>> = { completed: "done", failed: "failed" };

/** OpenAI's Responses, also as OpenRouter, xAI, DeepSeek, LM Studio, Azure and Bedrock's mantle speak it. */
export const openaiResponsesDialect: Dialect = {
  name: "openai-responses",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
  decodeJson: (body) => decodeWhole(createReader, body),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  const prose = { answer: createProse(emit), reasoning: createProse(emit, "reasoning") };
  const phases = new Map<string, StageStatus>();
  /** The channels that have text, and the items that have been told of, by each of their names. */
  const written = new Set<TextChannel>();
  /** Messages that came whole, with no delta until then: for an end that does not hold the answer. */
  const unstreamed: Fields[] = [];
  const told = new Set<unknown>();
  let hasCalledTool = false;

  function readText(delta: unknown, channel: TextChannel = "answer"): void {
    if (typeof delta !== "string" || delta === "") return;
    written.add(channel);
    prose[channel].write(delta);
  }

  function readPhase(name: string, id: string, status: StageStatus, message?: string): void {
    const stage = id === "" ? name : `${name}:${id}`;
    const before = phases.get(stage);
    if (before === status && message === undefined) return;
    phases.set(stage, status);
    const label = before === undefined ? { label: name, weight: 0 } : {};
    emit({ type: "stage", stage, status, ...label, ...(message === undefined ? {} : { message }) });
  }

  /** An item of the answer begins or, whole, ends: a tool of the caller's, or one that the provider runs. */
  function readItem(item: Fields, key: ToolKey, isWhole: boolean): void {
    const type = stringOf(item["type"]);
    for (const name of namesOf(item, key)) told.add(name);
    if (type === "message" && isWhole && !written.has("answer")) unstreamed.push(item);
    if (type === "message") prose.answer.begin();
    else if (type === "reasoning") prose.reasoning.begin();
    else if (type === "function_call" || type === "custom_tool_call" || type === "mcp_call") {
      hasCalledTool ||= type !== "mcp_call";
      tools.open(key, idOf(item), stringOf(item["name"]));
      if (isWhole) tools.set(key, item["arguments"] ?? item["input"]);
      if (isWhole) tools.close(key, item["error"] ? "failed" : "done");
    } else if (type.endsWith("_call") || type === "mcp_list_tools") {
      const status = entryOf(phaseEnds, item["status"]) ?? (isWhole ? "done" : "running");
      readPhase(type.replace(/_call$/, ""), stringOf(item["id"]), status);
    }
  }

  /** `response.<tool>_call.<word>`, and `response.mcp_list_tools.<word>` */
  function readPhaseEvent(type: string, id: string): void {
    const [, tool = "", word = ""] = type.split(".");
    if (tool === "mcp_call" || !(tool.endsWith("_call") || tool === "mcp_list_tools")) return;
    const status = entryOf(phaseEnds, word) ?? "running";
    const message = status === "running" && word !== "in_progress" ? word.replaceAll("_", " ") : undefined;
    readPhase(tool.replace(/_call$/, ""), id, status, message);
  }

  /** The answer as a whole, at its end: what was not streamed, by a server that sends few deltas or none. */
  function readOutput(output: readonly unknown[]): void {
    const hadText = written.has("answer");
    const hadReasoning = written.has("reasoning");
    output.forEach((value, index) => {
      const item = fieldsOf(value);
      const { type, content, summary } = item;
      if (type === "message") {
        if (hadText) return;
        for (const value of itemsOf(content)) {
          const part = fieldsOf(value);
          prose.answer.begin();
          readText(part["text"] ?? part["refusal"]);
        }
      } else if (type === "reasoning") {
        if (hadReasoning) return;
        for (const part of [...itemsOf(summary), ...itemsOf(content)]) {
          prose.reasoning.begin();
          readText(fieldsOf(part)["text"], "reasoning");
        }
      } else if (!namesOf(item, index).some((name) => told.has(name)) || isOpen(item, index)) {
        readItem(item, index, true);
      }
    });
  }

  /** Begun and not ended: an item that is told of, and still lacks what was to be streamed. */
  const isOpen = (item: Fields, index: number): boolean => tools.idOf(index) === idOf(item);

  function readEnd(response: Fields, status: string): void {
    const output = itemsOf(response["output"]);
    readOutput(output.length > 0 ? output : unstreamed);
    tools.closeAll();
    if (isFields(response["usage"])) updateUsage(readOpenaiUsage(response["usage"]));
    if (status === "failed" || response["error"]) {
      emit(failure({ response }));
    } else if (status === "cancelled") {
      emitCancelled(emit, status);
    } else if (status === "incomplete") {
      const raw = firstString(fieldsOf(response["incomplete_details"])["reason"], status);
      const reason = finishReasonOf(raw);
      emit({ type: "finish", reason, raw });
      if (reason === "other") emit(broken("upstream_truncated", `the answer is incomplete: ${raw}`));
    } else if (status === "queued" || status === "in_progress") {
      // A body of an answer in the background, which is yet to be written
      emit(broken("upstream_truncated", `the answer is ${status}`));
    } else {
      emit({ type: "finish", reason: hasCalledTool ? "tool_calls" : "stop", raw: status });
    }
    emit({ type: "done" });
  }

  return {
    read(json) {
      const event = fieldsOf(json);
      if (event["object"] === "response") {
        readEnd(event, firstString(event["status"], "completed"));
        return true;
      }
      // The `event:` line says the same, where it is sent at all: OpenRouter leaves it out
      const type = stringOf(event["type"]);
      const key = numberOf(event["output_index"]) ?? stringOf(event["item_id"]);
      switch (type) {
        case "response.output_text.delta":
        case "response.refusal.delta":
          readText(event["delta"]);
          return true;
        case "response.reasoning_text.delta":
        case "response.reasoning_summary_text.delta":
          readText(event["delta"], "reasoning");
          return true;
        case "response.content_part.added":
        case "response.reasoning_summary_part.added":
          prose[isThought(type, fieldsOf(event["part"])) ? "reasoning" : "answer"].begin();
          return true;
        case "response.function_call_arguments.delta":
        case "response.custom_tool_call_input.delta":
        case "response.mcp_call_arguments.delta":
          tools.append(key, event["delta"]);
          return true;
        case "response.output_item.added":
          readItem(fieldsOf(event["item"]), key, false);
          return true;
        case "response.output_item.done":
          readItem(fieldsOf(event["item"]), key, true);
          return true;
        case "response.queued":
          readPhase("queued", "", "running");
          return true;
        case "response.in_progress":
          if (phases.has("queued")) readPhase("queued", "", "done");
          return true;
        case "response.completed":
        case "response.incomplete":
        case "response.failed":
        case "response.cancelled":
          readEnd(fieldsOf(event["response"]), type.slice("response.".length));
          return true;
        case "error":
          emit(failure(event));
          return true;
        default:
          if (event["error"]) emit(failure(event));
          else readPhaseEvent(type, stringOf(event["item_id"]));
          return type.startsWith("response.") || Boolean(event["error"]);
      }
    },
    isComplete: () => false,
  };
}

const isThought = (type: string, part: Fields): boolean =>
  type.includes("reasoning") || stringOf(part["type"]).includes("reasoning");

const idOf = (item: Fields): string => firstString(item["call_id"], item["id"]);

/** Some servers give an item another id in each event, and some leave out one that is of no use to them. */
const namesOf = (item: Fields, key: ToolKey): unknown[] =>
  [key, item["id"], item["call_id"]].filter((name) => name !== undefined && name !== null && name !== "");
