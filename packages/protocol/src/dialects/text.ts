import {
  broken,
  createDecoder,
  type DialectReader,
  type Emit,
  emitCancelled,
  emitText,
  failure,
} from "./decoder.js";
import type { Dialect } from "./dialect.js";

const pieces = /^(message|token|text|chunk|delta|content|data|answer|)$/i;
const failures = /fail|error|exception|timeout/i;
const cancels = /cancel|abort/i;
const ends = /^(done|end|complete|completed|finish|finished|close|stop)$/i;

/**
 * Text as it is: a body of nothing else, or messages whose data is a piece of it, whatever it looks like. It is whole
 * where the answer ends in order. Never taken for a stream that does not say what it is: a word may be a ping.
 */
export const textDialect: Dialect = {
  name: "text",
  framing: "text",
  createDecoder: () => createDecoder(createReader),
  decodeJson: (body) => (typeof body === "string" ? [{ type: "text", delta: body }, { type: "done" }] : null),
};

function createReader(emit: Emit): DialectReader {
  let isEmpty = true;
  return {
    read(json, { event = "", data }) {
      if (failures.test(event)) emit(failure(json ?? data));
      if (cancels.test(event)) emitCancelled(emit, event);
      if (ends.test(event))
        emit(isEmpty ? broken("upstream_malformed", "it ended without a text") : { type: "done" });
      if (!pieces.test(event) || data === "") return false;
      isEmpty = false;
      emitText(emit, data);
      return true;
    },
    isComplete: () => !isEmpty,
  };
}
