import { encodeFrame, encodeTextFrame, formatEventId, type LoggedEvent } from "@ai-progress-stream/protocol";
import type { Page } from "../store/run-store.js";

/** A page is encoded when the first viewer needs it; all who read the same one share the text. */
const encoded = new WeakMap<object, string | Buffer>();

/** Longer pages are kept as bytes: they go out in slices, and viewers that are slow to take them share them. */
export const SLICE_BYTES = 65_536;

/** A page of a run as frames; as bytes where it is longer than a slice. */
export function encodePage(run: string, page: Page): string | Buffer {
  const key = page.kind === "tail" ? page.events : page.state;
  const known = encoded.get(key);
  if (known !== undefined) return known;
  const text =
    page.kind === "tail"
      ? page.events.map((event, index) => encodeEvent(run, page.firstSeq + index, event)).join("")
      : encodeFrame(
          { type: "snapshot", at: page.state.updatedAt, state: page.state },
          formatEventId(run, page.state.seq),
        );
  const frames = text.length > SLICE_BYTES ? Buffer.from(text) : text;
  encoded.set(key, frames);
  return frames;
}

function encodeEvent(run: string, seq: number, event: LoggedEvent): string {
  const id = formatEventId(run, seq);
  if (event.type === "text" && event.channel === undefined && !event.replace) {
    return encodeTextFrame(event.delta, event.at, id);
  }
  return encodeFrame(event, id);
}
