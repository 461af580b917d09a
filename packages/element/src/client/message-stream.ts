import { createParser } from "eventsource-parser";
import { dropped, unreadable } from "./failure.js";

/**
 * The messages of an event stream, reframed: each as one `data:` line that holds the whole message as JSON.
 * fetch-event-source then sees only whole events, finds no id to turn into a header, and has no empty line,
 * byte order mark or half of an event to lose. Its buffering is quadratic only in a frame that is spread over
 * chunks; here a chunk holds whole frames.
 */
export function reframe(
  body: ReadableStream<Uint8Array>,
  options: { readonly maxEventLength: number; readonly onBytes: () => void },
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let frames = "";
  let failure: Error | null = null;
  const parser = createParser({
    maxBufferSize: options.maxEventLength,
    onEvent: (message) => {
      frames += `data: ${JSON.stringify(message)}\n\n`;
    },
    onError: (error) => {
      if (error.type !== "max-buffer-size-exceeded") return;
      failure = unreadable("The server sent an event that is too long to be read.");
    },
  });
  return new ReadableStream({
    async pull(controller) {
      while (frames === "") {
        // What was whole before the fault has been handed on by now.
        if (failure !== null) throw failure;
        const { done, value } = await reader.read().catch((cause: unknown) => {
          throw dropped(cause);
        });
        if (done) {
          // An event without its closing blank line is not one (WHATWG HTML, 9.2.6).
          controller.close();
          return;
        }
        options.onBytes();
        parser.feed(decoder.decode(value, { stream: true }));
      }
      controller.enqueue(encoder.encode(frames));
      frames = "";
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
