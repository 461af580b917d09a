import type { ErrorCode } from "../errors.js";
import type { ProgressAmount, StageStatus, TextChannel, Usage } from "../events.js";

/** Why a model stopped, whatever its provider calls it. */
export type FinishReason = "stop" | "length" | "content_filter" | "tool_calls" | "cancelled" | "other";

/** What a decoder makes of a foreign stream: the events of a run, before a run has numbered and dated them. */
export type DialectPart =
  | {
      readonly type: "text";
      readonly delta: string;
      readonly channel?: TextChannel;
      readonly replace?: boolean;
    }
  | {
      readonly type: "stage";
      readonly stage: string;
      readonly status: StageStatus;
      readonly label?: string;
      readonly weight?: number;
      readonly message?: string;
    }
  | ({ readonly type: "progress"; readonly stage?: string } & ProgressAmount)
  | ({ readonly type: "usage" } & Usage)
  | { readonly type: "result"; readonly value: unknown }
  | { readonly type: "custom"; readonly name: string; readonly value: unknown }
  /** The model has stopped. Not yet the end of the stream: usage may follow. */
  | { readonly type: "finish"; readonly reason: FinishReason; readonly raw: string }
  /** The stream says that it failed. `detail` is the sender's own words: for a log, never for a viewer. */
  | {
      readonly type: "error";
      readonly code: ErrorCode;
      readonly retryable?: boolean;
      readonly retryAfterMs?: number;
      readonly detail: string;
    }
  /** The stream is complete: nothing that counts comes after it. */
  | { readonly type: "done" };

/** One message of the stream: an SSE message, or one line of NDJSON as `data`. */
export interface DialectMessage {
  readonly event?: string | undefined;
  readonly data: string;
}

/** Decodes one stream. Holds what must be remembered between messages; throws nothing. */
export interface DialectDecoder {
  /** The parts that one message holds, in order. What cannot be read is passed over. */
  decode(message: DialectMessage): readonly DialectPart[];
  /**
   * The stream has ended. `rest` is what stood in it outside of the framing: raw lines without a known field, in
   * which some servers hide an error. An event without its closing blank line is no rest: pass it to `decode`
   * before. Gives `done` if the stream was complete as it stands, an `error` otherwise (`upstream_truncated`
   * where it just broke off, `upstream_malformed` where nothing in it could be read), and nothing where one of
   * them was already given.
   */
  end(rest?: readonly string[]): readonly DialectPart[];
  /** The stream has been cut or left, and nothing comes of it any more: the text that was held back until now. */
  flush?(): readonly DialectPart[];
}

export type DialectName =
  | "openai-chat"
  | "openai-responses"
  | "anthropic"
  | "gemini"
  | "ollama"
  | "ai-sdk"
  | "ag-ui"
  | "cohere"
  | "langgraph"
  | "progress-json"
  | "text";

/** A foreign stream's language. */
export interface Dialect {
  readonly name: DialectName;
  /** How its messages are told apart in bytes that are not typed `text/event-stream`; `text`: each read is one. */
  readonly framing: "sse" | "ndjson" | "text";
  createDecoder(): DialectDecoder;
  /** The parts of a whole, unstreamed JSON answer of the same service; null where it is not one. */
  decodeJson?(body: unknown): readonly DialectPart[] | null;
}
