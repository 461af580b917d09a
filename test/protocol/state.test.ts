import {
  encodeFrame,
  encodeTextFrame,
  formatEventId,
  initialState,
  isRunState,
  type LoggedEvent,
  overallProgress,
  parseMessage,
  parseRunEvent,
  type RunState,
  reduce,
} from "@ai-progress-stream/protocol";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutAnywhere, endEvent, foreignJson, runLog, runningEvent, text } from "../support/arbitraries.js";

const run = "0123456789abcdefghijkl";
const reduceAll = (events: readonly LoggedEvent[], from: RunState = initialState(run)) =>
  events.reduce(reduce, from);

/** The state after each of the events. */
function states(events: readonly LoggedEvent[]): RunState[] {
  let state = initialState(run);
  return events.map((event) => {
    state = reduce(state, event);
    return state;
  });
}

describe("reducing", () => {
  test("in any portions equals reducing the whole", () => {
    const log = runLog.chain((events) => fc.tuple(fc.constant(events), cutAnywhere(events)));
    fc.assert(
      fc.property(log, ([events, portions]) => {
        const piecewise = portions.reduce((state, portion) => reduceAll(portion, state), initialState(run));
        expect(piecewise).toEqual(reduceAll(events));
      }),
    );
  });

  test("from a snapshot in the middle, as JSON carries it, changes nothing", () => {
    fc.assert(
      fc.property(runLog, fc.nat(30), (events, where) => {
        const head = reduceAll(events.slice(0, where));
        const state: RunState = JSON.parse(JSON.stringify(head));
        const resumed = reduceAll(
          events.slice(where),
          reduce(initialState("other"), { type: "snapshot", at: 0, state }),
        );
        expect(JSON.stringify(resumed)).toBe(JSON.stringify(reduceAll(events)));
      }),
    );
  });

  test("takes of each event the fields that are its own, and no other", () => {
    const foreign = {
      ...{ id: "other", label: "Other", weight: 7, status: "done", startedAt: 1, endedAt: 2, stage: "other" },
      ...{
        message: "!",
        completed: 1,
        fraction: 1,
        inputTokens: 1,
        delta: "x",
        value: 1,
        name: "x",
        stages: [],
      },
      ...{
        run: "other",
        seq: 99,
        progress: 1,
        text: "x",
        reasoning: "x",
        usage: {},
        result: 1,
        error: {},
        reason: "user",
      },
    };
    fc.assert(
      fc.property(runLog, (events) => {
        const more = events.map((event) => {
          const others = Object.entries(foreign).filter(([name]) => !ownFields[event.type].includes(name));
          return { ...Object.fromEntries(others), ...event } as LoggedEvent;
        });
        expect(reduceAll(more)).toEqual(reduceAll(events));
      }),
    );
  });

  test("gives a state that is whole, and that a snapshot may carry", () => {
    fc.assert(
      fc.property(runLog, (events) => {
        const state: unknown = JSON.parse(JSON.stringify(reduceAll(events)));
        expect(isRunState(state)).toBe(true);
      }),
    );
  });

  test("counts every event up to the end and nothing after it", () => {
    fc.assert(
      fc.property(
        fc.array(runningEvent),
        endEvent,
        fc.array(fc.oneof(runningEvent, endEvent)),
        (before, end, after) => {
          const ended = reduceAll([...before, end]);
          expect(ended.seq).toBe(before.length + 1);
          expect(reduceAll(after, ended)).toBe(ended);
        },
      ),
    );
  });

  test("changes nothing in the state that it was given", () => {
    fc.assert(
      fc.property(runLog, runningEvent, (events, next) => {
        const before = reduceAll(events);
        const copy = structuredClone(before);
        reduce(before, next);
        expect(before).toEqual(copy);
      }),
    );
  });

  test("does nothing at open", () => {
    const state = initialState(run);
    expect(reduce(state, { type: "open", protocol: 1, run, status: "running", heartbeatMs: 1 })).toBe(state);
  });
});

describe("overall progress", () => {
  test("never falls, and never becomes unknown again", () => {
    fc.assert(
      fc.property(runLog, (events) => {
        let before = -1;
        for (const { progress } of states(events)) {
          expect(progress ?? -1).toBeGreaterThanOrEqual(before);
          before = progress ?? before;
        }
      }),
    );
  });

  test("is 1 only once the run has succeeded", () => {
    fc.assert(
      fc.property(runLog, (events) => {
        for (const { progress, status } of states(events)) {
          if (status === "succeeded") expect(progress).toBe(1);
          else expect(progress ?? 0).toBeLessThan(1);
        }
      }),
    );
  });

  test("is the share of the weights that are finished", () => {
    const stages = [
      { id: "a", label: "A", weight: 20, status: "done" as const },
      { id: "b", label: "B", weight: 60, status: "running" as const, completed: 1, total: 2 },
      { id: "c", label: "C", weight: 20, status: "pending" as const },
    ];
    expect(overallProgress({ stages })).toBe(0.5);
    expect(overallProgress({ stages: [] })).toBeNull();
  });
});

describe("events from outside", () => {
  const received = (frames: string): EventSourceMessage[] => {
    const messages: EventSourceMessage[] = [];
    createParser({ onEvent: (message) => messages.push(message) }).feed(frames);
    return messages;
  };

  test("are what was sent, through frames and a parser", () => {
    fc.assert(
      fc.property(runLog, (events) => {
        const messages = received(
          events.map((event, at) => encodeFrame(event, formatEventId(run, at + 1))).join(""),
        );
        const parsed = messages.map((message) => parseMessage(message));
        const plain = events.map((event) => ({ kind: "event", event: JSON.parse(JSON.stringify(event)) }));
        expect(JSON.stringify(parsed.map(sorted))).toBe(JSON.stringify(plain.map(sorted)));
        expect(messages.map((message) => message.id)).toEqual(
          events.map((_event, at) => formatEventId(run, at + 1)),
        );
      }),
    );
  });

  test("of text are the same by the template for text", () => {
    fc.assert(
      fc.property(text, fc.nat(), (delta, at) => {
        const id = formatEventId(run, 7);
        expect(encodeTextFrame(delta, at, id)).toBe(encodeFrame({ type: "text", at, delta }, id));
      }),
    );
  });

  test("of snapshots are what was sent", () => {
    fc.assert(
      fc.property(runLog, (events) => {
        const state = reduceAll(events);
        const [message] = received(
          encodeFrame({ type: "snapshot", at: 1, state }, formatEventId(run, state.seq)),
        );
        expect(message && parseMessage(message).kind).toBe("event");
      }),
    );
  });

  test("are never thrown at, whatever they are", () => {
    const anything = fc.oneof(fc.anything(), foreignJson);
    fc.assert(
      fc.property(anything, text, (value, data) => {
        expect(["event", "unknown", "malformed"]).toContain(parseRunEvent(value).kind);
        expect(parseMessage({ event: "text", data }).kind).not.toBe("unknown");
      }),
    );
  });

  test("that are missing a field or hold a wrong one are malformed", () => {
    const required = runningEvent.chain((event) =>
      fc.tuple(
        fc.constant(event),
        fc.constantFrom(...requiredFields[event.type as keyof typeof requiredFields]),
      ),
    );
    fc.assert(
      fc.property(required, ([event, field]) => {
        const { [field]: _gone, ...less } = event as unknown as Record<string, unknown>;
        expect(parseRunEvent(less).kind).toBe("malformed");
        expect(parseRunEvent({ ...event, [field]: undefined }).kind).toBe("malformed");
        expect(parseRunEvent({ ...event, at: "now" }).kind).toBe("malformed");
      }),
    );
  });

  test.each([
    [{ type: "end", at: 1, status: "failed" }],
    [{ type: "end", at: 1, status: "failed", error: { code: "new", message: "", retryable: true } }],
    [{ type: "end", at: 1, status: "cancelled" }],
    [{ type: "end", at: 1, status: "running" }],
    [{ type: "usage", at: 1, inputTokens: -1 }],
    [{ type: "snapshot", at: 1, state: {} }],
    [{ at: 1 }],
    [null],
    [[]],
  ])("such as %j are malformed, and say why", (value) => {
    expect(parseRunEvent(value)).toMatchObject({ kind: "malformed", reason: expect.stringMatching(/./) });
  });

  test("with a name of no version that we know are unknown, not malformed", () => {
    for (const name of ["thought", "error", "constructor", "__proto__", ""]) {
      expect(parseRunEvent({ type: name, at: 1 })).toEqual({ kind: "unknown", name });
    }
  });

  test("may carry fields that we do not know", () => {
    fc.assert(
      fc.property(runningEvent, fc.jsonValue(), (event, value) => {
        expect(parseRunEvent({ ...event, "x-new": value }).kind).toBe("event");
      }),
    );
  });
});

/** Those that change a state. */
const ownFields: Record<LoggedEvent["type"], readonly string[]> = {
  start: ["stages"],
  stage: ["stage", "status", "label", "weight", "message"],
  progress: ["stage", "completed", "total", "unit", "fraction", "message"],
  text: ["delta", "channel", "replace"],
  usage: ["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens", "cost", "estimated"],
  result: ["value"],
  custom: [],
  end: ["status", "error", "reason"],
};

const requiredFields = {
  start: ["at"],
  stage: ["at", "stage", "status"],
  progress: ["at"],
  text: ["at", "delta"],
  usage: ["at"],
  result: ["at", "value"],
  custom: ["at", "name", "value"],
} as const;

/** The same with its keys in one order: a frame writes the type first. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, name === "event" ? sorted(field) : field]),
  );
}
