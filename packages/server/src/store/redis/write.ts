import type { CancelReason, LoggedEvent, RunState } from "@ai-progress-stream/protocol";
import { cancelledEnd, reapedEnd } from "../ends.js";
import {
  type ClaimOutcome,
  type Orders,
  type RunClaim,
  StoreError,
  type StoreErrorCode,
} from "../run-store.js";
import { type Batch, createBatch } from "./batch.js";
import { type Commands, toList, toOrders } from "./commands.js";
import type { Keys } from "./keys.js";
import type { Producer, Producers } from "./producers.js";
import { decodeState } from "./read.js";
import type { Returns } from "./returns.js";
import { appendScript, cancelScript, claimScript, expiredScript, renewScript } from "./scripts.js";

export interface WriterOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly producers: Producers;
  readonly returns: Returns;
  /** The time that scripts are to go by; empty: Redis' own. */
  readonly time: () => string;
  readonly now: () => number;
  readonly retainMs: number;
}

/** What changes a run: its producer's writes, and the end that is written for a producer that has none left. */
export interface Writer {
  append(run: string, lease: string, firstSeq: number, events: readonly LoggedEvent[]): Promise<Orders>;
  renew(run: string, lease: string): Promise<Orders>;
  claim(run: string, claim: RunClaim): Promise<ClaimOutcome>;
  requestCancel(run: string, reason: CancelReason): Promise<boolean>;
  reap(run: string): Promise<boolean>;
}

export function createWriter(options: WriterOptions): Writer {
  const { commands, keys, producers, returns, retainMs } = options;

  /** What Redis knows of a run, for a producer that this process does not know. */
  async function load(run: string, lease: string): Promise<Producer> {
    const fields = ["lease", "leaseMs", "index", "state", "status"];
    const [holder, leaseMs, index, state, status] =
      toList(await commands.call("HMGET", keys.of(run).all[0], ...fields)) ?? [];
    if (!state) throw refusal(run, "gone");
    if (holder !== lease) throw refusal(run, status === "running" ? "stale_lease" : "ended");
    return producers.add(run, {
      lease,
      leaseMs: Number(leaseMs),
      index: index ?? null,
      state: JSON.parse(state) as RunState,
    });
  }

  function write(
    how: "append" | "reap" | "cancel",
    run: string,
    producer: Pick<Producer, "lease" | "leaseMs">,
    head: number,
    firstSeq: number,
    batch: Batch,
  ): Promise<unknown> {
    const { all, wake, orders } = keys.of(run);
    const isRunning = batch.state.status === "running";
    return commands.run(appendScript, all, [
      options.time(),
      how,
      producer.lease,
      head,
      batch.state.seq,
      batch.state.status,
      JSON.stringify(batch.state),
      isRunning ? producer.leaseMs + retainMs : retainMs,
      producer.leaseMs + retainMs / 2,
      firstSeq,
      wake,
      orders,
      batch.text.how,
      batch.text.characters,
      batch.reasoning.how,
      batch.reasoning.characters,
      ...batch.events,
    ]);
  }

  /** The index lives in a slot of its own and is kept alive beside its run. It is a hint: without it the key is free. */
  function keepIndex(index: string | null, ttlMs: number): void {
    if (index !== null) commands.call("PEXPIRE", index, Math.ceil(ttlMs)).catch(() => {});
  }

  function refusal(run: string, code: string): StoreError {
    producers.remove(run);
    const known: Record<string, string> = {
      gone: `There is no run ${run}.`,
      ended: `The run ${run} has ended.`,
      stale_lease: `The run ${run} has another producer.`,
      moved: `The run ${run} is written to by somebody else.`,
    };
    return new StoreError(
      code === "moved" ? "unavailable" : (code as StoreErrorCode),
      known[code] ?? `The run ${run} refused a write.`,
    );
  }

  async function append(
    run: string,
    lease: string,
    firstSeq: number,
    events: readonly LoggedEvent[],
    isFresh: boolean,
  ): Promise<Orders> {
    const known = isFresh ? undefined : producers.get(run, lease);
    const producer = known ?? (await load(run, lease));
    const { state: before, bounds } = producer;
    const next = before.seq + 1;
    const isUpToDate = known === undefined;
    if (firstSeq > next || (before.status !== "running" && firstSeq + events.length > next)) {
      if (!isUpToDate) return append(run, lease, firstSeq, events, true);
      if (before.status !== "running") throw refusal(run, "ended");
      throw new StoreError("gap", `The run ${run} expects event ${next}, not ${firstSeq}.`);
    }
    const news = events.slice(next - firstSeq);
    if (news.length === 0) {
      if (before.status === "running") return renew(run, lease);
      producers.remove(run);
      return { cancelRequested: null, attendedUntil: options.now() };
    }
    const batch = createBatch(before, news);
    const reply = await write("append", run, producer, before.seq, bounds.firstSeq, batch);
    const [outcome, head, cancel, attendedIn] = toList(reply) ?? [];
    // Another process has written with the same lease, or an earlier answer was lost: once more, from what is there.
    if (outcome === "moved" && !isUpToDate) return append(run, lease, firstSeq, events, true);
    if ((outcome !== "ok" && outcome !== "repeated") || !head) throw refusal(run, outcome ?? "gone");
    producer.state = batch.state;
    bounds.add(batch.state.seq, batch.chars);
    if (batch.state.status !== "running" || Number(head) !== batch.state.seq) producers.remove(run);
    if (batch.state.status !== "running") keepIndex(producer.index, retainMs);
    return toOrders(cancel, attendedIn, options.now());
  }

  async function renew(run: string, lease: string): Promise<Orders> {
    const producer = producers.get(run, lease) ?? (await load(run, lease));
    const ttlMs = producer.leaseMs + retainMs;
    const reply = await commands.run(renewScript, keys.of(run).all, [
      options.time(),
      lease,
      ttlMs,
      producer.leaseMs + retainMs / 2,
    ]);
    const [outcome, , cancel, attendedIn] = toList(reply) ?? [];
    if (outcome !== "ok") throw refusal(run, outcome ?? "gone");
    if (options.now() - producer.indexRenewedAt > retainMs / 2) {
      producer.indexRenewedAt = options.now();
      keepIndex(producer.index, ttlMs);
    }
    return toOrders(cancel, attendedIn, options.now());
  }

  /** Looks, reduces here, and writes only if nothing has changed: the reduction is the protocol's alone. */
  async function endWithout(
    how: "append" | "reap" | "cancel",
    run: string,
    [lease, json, index]: readonly (string | null)[],
    end: LoggedEvent,
  ): Promise<boolean> {
    if (!lease || !json) return false;
    const before = JSON.parse(json) as RunState;
    const batch = createBatch(before, [end]);
    const reply = await write(how, run, { lease, leaseMs: 0 }, before.seq, 1, batch);
    if (toList(reply)?.[0] !== "ok") return false;
    producers.remove(run);
    keepIndex(index || null, retainMs);
    return true;
  }

  async function reap(run: string): Promise<boolean> {
    const expired = toList(await commands.run(expiredScript, keys.of(run).all, [options.time()]));
    if (!expired) return false;
    const isQueued = expired[3] === "0";
    // Nobody comes back to a queued one. Asked last: this process may have come back with this very answer.
    if (!isQueued && returns.graceLeftMs() > 0) return false;
    const cancelRequested = (expired[4] || null) as CancelReason | null;
    return endWithout("reap", run, expired, reapedEnd(options.now(), { isQueued, cancelRequested }));
  }

  /** Asked of Redis first: a connection that was idle may not know yet that it was lost. */
  async function graceLeftMs(): Promise<number> {
    await commands.call("PING");
    return returns.graceLeftMs();
  }

  async function claim(run: string, given: RunClaim): Promise<ClaimOutcome> {
    const { lease } = given;
    // Redis takes whole milliseconds only.
    const [leaseMs, graceMs] = [Math.ceil(given.leaseMs), Math.ceil(given.graceMs)];
    const ttlMs = leaseMs + graceMs + retainMs;
    const graceLeft = await graceLeftMs();
    const args = [options.time(), lease, leaseMs, graceMs, ttlMs, graceLeft];
    const [kind, ...rest] = toList(await commands.run(claimScript, keys.of(run).all, args)) ?? [];
    if (kind === "gone") return { kind };
    if (kind === "held") return { kind, retryAfterMs: Number(rest[0]) };
    if (kind === "claimed") {
      const [claims, ...texts] = rest;
      const state = decodeState(texts);
      const index = texts[3] || null;
      producers.add(run, { lease, leaseMs, index, state: { ...state, text: "", reasoning: "" } });
      return { kind, state, isFirst: claims === "1" };
    }
    if (kind === "cancelled") {
      // A claim that is repeated, because its answer was lost, holds the run already.
      const how = rest[0] === lease ? "append" : "cancel";
      const end = cancelledEnd(options.now(), rest[3] as CancelReason);
      // Its producer was not dead after all, or another has ended it: once more, by what is there now.
      if (!(await endWithout(how, run, rest, end))) return claim(run, given);
    }
    if (kind === "expired") await reap(run);
    return { kind: "ended" };
  }

  return {
    append: (run, lease, firstSeq, events) => append(run, lease, firstSeq, events, false),
    renew,
    reap,
    claim,

    async requestCancel(run, reason) {
      const { all, orders } = keys.of(run);
      const graceLeft = await graceLeftMs();
      const args = [options.time(), reason, orders, graceLeft];
      const unheld = toList(await commands.run(cancelScript, all, args));
      if (!unheld) return false;
      if (unheld.length === 0) return true;
      // Whoever has claimed it in between, or has come back to it, reads the request.
      await endWithout("cancel", run, unheld, cancelledEnd(options.now(), unheld[3] as CancelReason));
      return true;
    },
  };
}
