import {
  type EndEvent,
  formatEventId,
  isRunId,
  parseEventId,
  parseMessage,
  type RunState,
  type SseMessage,
  type StageState,
} from "@ai-progress-stream/protocol";
import type { DialectDecoder, DialectPart } from "@ai-progress-stream/protocol/dialects";
import type { StreamDialect } from "./provider.js";

/** Our own protocol, read as a foreign one; it outlives a connection, so that a run can be resumed. */
export interface RunDialect extends StreamDialect {
  /** The run that is being read; null: none has shown itself. */
  readonly run: string | null;
  /** Id of the last event that was read; null: none was, or not all before it were, which a snapshot makes good. */
  readonly lastEventId: string | null;
  /** The run itself has ended, well or not: there is nothing to resume. */
  readonly hasEnded: boolean;
}

export function createRunDialect(): RunDialect {
  let run: string | null = null;
  let seq = 0;
  let hasEnded = false;
  let hasGap = false;

  function decode(message: SseMessage): readonly DialectPart[] {
    const parsed = parseMessage(message);
    const id = parseEventId(message.id ?? "");
    if (parsed.kind === "unknown") {
      // Of a later version: it has its place in the log all the same.
      if (id?.run === run && id?.seq === seq + 1) seq++;
      return [];
    }
    if (parsed.kind === "malformed") return [broken("upstream_malformed", parsed.reason)];
    const { event } = parsed;
    if (event.type === "open") {
      if (!isRunId(event.run)) return [broken("upstream_malformed", "the run's id is none")];
      if (event.run !== run) seq = 0;
      run = event.run;
      return [];
    }
    if (event.type === "snapshot") {
      hasGap = false;
      seq = event.state.seq;
      hasEnded = event.state.status !== "running";
      return partsOfState(event.state);
    }
    if (id) {
      if (id.seq <= seq) return [];
      // A gap: the connection is as good as broken, and is taken up again where it was whole.
      hasGap = id.seq > seq + 1;
      if (hasGap) return [broken("upstream_truncated", `event ${id.seq} came after ${seq}`)];
      seq = id.seq;
    }
    switch (event.type) {
      case "start":
        return (event.stages ?? []).map(({ id: stage, label, weight = 1 }) => ({
          type: "stage",
          stage,
          status: "pending",
          label,
          weight,
        }));
      case "end":
        hasEnded = true;
        return endOf(event);
      default: {
        const { at: _at, ...part } = event;
        return [part];
      }
    }
  }

  function createDecoder(): DialectDecoder {
    let isOver = false;
    const pass = (parts: readonly DialectPart[]): readonly DialectPart[] => {
      isOver ||= parts.some(({ type }) => type === "done" || type === "error");
      return parts;
    };
    return {
      decode: (message) => (isOver ? [] : pass(decode(message))),
      end: () => (isOver ? [] : pass([broken("upstream_truncated", "the stream ended before the run")])),
    };
  }

  return {
    name: "run",
    framing: "sse",
    // A snapshot is one event, however long the text of its run is. Its bound is that of the whole answer.
    maxLineChars: Infinity,
    createDecoder,
    get run() {
      return run;
    },
    get hasEnded() {
      return hasEnded;
    },
    get lastEventId() {
      return run === null || seq === 0 || hasGap ? null : formatEventId(run, seq);
    },
  };
}

function endOf(end: Pick<EndEvent, "status"> & Partial<EndEvent>): DialectPart[] {
  if (end.status === "succeeded") return [{ type: "done" }];
  if (end.status === "cancelled") return [broken("upstream_truncated", "the run was cancelled")];
  const { error } = end as Extract<EndEvent, { status: "failed" }>;
  const { code, message, retryable, retryAfterMs } = error;
  const detail = error.requestId === undefined ? message : `${message} (${error.requestId})`;
  return [
    { type: "error", code, detail, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  ];
}

/** A snapshot stands for all that came before it, so all of it is said anew. */
function partsOfState(state: RunState): DialectPart[] {
  return [
    ...state.stages.flatMap(partsOfStage),
    ...(state.progress === null ? [] : [{ type: "progress", fraction: state.progress } as const]),
    { type: "text", delta: state.text, replace: true },
    ...(state.reasoning === ""
      ? []
      : [{ type: "text", delta: state.reasoning, channel: "reasoning", replace: true } as const]),
    ...(state.usage === null ? [] : [{ type: "usage", ...state.usage } as const]),
    ...(state.result === null ? [] : [{ type: "result", value: state.result } as const]),
    ...endOfState(state),
  ];
}

function partsOfStage({ id: stage, startedAt, endedAt, label, weight, status, ...amount }: StageState) {
  return [
    { type: "stage", stage, status, label, weight } as const,
    { type: "progress", stage, ...amount } as const,
  ];
}

function endOfState({ status, error }: RunState): DialectPart[] {
  if (status === "running") return [];
  if (status === "failed" && error) return endOf({ status, error });
  return endOf({ status: status === "failed" ? "cancelled" : status });
}

const broken = (code: "upstream_truncated" | "upstream_malformed", detail: string): DialectPart => ({
  type: "error",
  code,
  detail,
});
