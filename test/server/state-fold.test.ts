import { initialState, type LoggedEvent, reduce } from "@ai-progress-stream/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StateFold } from "../../packages/server/src/store/state-fold.js";
import { runLog, runningEvent } from "../support/arbitraries.js";

describe("the state of a run that is only put together when it is read", () => {
  test("is what reducing gives, wherever it is looked at", () => {
    fc.assert(
      fc.property(
        runLog,
        fc.array(runningEvent, { maxLength: 2 }),
        fc.array(fc.boolean()),
        (log, late, looks) => {
          const events = [...log, ...late];
          const fold = new StateFold(initialState("r"));
          let state = initialState("r");
          for (const [index, event] of events.entries()) {
            fold.push(event);
            state = reduce(state, event);
            const { seq, status, stages, text, reasoning } = state;
            expect(fold).toMatchObject({ seq, status, stages, textChars: text.length + reasoning.length });
            if (looks[index]) expect(fold.state).toEqual(state);
          }
          expect(fold.state).toEqual(state);
        },
      ),
    );
  });

  test("has every piece of a long text, and the time of the last", () => {
    const pieces = Array.from(
      { length: 5_000 },
      (_, n): LoggedEvent => ({ type: "text", at: n, delta: `${n},` }),
    );
    const fold = new StateFold(initialState("r"));
    for (const piece of pieces) fold.push(piece);
    expect(fold.state).toEqual(pieces.reduce(reduce, initialState("r")));
  });
});
