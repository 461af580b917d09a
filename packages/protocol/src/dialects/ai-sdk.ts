import type { ProgressAmount, Usage } from "../events.js";
import { createDecoder, type DialectReader, type Emit, emitCancelled, failure } from "./decoder.js";
import type { Dialect } from "./dialect.js";
import { countOf, defined, type Fields, fieldsOf, firstString, isFields, stringOf } from "./fields.js";
import { finishReasonOf } from "./finish-reason.js";
import { createProse } from "./prose.js";
import { createToolCalls } from "./tool-calls.js";
import { createUsage } from "./usage.js";

const known =
  /^(start|finish|abort|error|message-metadata|(start|finish|reset)-step|custom|file|(text|reasoning|tool|source|data)-.+)$/;

const channels = ["text", "reasoning"] as const;
type Channel = (typeof channels)[number];

/** The UI message stream of Vercel's AI SDK, versions 5 to 7. */
export const aiSdkDialect: Dialect = {
  name: "ai-sdk",
  framing: "sse",
  createDecoder: () => createDecoder(createReader),
};

function createReader(emit: Emit): DialectReader {
  const tools = createToolCalls(emit);
  const updateUsage = createUsage(emit);
  let hasFinished = false;
  const prose = { text: createProse(emit), reasoning: createProse(emit, "reasoning") };
  const written = { text: "", reasoning: "" };
  /** What stood before the step that is running: version 7 may start a step anew. */
  let beforeStep = { ...written };
  /**
   * Whose next part is another message's, by a step or a tool before it. In one step, parts of the text may share a
   * sentence; those of the reasoning are paragraphs, mostly with a heading of their own.
   */
  const apart = new Set<Channel>();

  function readStart(channel: Channel): void {
    if (apart.delete(channel) || channel === "reasoning") prose[channel].begin();
  }

  function readDelta(channel: Channel, delta: unknown): void {
    written[channel] += prose[channel].write(delta);
  }

  function setApart(): void {
    for (const channel of channels) apart.add(channel);
  }

  function startStep(): void {
    beforeStep = { ...written };
    setApart();
  }

  function resetStep(): void {
    for (const channel of channels) {
      if (written[channel] !== beforeStep[channel]) prose[channel].replace(beforeStep[channel]);
    }
    Object.assign(written, beforeStep);
    setApart();
  }

  function readTool(type: string, part: Fields): void {
    setApart();
    const id = stringOf(part["toolCallId"]);
    if (type.startsWith("tool-input-")) tools.open(id, id, stringOf(part["toolName"]));
    switch (type) {
      case "tool-input-delta":
        tools.append(id, part["inputTextDelta"]);
        break;
      case "tool-input-available":
        tools.set(id, part["input"]);
        tools.complete(id);
        break;
      case "tool-input-error":
        // A tool that the provider runs can still give its output
        if (part["providerExecuted"] !== true) tools.close(id, "failed");
        break;
      case "tool-output-available":
        if (part["preliminary"] !== true) tools.close(id);
        break;
      case "tool-output-error":
      case "tool-output-denied":
        tools.close(id, "failed");
        break;
    }
  }

  /** The application's own parts; one called progress that counts is one of ours. */
  function readData(name: string, data: unknown): void {
    const fields = fieldsOf(data);
    const completed = countOf(fields["completed"] ?? fields["done"]);
    const total = countOf(fields["total"]);
    if (name === "progress" && completed !== undefined && total !== undefined) {
      const message = firstString(fields["message"], fields["label"]) || undefined;
      emit({ type: "progress", ...defined<ProgressAmount>({ completed, total, message }) });
    }
    emit({ type: "custom", name: name || "data", value: data ?? null });
  }

  /** Counts are no part of the protocol: some servers put them into the message's metadata. */
  function readMetadata(metadata: unknown): void {
    const usage = fieldsOf(metadata)["totalUsage"] ?? fieldsOf(metadata)["usage"];
    if (isFields(usage)) updateUsage(usageOf(usage));
  }

  return {
    read(json) {
      const part = fieldsOf(json);
      const type = stringOf(part["type"]);
      switch (type) {
        case "text-delta":
          readDelta("text", part["delta"]);
          return true;
        case "reasoning-delta":
          readDelta("reasoning", part["delta"]);
          return true;
        case "text-start":
          readStart("text");
          return true;
        case "reasoning-start":
          readStart("reasoning");
          return true;
        case "start-step":
          startStep();
          return true;
        case "reset-step":
          resetStep();
          return true;
        case "source-url":
        case "source-document":
        case "file": {
          const { type: _type, ...value } = part;
          emit({ type: "custom", name: type, value });
          return true;
        }
        case "error":
          emit(failure(part));
          return true;
        case "abort":
          emitCancelled(emit, stringOf(part["reason"]) || "abort");
          return true;
        case "finish": {
          readMetadata(part["messageMetadata"]);
          const raw = stringOf(part["finishReason"]);
          hasFinished = true;
          // Mostly an error part came before it; one that was swallowed is no success
          if (raw === "error") emit(failure("the model finished with an error"));
          else if (raw !== "") emit({ type: "finish", reason: finishReasonOf(raw), raw });
          return true;
        }
        default:
          readMetadata(part["messageMetadata"]);
          if (type.startsWith("tool-")) readTool(type, part);
          else if (type.startsWith("data-")) readData(type.slice("data-".length), part["data"]);
          return known.test(type);
      }
    },
    isComplete: () => hasFinished,
    close: tools.closeAll,
  };
}

function usageOf(usage: Fields): Usage {
  const input = fieldsOf(usage["inputTokenDetails"]);
  const output = fieldsOf(usage["outputTokenDetails"]);
  return defined<Usage>({
    inputTokens: countOf(usage["inputTokens"]),
    outputTokens: countOf(usage["outputTokens"]),
    cachedInputTokens: countOf(usage["cachedInputTokens"] ?? input["cacheReadTokens"]),
    reasoningTokens: countOf(usage["reasoningTokens"] ?? output["reasoningTokens"]),
  });
}
