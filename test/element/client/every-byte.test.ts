import { createSession, type SessionStatus } from "@ai-progress-stream/element/client";
import { expect } from "chai";
import { openFrame, stateAfter, tailFrames, wholeLog } from "../backend/log.js";
import { leaveScenes } from "./support.js";

const run = "0123456789abcdefghijkl";
const bytesAfter = (seq: number): Uint8Array =>
  new TextEncoder().encode(openFrame(run) + tailFrames(run, wholeLog, seq));
const whole = bytesAfter(0);

/** Chunks, each handed over once the one before it was read, and then a clean or a broken end. */
function bodyOf(chunks: readonly Uint8Array[], end: "closed" | "broken"): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk) controller.enqueue(chunk);
      else if (end === "closed") controller.close();
      else controller.error(new TypeError("network error"));
    },
  });
}

/** A run whose first connection carries `chunks`; each later one serves what its cursor asks for. */
async function follow(
  chunks: readonly Uint8Array[],
  end: "closed" | "broken",
): Promise<{ status: SessionStatus; cursors: (string | null)[] }> {
  const cursors: (string | null)[] = [];
  const session = createSession({
    action: "/api/nowhere",
    backoff: { baseMs: 0, capMs: 0 },
    fetch: async (_url, init) => {
      const cursor = new Headers(init?.headers).get("last-event-id");
      cursors.push(cursor);
      const served = cursors.length === 1 ? chunks : [bytesAfter(Number(cursor?.split(".")[1] ?? 0))];
      return new Response(bodyOf(served, cursors.length === 1 ? end : "closed"), {
        headers: { "content-type": "text/event-stream", "content-location": `/api/nowhere/${run}` },
      });
    },
  });
  return { status: await session.start(), cursors };
}

afterEach(leaveScenes);

describe("the state that is reduced", () => {
  const expected = stateAfter(run, wholeLog);
  for (const end of ["broken", "closed"] as const) {
    it(`is that of the log, at whichever byte the first connection is ${end}`, async () => {
      const results = await Promise.all(
        Array.from(whole, (_byte, length) => follow([whole.subarray(0, length)], end)),
      );
      for (const [length, { status, cursors }] of results.entries()) {
        expect(status.error, `cut after ${length} bytes`).to.equal(null);
        expect(status.state, `cut after ${length} bytes`).to.deep.equal(expected);
        // What was whole before the cut is not asked for again. (The log's end needs no second request.)
        const handled = new TextDecoder().decode(whole.subarray(0, length)).split("\n\n").length - 2;
        const cursor = handled > 0 ? `${run}.${handled}` : null;
        expect(cursors, `cut after ${length} bytes`).to.deep.equal([null, cursor]);
      }
    });
  }

  it("is that of the log, at whichever byte its chunks are parted", async () => {
    const results = await Promise.all(
      Array.from(whole, (_byte, length) =>
        follow([whole.subarray(0, length), whole.subarray(length)], "closed"),
      ),
    );
    for (const { status, cursors } of results) {
      expect(status.state).to.deep.equal(expected);
      expect(cursors).to.deep.equal([null]);
    }
  });

  it("is that of the log where each byte comes alone", async () => {
    const { status } = await follow(
      Array.from(whole, (byte) => Uint8Array.of(byte)),
      "closed",
    );
    expect(status.state).to.deep.equal(expected);
  });
});
