import { type LoggedEvent, type RunState, reduce } from "@ai-progress-stream/protocol";
import type { NewRun, Page, QueuedEvent, RunClaim, RunStore } from "@ai-progress-stream/server";
import { describe, expect, test } from "vitest";
import type { ManualClock } from "./manual-clock.js";

export interface StoreUnderTest {
  /** What the producer writes through. */
  readonly store: RunStore;
  /** What everybody else uses; another node's, where the store is shared. */
  readonly other: RunStore;
  /** By which both go. */
  readonly clock: ManualClock;
}

let count = 0;
const LEASE_MS = 15_000;
const owner = { scope: "/api", principal: null };

function newRun(spec: Partial<NewRun> = {}): NewRun {
  count++;
  return {
    run: `run-${String(count).padStart(18, "0")}`,
    scope: "/api",
    principal: null,
    key: null,
    fingerprint: "same",
    lease: `lease-${count}`,
    leaseMs: LEASE_MS,
    isDetached: false,
    ...spec,
  };
}

const text = (delta: string): LoggedEvent => ({ type: "text", at: 1, delta });
const end: LoggedEvent = { type: "end", at: 2, status: "succeeded" };

/** What a reader makes of the pages it is given. */
function follow(state: RunState, page: Page | null): RunState {
  if (page === null) throw new Error("the run is gone");
  if (page.kind === "snapshot") return page.state;
  expect(page.firstSeq).toBe(state.seq + 1);
  return page.events.reduce(reduce, state);
}

/** The one suite that every store must pass. */
export function describeRunStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a run store`, () => {
    test("of many concurrent creates with one key exactly one makes the run", async () => {
      const { store, other } = await open();
      const specs = Array.from({ length: 50 }, () => newRun({ key: "k" }));
      const outcomes = await Promise.all(
        specs.map((spec, index) => (index % 2 === 0 ? store : other).create(spec)),
      );
      const created = specs.filter((_, index) => outcomes[index]?.kind === "created");
      expect(created).toHaveLength(1);
      const run = created[0]?.run;
      expect(outcomes.filter((outcome) => outcome.kind === "attached" && outcome.run === run)).toHaveLength(
        49,
      );
    });

    test("a key belongs to its endpoint and its principal, and to one body", async () => {
      const { store } = await open();
      const first = newRun({ key: "k", principal: "ann" });
      expect(await store.create(first)).toEqual({ kind: "created" });
      expect(await store.create(newRun({ key: "k", principal: "ann" }))).toEqual({
        kind: "attached",
        run: first.run,
      });
      expect(await store.create(newRun({ key: "k", principal: "ann", fingerprint: "other" }))).toEqual({
        kind: "conflict",
      });
      expect(await store.create(newRun({ key: "k", principal: "bob" }))).toEqual({ kind: "created" });
      expect(await store.create(newRun({ key: "k", principal: "ann", scope: "/other" }))).toEqual({
        kind: "created",
      });
      expect(await store.create(newRun({ principal: "ann" }))).toEqual({ kind: "created" });
    });

    test("a principal has so many runs going on, by live leases, and attaches to its own whatever their number", async () => {
      const { store, clock } = await open();
      const spec = (more: Partial<NewRun> = {}) =>
        newRun({ principal: "ann", maxRunsOfPrincipal: 2, ...more });
      const [first, second] = [spec({ key: "k" }), spec()];
      expect(await store.create(first)).toEqual({ kind: "created" });
      expect(await store.create(second)).toEqual({ kind: "created" });
      expect(await store.create(spec())).toMatchObject({ kind: "busy", limit: "principal" });
      expect(await store.create(spec({ key: "l" }))).toMatchObject({ kind: "busy", limit: "principal" });
      expect(await store.create(spec({ key: "k" }))).toEqual({ kind: "attached", run: first.run });
      expect(await store.create(spec({ principal: "bob" }))).toEqual({ kind: "created" });
      await store.append(first.run, first.lease, 1, [end]);
      const third = spec();
      expect(await store.create(third)).toEqual({ kind: "created" });
      await clock.advance(LEASE_MS - 1);
      await store.renew(second.run, second.lease);
      await clock.advance(2);
      expect(await store.create(spec())).toEqual({ kind: "created" });
      expect(await store.create(spec())).toMatchObject({ kind: "busy", limit: "principal" });
    });

    test("of many concurrent creates with one key one takes a seat of its principal's, and the others attach", async () => {
      const { store, other } = await open();
      for (let round = 0; round < 10; round++) {
        const principal = `ann-${round}`;
        const specs = Array.from({ length: 30 }, () =>
          newRun({ key: "k", principal, maxRunsOfPrincipal: 1 + (round % 3) }),
        );
        const outcomes = await Promise.all(
          specs.map((spec, index) => (index % 2 === 0 ? store : other).create(spec)),
        );
        const created = specs.filter((_, index) => outcomes[index]?.kind === "created");
        expect(created).toHaveLength(1);
        const attached = { kind: "attached", run: created[0]?.run };
        expect(outcomes.filter(({ kind }) => kind !== "created")).toEqual(
          Array.from({ length: 29 }, () => attached),
        );
        const conflict = newRun({ key: "k", principal, maxRunsOfPrincipal: 1, fingerprint: "other" });
        expect(await other.create(conflict)).toEqual({ kind: "conflict" });
      }
    });

    test("reads what was appended, from any cursor, and a snapshot from none", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a"), text("b")]);
      await store.append(spec.run, spec.lease, 3, [text("c"), end]);
      const whole = await other.read(spec.run, null);
      expect(whole).toMatchObject({ kind: "snapshot", state: { seq: 4, text: "abc", status: "succeeded" } });
      for (let cursor = 0; cursor <= 4; cursor++) {
        const page = await other.read(spec.run, cursor);
        expect(page).toMatchObject({ kind: "tail", firstSeq: cursor + 1, hasEnded: true });
        expect(page?.kind === "tail" && page.events).toEqual(
          [text("a"), text("b"), text("c"), end].slice(cursor),
        );
      }
      expect(await other.find(spec.run, owner)).toEqual({ run: spec.run, status: "succeeded", head: 4 });
    });

    test("a cursor ahead of the log gets a snapshot, a run that is not there nothing", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a")]);
      expect(await other.read(spec.run, 99)).toMatchObject({ kind: "snapshot", state: { seq: 1 } });
      expect(await other.read("nowhere", 0)).toBeNull();
      expect(await other.find("nowhere", owner)).toBeNull();
    });

    test("an append that is repeated, whole or in part, is skipped", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a"), text("b")]);
      await store.append(spec.run, spec.lease, 1, [text("a"), text("b")]);
      await store.append(spec.run, spec.lease, 2, [text("b"), text("c")]);
      expect(await other.read(spec.run, null)).toMatchObject({ state: { seq: 3, text: "abc" } });
    });

    test("who shows the lease may write on from wherever it is", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a")]);
      await other.append(spec.run, spec.lease, 2, [text("b")]);
      await store.append(spec.run, spec.lease, 2, [text("b"), text("c")]);
      await other.append(spec.run, spec.lease, 4, [end]);
      expect(await store.read(spec.run, null)).toMatchObject({
        state: { seq: 4, text: "abc", status: "succeeded" },
      });
      await expect(store.append(spec.run, spec.lease, 5, [text("d")])).rejects.toMatchObject({
        code: "ended",
      });
    });

    test("refuses a gap, a stale lease, an unknown run and anything after the end", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      const append = (lease: string, seq: number, run = spec.run) =>
        store.append(run, lease, seq, [text("x")]);
      await expect(append(spec.lease, 2)).rejects.toMatchObject({ name: "StoreError", code: "gap" });
      await expect(append("other", 1)).rejects.toMatchObject({ code: "stale_lease" });
      await expect(store.renew(spec.run, "other")).rejects.toMatchObject({ code: "stale_lease" });
      await expect(append(spec.lease, 1, "nowhere")).rejects.toMatchObject({ code: "gone" });
      await store.append(spec.run, spec.lease, 1, [end]);
      await expect(append(spec.lease, 2)).rejects.toMatchObject({ code: "ended" });
      await expect(store.renew(spec.run, spec.lease)).rejects.toMatchObject({ code: "ended" });
      expect(await other.find(spec.run, owner)).toMatchObject({ head: 1 });
    });

    test("an end that is repeated, because the answer was lost, is skipped; a reaped run's producer is still refused", async () => {
      const { store, other, clock } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a"), end]);
      await store.append(spec.run, spec.lease, 1, [text("a"), end]);
      await store.append(spec.run, spec.lease, 2, [end]);
      expect(await other.find(spec.run, owner)).toMatchObject({ head: 2, status: "succeeded" });
      const dead = newRun();
      await store.create(dead);
      await clock.advance(LEASE_MS + 1);
      expect(await other.reap(dead.run)).toBe(true);
      await expect(store.append(dead.run, dead.lease, 1, [text("a")])).rejects.toMatchObject({
        code: "ended",
      });
      await expect(store.append(dead.run, dead.lease, 1, [end])).rejects.toMatchObject({ code: "ended" });
    });

    test("a run is found only where and by whom it was made", async () => {
      const { store, other } = await open();
      const spec = newRun({ principal: "ann" });
      await store.create(spec);
      const find = (scope: string, principal: string | null) => other.find(spec.run, { scope, principal });
      expect(await find("/api", "ann")).toEqual({ run: spec.run, status: "running", head: 0 });
      expect(await find("/api", "bob")).toBeNull();
      expect(await find("/api", null)).toBeNull();
      expect(await find("/api", "")).toBeNull();
      expect(await find("/other", "ann")).toBeNull();
    });

    test("halves of a surrogate pair that come in two appends are one character to every reader", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("\ud83d")]);
      const early = await other.read(spec.run, null);
      await store.append(spec.run, spec.lease, 2, [text('\ude00 "quoted" \\ \n'), text("\udc00 alone")]);
      const whole = '\u{1f600} "quoted" \\ \n\udc00 alone';
      expect(await other.read(spec.run, null)).toMatchObject({ state: { text: whole } });
      const state = early?.kind === "snapshot" ? early.state : null;
      if (!state) throw new Error("not a snapshot");
      expect(follow(state, await other.read(spec.run, state.seq)).text).toBe(whole);
    });

    test("an expired lease is reaped once, to producer_lost, and its holder is refused from then on", async () => {
      const { store, other, clock } = await open();
      const spec = newRun();
      await store.create(spec);
      await store.append(spec.run, spec.lease, 1, [text("a")]);
      expect(await other.reap(spec.run)).toBe(false);
      await clock.advance(LEASE_MS - 1);
      await store.renew(spec.run, spec.lease);
      await clock.advance(LEASE_MS - 1);
      expect(await other.reap(spec.run)).toBe(false);
      await clock.advance(2);
      const reaped = await Promise.all([other.reap(spec.run), other.reap(spec.run), other.reap(spec.run)]);
      expect(reaped.filter(Boolean)).toHaveLength(1);
      expect(await other.read(spec.run, null)).toMatchObject({
        state: { status: "failed", text: "a", error: { code: "producer_lost", retryable: true } },
      });
      await expect(store.append(spec.run, spec.lease, 2, [text("b")])).rejects.toMatchObject({
        code: "ended",
      });
      expect(await other.reap(spec.run)).toBe(false);
    });

    describe("with runs that wait in a queue", () => {
      const queued: QueuedEvent[] = [
        { type: "start", at: 1, stages: [{ id: "a", label: "A" }] },
        { type: "progress", at: 1, message: "Waiting" },
      ];
      const claimOf = (lease: string, graceMs = 0): RunClaim => ({ lease, leaseMs: 1_000, graceMs });
      const claim = (store: RunStore, run: string, lease: string, graceMs?: number) =>
        store.claim?.(run, claimOf(lease, graceMs));
      const waiting = { status: "running", seq: 2, message: "Waiting", stages: [{ status: "pending" }] };

      test("a queued run is there with its first events, and of many who claim it one has it", async () => {
        const { store, other } = await open();
        const spec = newRun({ queued, key: "k" });
        expect(await store.create(spec)).toEqual({ kind: "created" });
        expect(await other.create(newRun({ queued, key: "k" }))).toEqual({ kind: "attached", run: spec.run });
        expect(await other.find(spec.run, owner)).toMatchObject({ status: "running", head: 2 });
        expect(await other.read(spec.run, 0)).toMatchObject({ kind: "tail", events: queued });
        expect(await other.read(spec.run, null)).toMatchObject({ state: waiting });
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, n) => claim(n % 2 ? store : other, spec.run, `worker-${n}`)),
        );
        const [first, ...rest] = outcomes.filter((outcome) => outcome?.kind !== "held");
        expect(first).toMatchObject({ kind: "claimed", isFirst: true, state: waiting });
        expect(rest).toEqual([]);
        const winner = `worker-${outcomes.findIndex((outcome) => outcome?.kind === "claimed")}`;
        // The answer may have been lost.
        expect(await claim(other, spec.run, winner)).toMatchObject({ kind: "claimed", isFirst: true });
        await other.append(spec.run, winner, 3, [text("x")]);
        await expect(store.append(spec.run, spec.lease, 4, [text("y")])).rejects.toMatchObject({
          code: "stale_lease",
        });
        await other.append(spec.run, winner, 4, [end]);
        expect(await claim(store, spec.run, winner)).toEqual({ kind: "ended" });
        expect(await claim(store, spec.run, "late")).toEqual({ kind: "ended" });
        expect(await claim(store, "nowhere", "late")).toEqual({ kind: "gone" });
      });

      test("who has made a queued run may write to it until it is claimed", async () => {
        const { store, other } = await open();
        const spec = newRun({ queued });
        await store.create(spec);
        const refused: LoggedEvent = { type: "end", at: 2, status: "cancelled", reason: "limit" };
        await store.append(spec.run, spec.lease, 3, [refused]);
        expect(await claim(other, spec.run, "worker")).toEqual({ kind: "ended" });
        expect(await other.read(spec.run, null)).toMatchObject({ state: { seq: 3, reason: "limit" } });
      });

      test("a lease that is live is held for so long, and after it the run is another's, with all it has", async () => {
        const { store, other, clock } = await open();
        const spec = newRun({ queued });
        await store.create(spec);
        await claim(store, spec.run, "first");
        const pieces = [text("a\u00e9"), { ...text("why"), channel: "reasoning" } as LoggedEvent];
        await store.append(spec.run, "first", 3, pieces);
        await clock.advance(600);
        expect(await claim(other, spec.run, "second")).toEqual({ kind: "held", retryAfterMs: 401 });
        await clock.advance(401);
        expect(await claim(other, spec.run, "second")).toMatchObject({
          kind: "claimed",
          isFirst: false,
          state: { seq: 4, text: "a\u00e9", reasoning: "why" },
        });
        await expect(store.renew(spec.run, "first")).rejects.toMatchObject({ code: "stale_lease" });
        await expect(store.append(spec.run, "first", 5, [end])).rejects.toMatchObject({
          code: "stale_lease",
        });
        await other.append(spec.run, "second", 5, [text("b"), end]);
        expect(await store.read(spec.run, null)).toMatchObject({ state: { text: "a\u00e9b", seq: 6 } });
      });

      test("a run that was made without a queue is held by who made it, and left to a claim when that is dead", async () => {
        const { store, other, clock } = await open();
        const spec = newRun();
        await store.create(spec);
        await store.append(spec.run, spec.lease, 1, [text("a")]);
        expect(await claim(other, spec.run, "worker")).toMatchObject({ kind: "held" });
        await clock.advance(LEASE_MS + 1);
        expect(await claim(other, spec.run, "worker")).toMatchObject({ kind: "claimed", isFirst: false });
      });

      test("an expired lease is reaped only when its grace is over", async () => {
        const { store, other, clock } = await open();
        const spec = newRun({ queued });
        await store.create(spec);
        await claim(store, spec.run, "worker", 5_000);
        await clock.advance(6_000);
        expect(await other.reap(spec.run)).toBe(false);
        await clock.advance(1);
        expect(await other.reap(spec.run)).toBe(true);
        expect(await other.read(spec.run, null)).toMatchObject({
          state: { status: "failed", error: { code: "producer_lost" } },
        });
        expect(await claim(other, spec.run, "second")).toEqual({ kind: "ended" });
      });

      test("a run that nobody claims in time fails as overloaded, whether it is looked after or claimed too late", async () => {
        const { store, other, clock } = await open();
        const [reaped, late] = [newRun({ queued }), newRun({ queued })];
        await store.create(reaped);
        await store.create(late);
        await clock.advance(LEASE_MS);
        expect(await other.reap(reaped.run)).toBe(false);
        await clock.advance(1);
        expect(await other.reap(reaped.run)).toBe(true);
        expect(await claim(other, late.run, "worker")).toEqual({ kind: "ended" });
        for (const { run } of [reaped, late]) {
          expect(await other.read(run, null)).toMatchObject({
            state: { status: "failed", error: { code: "overloaded", retryable: true } },
          });
        }
      });

      test("a queued run that is cancelled ends at once, one that is claimed through its worker", async () => {
        const { store, other } = await open();
        const [waits, runs] = [newRun({ queued }), newRun({ queued })];
        await store.create(waits);
        await store.create(runs);
        await claim(store, runs.run, "worker");
        expect(await other.requestCancel(waits.run, "user")).toBe(true);
        expect(await other.requestCancel(waits.run, "user")).toBe(false);
        expect(await store.read(waits.run, 2)).toMatchObject({
          events: [{ type: "end", status: "cancelled", reason: "user" }],
          hasEnded: true,
        });
        expect(await claim(store, waits.run, "worker")).toEqual({ kind: "ended" });
        expect(await other.requestCancel(runs.run, "user")).toBe(true);
        expect(await other.find(runs.run, owner)).toMatchObject({ status: "running" });
        expect(await store.renew(runs.run, "worker")).toMatchObject({ cancelRequested: "user" });
      });
    });

    describe("of a run that is to be cancelled", () => {
      const queued: QueuedEvent[] = [{ type: "start", at: 1 }];
      const claim = (store: RunStore, run: string, lease: string) =>
        store.claim?.(run, { lease, leaseMs: 1_000, graceMs: 60_000 });
      const cancelled = { state: { status: "cancelled", reason: "user" } };

      async function claimed({ store }: StoreUnderTest) {
        const spec = newRun({ queued });
        await store.create(spec);
        await claim(store, spec.run, "dead");
        return spec.run;
      }

      test("the end comes at once where its producer's lease has expired, and its producer sees it", async () => {
        const opened = await open();
        const { store, other, clock } = opened;
        const run = await claimed(opened);
        const unqueued = newRun();
        await store.create(unqueued);
        await clock.advance(LEASE_MS + 1);
        for (const [id, lease] of [
          [run, "dead"],
          [unqueued.run, unqueued.lease],
        ] as const) {
          expect(await other.requestCancel(id, "user")).toBe(true);
          expect(await other.requestCancel(id, "user")).toBe(false);
          expect(await other.read(id, null)).toMatchObject(cancelled);
          expect(await claim(other, id, "second")).toEqual({ kind: "ended" });
          await expect(store.renew(id, lease)).rejects.toMatchObject({ code: "ended" });
        }
      });

      test("a further claim ends it, and is given nothing to perform", async () => {
        const opened = await open();
        const { other, clock } = opened;
        const run = await claimed(opened);
        await other.requestCancel(run, "user");
        expect(await claim(other, run, "second")).toMatchObject({ kind: "held" });
        await clock.advance(1_001);
        const claims = await Promise.all([claim(other, run, "second"), claim(other, run, "third")]);
        expect(claims).toEqual([{ kind: "ended" }, { kind: "ended" }]);
        expect(await other.read(run, null)).toMatchObject(cancelled);
        expect(await other.find(run, owner)).toMatchObject({ head: 2 });
      });

      test("its grace is not waited for by who reaps it, and it is cancelled, not lost", async () => {
        const opened = await open();
        const { other, clock } = opened;
        const run = await claimed(opened);
        await other.requestCancel(run, "user");
        await clock.advance(1_000);
        expect(await other.reap(run)).toBe(false);
        await clock.advance(1);
        expect(await other.reap(run)).toBe(true);
        expect(await other.read(run, null)).toMatchObject(cancelled);
      });

      test("a producer that comes back before its run is ended is told", async () => {
        const opened = await open();
        const { store, other, clock } = opened;
        const run = await claimed(opened);
        await other.requestCancel(run, "user");
        await clock.advance(1_001);
        expect(await store.renew(run, "dead")).toMatchObject({ cancelRequested: "user" });
        expect(await other.reap(run)).toBe(false);
        expect(await claim(other, run, "second")).toMatchObject({ kind: "held" });
      });
    });

    test("a request to cancel reaches the producer once, with its first reason", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      let wakes = 0;
      const unwatch = store.watchOrders(spec.run, () => wakes++);
      expect(await other.requestCancel(spec.run, "user")).toBe(true);
      expect(await other.requestCancel(spec.run, "abandoned")).toBe(true);
      await expect.poll(() => wakes).toBeGreaterThan(0);
      unwatch();
      expect(await store.renew(spec.run, spec.lease)).toMatchObject({ cancelRequested: "user" });
      expect(await store.append(spec.run, spec.lease, 1, [end])).toMatchObject({ cancelRequested: "user" });
      expect(await other.requestCancel(spec.run, "user")).toBe(false);
      expect(await other.requestCancel("nowhere", "user")).toBe(false);
    });

    test("tells the producer until when somebody looks", async () => {
      const { store, other, clock } = await open();
      const spec = newRun();
      await store.create(spec);
      const attendedUntil = async () => (await store.renew(spec.run, spec.lease)).attendedUntil;
      const start = clock.now();
      expect(await attendedUntil()).toBe(start);
      await other.attend(spec.run, "node-a", start + 9_000);
      await other.attend(spec.run, "node-b", start + 5_000);
      expect(await attendedUntil()).toBe(start + 9_000);
      await clock.advance(1_000);
      await other.leave(spec.run, "node-a");
      expect(await attendedUntil()).toBe(start + 5_000);
      await other.leave(spec.run, "node-b");
      expect(await attendedUntil()).toBe(start + 1_000);
      const detached = newRun({ isDetached: true });
      await store.create(detached);
      expect((await store.renew(detached.run, detached.lease)).attendedUntil).toBe(Infinity);
    });

    test("who attends until the end of time keeps a run for good, whoever else leaves", async () => {
      const { store, other, clock } = await open();
      const spec = newRun();
      await store.create(spec);
      // The last millisecond that a date can have.
      await other.attend(spec.run, "async", 8.64e15);
      await other.attend(spec.run, "node", clock.now() + 9_000);
      await other.leave(spec.run, "node");
      await clock.advance(LEASE_MS - 1);
      const century = 100 * 365 * 86_400_000;
      const attended = async () => (await store.renew(spec.run, spec.lease)).attendedUntil;
      expect(await attended()).toBeGreaterThan(clock.now() + century);
      await store.append(spec.run, spec.lease, 1, [text("a")]);
      expect(await attended()).toBeGreaterThan(clock.now() + century);
    });

    test("wakes its readers, and no more once they have left", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      // A wake-up is a hint: one more than there is to read is allowed, one less is not.
      const seen = { first: 0, second: 0 };
      const look = async (viewer: keyof typeof seen) => {
        seen[viewer] = Math.max(seen[viewer], (await other.find(spec.run, owner))?.head ?? 0);
      };
      const leave = other.watch(spec.run, () => look("first"));
      other.watch(spec.run, () => look("second"));
      await store.append(spec.run, spec.lease, 1, [text("a")]);
      await expect.poll(() => seen).toEqual({ first: 1, second: 1 });
      leave();
      await store.append(spec.run, spec.lease, 2, [text("b")]);
      await expect.poll(() => seen).toEqual({ first: 1, second: 2 });
    });

    test("a log that has been trimmed answers an old cursor with a snapshot, and a new one with its tail", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      const pieces = Array.from({ length: 20_000 }, (_, n) => `${n} `);
      for (let from = 0; from < pieces.length; from += 100) {
        await store.append(spec.run, spec.lease, from + 1, pieces.slice(from, from + 100).map(text));
      }
      const whole = await other.read(spec.run, 5);
      expect(whole?.kind).toBe("snapshot");
      const state = whole?.kind === "snapshot" ? whole.state : null;
      expect(state).toMatchObject({ seq: 20_000, text: pieces.join("") });
      const tail = await other.read(spec.run, 19_990);
      expect(tail).toMatchObject({ kind: "tail", firstSeq: 19_991 });
    });

    test("every reader that follows with any cursor converges on the state of the log", async () => {
      const { store, other } = await open();
      const spec = newRun();
      await store.create(spec);
      const events: LoggedEvent[] = [
        { type: "start", at: 1, stages: [{ id: "a", label: "A" }] },
        { type: "stage", at: 2, stage: "a", status: "running" },
        text("h\u00e9"),
        { type: "text", at: 3, delta: "why", channel: "reasoning" },
        { type: "progress", at: 4, stage: "a", completed: 1, total: 2 },
        { type: "text", at: 5, delta: "anew", replace: true },
        { type: "usage", at: 6, inputTokens: 3 },
        { type: "custom", at: 7, name: "n", value: [1] },
        { type: "result", at: 8, value: { a: null } },
        end,
      ];
      const before: Page[] = [];
      for (const [index, event] of events.entries()) {
        const page = await other.read(spec.run, null);
        if (page) before.push(page);
        await store.append(spec.run, spec.lease, index + 1, [event]);
      }
      const whole = await other.read(spec.run, null);
      const final = whole?.kind === "snapshot" ? whole.state : null;
      for (const start of before) {
        const state = start.kind === "snapshot" ? start.state : null;
        if (!state) throw new Error("not a snapshot");
        expect(follow(state, await other.read(spec.run, state.seq))).toEqual(final);
      }
    });
  });
}
