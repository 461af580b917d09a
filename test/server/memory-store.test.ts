import type { LoggedEvent } from "@ai-progress-stream/protocol";
import { type MemoryStoreOptions, memoryStore, type NewRun } from "@ai-progress-stream/server";
import { expect, onTestFinished, test } from "vitest";
import { manualClock } from "../support/manual-clock.js";
import { describeRunStore } from "../support/store-contract.js";

function open(options: MemoryStoreOptions = {}) {
  const clock = manualClock();
  const store = memoryStore({ clock, ...options });
  onTestFinished(() => store.close());
  return { store, clock };
}

describeRunStore("the memory store", async () => {
  const { store, clock } = open();
  return { store, other: store, clock };
});

const owner = { scope: "", principal: null };

const spec = (run: string, key: string | null = null): NewRun => ({
  run,
  scope: "",
  principal: null,
  key,
  fingerprint: "",
  lease: "l",
  leaseMs: 1_000,
  isDetached: false,
});
const end: LoggedEvent = { type: "end", at: 0, status: "succeeded" };

test("an ended run is kept for its time and then forgotten with its key", async () => {
  const { store, clock } = open({ retainMs: 60_000 });
  await store.create(spec("a", "k"));
  await clock.advance(5_000);
  await store.append("a", "l", 1, [{ ...end, at: clock.now() }]);
  await clock.advance(59_999);
  expect(await store.find("a", owner)).not.toBeNull();
  expect(await store.create(spec("b", "k"))).toEqual({ kind: "attached", run: "a" });
  await clock.advance(2);
  expect(await store.find("a", owner)).toBeNull();
  expect(await store.create(spec("b", "k"))).toEqual({ kind: "created" });
});

test("what is read of an ended run is not kept with it", async () => {
  const { store } = open({});
  await store.create(spec("a"));
  await store.append("a", "l", 1, [{ type: "text", at: 0, delta: "a" }, end]);
  const page = await store.read("a", 1);
  expect(page).toMatchObject({ kind: "tail", events: [end], hasEnded: true });
  expect(await store.read("a", 1)).not.toBe(page);
});

test("a full store makes room by the oldest ended run, and is busy where none has ended", async () => {
  const { store } = open({ maxRuns: 3 });
  for (const run of ["a", "b", "c"]) await store.create(spec(run));
  expect(await store.create(spec("d"))).toMatchObject({ kind: "busy", retryAfterMs: expect.any(Number) });
  await store.append("b", "l", 1, [end]);
  await store.append("a", "l", 1, [end]);
  expect(await store.create(spec("d"))).toEqual({ kind: "created" });
  expect(await store.find("b", owner)).toBeNull();
  expect(await store.find("a", owner)).not.toBeNull();
});

test("the text of all runs is bounded, too", async () => {
  const { store } = open({ maxChars: 1_000 });
  await store.create(spec("a"));
  await store.append("a", "l", 1, [{ type: "text", at: 0, delta: "x".repeat(2_000) }]);
  expect(await store.create(spec("b"))).toMatchObject({ kind: "busy" });
  await store.append("a", "l", 2, [end]);
  expect(await store.create(spec("b"))).toEqual({ kind: "created" });
  expect(await store.find("a", owner)).toBeNull();
});

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
/** What comes last in a log of two events. */
const filler = times(4, (): LoggedEvent => ({ type: "text", at: 0, delta: "." }));

test.each<[string, MemoryStoreOptions, LoggedEvent[]]>([
  ["results", { maxLogEvents: 2 }, [{ type: "result", at: 0, value: "x".repeat(2_000) }, ...filler]],
  [
    "stages",
    { maxLogEvents: 2 },
    [...times(20, (n): LoggedEvent => ({ type: "stage", at: 0, stage: `${n}`, status: "done" })), ...filler],
  ],
  ["logs", {}, times(20, () => ({ type: "custom", at: 0, name: "n", value: "x".repeat(100) }))],
])("so are the %s of all runs", async (_, options, events) => {
  const { store } = open({ maxChars: 2_000, ...options });
  await store.create(spec("a"));
  await store.append("a", "l", 1, events);
  expect(await store.create(spec("b"))).toMatchObject({ kind: "busy" });
  await store.append("a", "l", events.length + 1, [end]);
  expect(await store.create(spec("b"))).toEqual({ kind: "created" });
  expect(await store.find("a", owner)).toBeNull();
});

test("a log is bounded in characters, whatever its events are", async () => {
  const { store } = open({ maxLogChars: 10_000 });
  await store.create(spec("a"));
  const said = times(
    100,
    (n): LoggedEvent => ({ type: "progress", at: 0, message: `${n}${"x".repeat(1_000)}` }),
  );
  await store.append("a", "l", 1, said);
  // Who has all that came before loses nothing, however much comes at once.
  expect(await store.read("a", 0)).toMatchObject({ kind: "tail", events: { length: 100 } });
  await store.append("a", "l", 101, said.slice(0, 1));
  expect(await store.read("a", 0)).toMatchObject({ kind: "snapshot" });
  expect(await store.read("a", 96)).toMatchObject({ kind: "tail", events: { length: 5 } });
});

test("after a thousand runs and their time nothing is left, and closing leaves no timer", async () => {
  const { store, clock } = open({ retainMs: 1_000 });
  for (let run = 0; run < 1_000; run++) {
    await store.create(spec(`r${run}`, `k${run}`));
    await store.append(`r${run}`, "l", 1, [{ ...end, at: clock.now() }]);
  }
  expect(clock.pending).toBe(1);
  await clock.advance(1_001);
  expect(await store.find("r0", owner)).toBeNull();
  expect(await store.find("r999", owner)).toBeNull();
  expect(clock.pending).toBe(0);
  await store.create(spec("last"));
  await store.append("last", "l", 1, [{ ...end, at: clock.now() }]);
  await store.close();
  expect(clock.pending).toBe(0);
});

test("what readers at many cursors were given is not all kept", async () => {
  const { store } = open();
  await store.create(spec("a"));
  const text = (delta: string): LoggedEvent => ({ type: "text", at: 0, delta });
  await store.append(
    "a",
    "l",
    1,
    Array.from({ length: 1_000 }, (_, n) => text(`${n}`)),
  );
  const eventsAfter = async (cursor: number) => {
    const page = await store.read("a", cursor);
    return page?.kind === "tail" ? page.events : null;
  };
  const first = await eventsAfter(0);
  expect(await eventsAfter(0)).toBe(first);
  for (let cursor = 1; cursor < 100; cursor++) await eventsAfter(cursor);
  const again = await eventsAfter(0);
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});
