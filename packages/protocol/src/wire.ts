import type { RunEvent } from "./events.js";
import { isEventName, type ParsedEvent, parseRunEvent, withoutNulls } from "./parse.js";

/** Where a viewer stands: the run, and the number of the last event it has handled. */
export interface EventId {
  readonly run: string;
  readonly seq: number;
}

/** Run ids: 22 to 64 characters of base64url, so 128 bits or more where they were drawn at random. */
const RUN_ID = /^[A-Za-z0-9_-]{22,64}$/;
const EVENT_ID = /^([A-Za-z0-9_-]{22,64})\.(0|[1-9][0-9]{0,15})$/;

/** Whether a value has the form of a run id. */
export const isRunId = (value: unknown): value is string => typeof value === "string" && RUN_ID.test(value);

/** `<run>.<seq>`: what stands in `id:` and comes back as Last-Event-ID. */
export const formatEventId = (run: string, seq: number): string => `${run}.${seq}`;

/** Reads an event id; null where it is none of ours. */
export function parseEventId(value: string): EventId | null {
  const match = EVENT_ID.exec(value);
  if (!match?.[1] || !match[2]) return null;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { run: match[1], seq } : null;
}

/** A comment: keeps a connection alive and tells the viewer that the server lives. It is no event. */
export const HEARTBEAT_FRAME = ": hb\n\n";

/**
 * One event as a frame of Server-Sent Events (WHATWG HTML, 9.2): LF only, its JSON on one `data:` line.
 * JSON escapes every line break, so no value can break out of its line.
 */
export function encodeFrame(event: RunEvent, id?: string): string {
  const { type, ...fields } = event;
  return frame(type, JSON.stringify(fields), id);
}

/** The same for the answer's text, by template: the one event that comes by the thousand. */
export function encodeTextFrame(delta: string, at: number, id: string): string {
  return `id: ${id}\nevent: text\ndata: {"at":${at},"delta":${JSON.stringify(delta)}}\n\n`;
}

const frame = (name: string, data: string, id: string | undefined): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;

/** A message as any parser of Server-Sent Events hands it over. */
export interface SseMessage {
  readonly event?: string | undefined;
  readonly data: string;
  readonly id?: string | undefined;
}

/**
 * Reads one message of a run's stream; one of a name that is not known whatever its data is. An optional field that is null
 * counts as absent. Never throws.
 */
export function parseMessage(message: SseMessage): ParsedEvent {
  const name = message.event || "message";
  if (!isEventName(name)) return { kind: "unknown", name };
  let fields: unknown;
  try {
    fields = JSON.parse(message.data);
  } catch {
    return { kind: "malformed", reason: `The data of the event "${name}" is not JSON.` };
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    return { kind: "malformed", reason: `The data of the event "${name}" is not a JSON object.` };
  }
  const parsed = parseRunEvent({ ...fields, type: name });
  if (parsed.kind === "event" || !message.data.includes("null")) return parsed;
  return parseRunEvent({ ...withoutNulls(fields), type: name });
}
