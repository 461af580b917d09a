import {
  encodeFrame,
  formatEventId,
  initialState,
  type LoggedEvent,
  type RunState,
  reduce,
} from "@ai-progress-stream/protocol";

const AT = 1_763_600_000_000;

/** The log of one whole run: stages, text with characters of one to four bytes, usage, a result, its end. */
export const wholeLog: readonly LoggedEvent[] = [
  {
    type: "start",
    at: AT,
    stages: [
      { id: "read", label: "Reading", weight: 20 },
      { id: "write", label: "Writing", weight: 80 },
    ],
  },
  { type: "stage", at: AT + 1, stage: "read", status: "running" },
  { type: "progress", at: AT + 2, stage: "read", completed: 1, total: 2, unit: "pages" },
  { type: "stage", at: AT + 3, stage: "read", status: "done" },
  { type: "stage", at: AT + 4, stage: "write", status: "running" },
  { type: "text", at: AT + 5, delta: "Grüße, " },
  { type: "text", at: AT + 6, delta: "wörld \u{1F30D}" },
  { type: "text", at: AT + 7, delta: "\nline two\r\n" },
  { type: "text", at: AT + 8, delta: "…and done." },
  { type: "usage", at: AT + 9, inputTokens: 12, outputTokens: 34 },
  { type: "result", at: AT + 10, value: { pages: [1, 2], ok: true } },
  { type: "end", at: AT + 11, status: "succeeded" },
];

/** What the first events of a log leave. */
export const stateAfter = (run: string, events: readonly LoggedEvent[]): RunState =>
  events.reduce(reduce, initialState(run));

export const openFrame = (run: string, heartbeatMs = 15_000): string =>
  encodeFrame({ type: "open", protocol: 1, run, status: "running", heartbeatMs });

/** The events after `seq`, each with its id. */
export const tailFrames = (run: string, events: readonly LoggedEvent[], seq: number): string =>
  events
    .slice(seq)
    .map((event, index) => encodeFrame(event, formatEventId(run, seq + index + 1)))
    .join("");

export const snapshotFrame = (run: string, events: readonly LoggedEvent[]): string =>
  encodeFrame(
    { type: "snapshot", at: AT, state: stateAfter(run, events) },
    formatEventId(run, events.length),
  );
