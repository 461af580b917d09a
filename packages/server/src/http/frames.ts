import { encodeFrame, encodeTextFrame, formatEventId, type LoggedEvent } from "@ai-progress-stream/protocol";
import type { Page } from "../store/run-store.js";

/**
 * A page of a run as frames. Encoded when the first viewer needs it, and shared by all that are given the same page.
 * As bytes: a socket takes them as they are, where a string costs an allocation of three times its length a write.
 */
export function encodePage(run: string, page: Page): Buffer {
  page.frames ??= Buffer.from(
    page.kind === "tail" ? encodeTail(run, page) : encodeSnapshot(run, page),
    "utf8",
  );
  return page.frames;
}

function encodeTail(run: string, { firstSeq, events }: Extract<Page, { kind: "tail" }>): string {
  let text = "";
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    if (event) text += encodeEvent(event, formatEventId(run, firstSeq + index));
  }
  return text;
}

const encodeSnapshot = (run: string, { state }: Extract<Page, { kind: "snapshot" }>): string =>
  encodeFrame({ type: "snapshot", at: state.updatedAt, state }, formatEventId(run, state.seq));

function encodeEvent(event: LoggedEvent, id: string): string {
  if (event.type === "text" && event.channel === undefined && !event.replace) {
    return encodeTextFrame(event.delta, event.at, id);
  }
  return encodeFrame(event, id);
}
