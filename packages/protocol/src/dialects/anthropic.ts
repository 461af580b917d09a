import type { Usage } from "../events.js";
import { createDecoder, type DialectReader, decodeWhole, type Emit, emitText, failure } from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { countOf, defined, type Fields, fieldsOf, isFields, itemsOf, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createProse, missingBreaks } from "./prose.js";
import { createToolCalls } from "./tool-calls.js";
import { createUsage } from "./usage.js";

/** Anthropic's Messages. */
export const anthropicDialect: Dialect = {
  name: "anthropic",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
  decodeJson: (body) => decodeWhole(createReader, body),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  /** The tool call that a block writes, by the block's index, and whether the provider runs it. */
  const blocks = new Map<unknown, { readonly id: string; readonly isHosted: boolean }>();

  const reasoning = createProse(emit, "reasoning");
  /** The last two characters of the text. */
  let tail = "";
  /** The line breaks that were written before a text began. */
  let gap = "";
  /** Whether a tool or a thought stands before the next text; texts that follow one another share a sentence. */
  let isApart = false;

  /** A text may bring line breaks along that are there already. */
  function readText(text: unknown): void {
    const written = stringOf(text);
    if (written === "") return;
    const brought = /^\n{0,2}/.exec(written)?.[0].length ?? 0;
    emitText(emit, written.slice(Math.min(brought, gap.length)));
    tail = (tail + written).slice(-2);
    gap = "";
  }

  function readBlock(index: unknown, block: Fields): void {
    const type = stringOf(block["type"]);
    // With the block, not with its first delta: a relay may pass that by without decoding it
    if (type === "text" && isApart) {
      gap = missingBreaks(tail, "");
      emitText(emit, gap);
    }
    isApart = type !== "text";
    readText(block["text"]);
    if (type === "thinking") reasoning.begin();
    reasoning.write(block["thinking"]);
    if (type.endsWith("tool_use")) {
      const id = stringOf(block["id"]);
      blocks.set(index, { id, isHosted: type !== "tool_use" });
      tools.open(id, id, stringOf(block["name"]));
      // Empty where the arguments are streamed
      if (Object.keys(fieldsOf(block["input"])).length > 0) tools.set(id, block["input"]);
    } else if (type.endsWith("tool_result")) {
      tools.close(stringOf(block["tool_use_id"]), block["is_error"] ? "failed" : "done");
    }
  }

  /** A tool of the caller's ends with its block; one that the provider runs, when its result stands. */
  function closeBlock(index: unknown): void {
    const block = blocks.get(index);
    if (!block) return;
    blocks.delete(index);
    if (block.isHosted) tools.complete(block.id);
    else tools.close(block.id);
  }

  function readDelta(index: unknown, delta: Fields): void {
    readText(delta["text"]);
    reasoning.write(delta["thinking"]);
    const block = blocks.get(index);
    if (block) tools.append(block.id, delta["partial_json"]);
  }

  function readStop(message: Fields): void {
    const raw = stringOf(message["stop_reason"]);
    if (raw !== "") emit({ type: "finish", reason: finishReasonOf(raw), raw });
  }

  function readWhole(message: Fields): void {
    itemsOf(message["content"]).forEach((block, index) => {
      readBlock(index, fieldsOf(block));
      closeBlock(index);
    });
    updateUsage(usageOf(message["usage"]));
    readStop(message);
  }

  return {
    read(json) {
      const event = fieldsOf(json);
      const { type, index } = event;
      switch (type) {
        case "message_start":
          updateUsage(usageOf(fieldsOf(event["message"])["usage"]));
          return true;
        case "content_block_start":
          readBlock(index, fieldsOf(event["content_block"]));
          return true;
        case "content_block_delta":
          readDelta(index, fieldsOf(event["delta"]));
          return true;
        case "content_block_stop":
          closeBlock(index);
          return true;
        case "message_delta":
          updateUsage(usageOf(event["usage"]));
          readStop(fieldsOf(event["delta"]));
          return true;
        case "message_stop":
          tools.closeAll();
          emit({ type: "done" });
          return true;
        case "message":
          readWhole(event);
          return true;
        default:
          if (event["error"]) emit(failure(event));
          return type === "ping" || Boolean(event["error"]);
      }
    },
    isComplete: () => false,
    close: tools.closeAll,
  };
}

/** Cumulative. Its input_tokens leave out what a cache took: the whole prompt is the sum of the three. */
function usageOf(value: unknown): Usage {
  if (!isFields(value)) return {};
  const input = countOf(value["input_tokens"]);
  const cached = countOf(value["cache_read_input_tokens"]);
  const stored = countOf(value["cache_creation_input_tokens"]) ?? 0;
  return defined<Usage>({
    inputTokens: input === undefined ? undefined : input + (cached ?? 0) + stored,
    outputTokens: countOf(value["output_tokens"]),
    cachedInputTokens: cached,
  });
}
