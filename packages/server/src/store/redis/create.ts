import { initialState, type RunState } from "@ai-progress-stream/protocol";
import { type CreateOutcome, type NewRun, StoreError } from "../run-store.js";
import { createBatch } from "./batch.js";
import { type Commands, isOutOfMemory } from "./commands.js";
import type { Keys } from "./keys.js";
import { createScript, nameScript } from "./scripts.js";
import type { Seats } from "./seats.js";

export interface CreateOptions {
  readonly commands: Commands;
  readonly keys: Keys;
  /** The time that scripts are to go by; empty: Redis' own. */
  readonly time: () => string;
  readonly now: () => number;
  readonly retainMs: number;
  readonly seats: Seats;
  /** Takes a run back of which nobody is to know. */
  readonly unmake: (run: string, leaseMs: number) => void;
  /** The run is made, and unless it is queued its producer is here. */
  readonly onCreated: (spec: NewRun, index: string | null, state: RunState) => void;
}

/** How often a key may be found to change hands before it counts as trouble. */
const MAX_ROUNDS = 5;
const FULL_RETRY_MS = 5_000;
const tooMany: CreateOutcome = { kind: "busy", retryAfterMs: FULL_RETRY_MS, limit: "principal" };

export function createCreator(options: CreateOptions): (spec: NewRun) => Promise<CreateOutcome> {
  const { commands, keys, retainMs, unmake } = options;

  async function make(spec: NewRun, index: string | null): Promise<RunState> {
    const { state, events } = createBatch(initialState(spec.run, options.now()), spec.queued ?? []);
    const fields = {
      state: JSON.stringify(state),
      scope: spec.scope,
      principal: keys.principal(spec),
      fingerprint: keys.fingerprint(spec),
      isDetached: spec.isDetached ? "1" : "0",
      ...(index === null ? {} : { index }),
      ...(spec.queued ? { claims: "0" } : {}),
    };
    const { leaseMs } = spec;
    const isMade = await commands.run(createScript, keys.of(spec.run).all, [
      options.time(),
      spec.lease,
      leaseMs,
      leaseMs + retainMs,
      events.length,
      ...events,
      ...Object.entries(fields).flat(),
    ]);
    if (isMade !== 1) throw new StoreError("unavailable", `The id ${spec.run} is taken.`);
    return state;
  }

  /** The run that a key names; it may not be there any more. */
  async function namedBy(index: string): Promise<string | null> {
    const known = await commands.call("GET", index);
    return typeof known === "string" ? known : null;
  }

  /** Names `run`, where no other than `dead` is named; else gives the one that is. */
  async function name(
    index: string,
    dead: string | null,
    run: string,
    ttlMs: number,
  ): Promise<string | null> {
    const other = await commands.run(nameScript, [index], [dead ?? "", run, ttlMs]);
    return other === null ? null : String(other);
  }

  async function attachTo(run: string | null, spec: NewRun): Promise<CreateOutcome | null> {
    if (run === null) return null;
    const fingerprint = await commands.call("HGET", keys.of(run).all[0], "fingerprint");
    if (fingerprint === null) return null;
    return fingerprint === keys.fingerprint(spec) ? { kind: "attached", run } : { kind: "conflict" };
  }

  /**
   * Whoever finds no seat may have lost the last one to another request of its key. That one may not have come to naming its
   * run yet: then it is done here.
   */
  async function attachToSeated(spec: NewRun, index: string): Promise<CreateOutcome | null> {
    const known = await namedBy(index);
    const outcome = await attachTo(known, spec);
    if (outcome) return outcome;
    for (const run of await options.seats.taken(spec)) {
      if ((await commands.call("HGET", keys.of(run).all[0], "index")) !== index) continue;
      const other = await name(index, known, run, spec.leaseMs + retainMs);
      return attachTo(other ?? run, spec);
    }
    return null;
  }

  /**
   * The run comes first and its key's index after it, by compare-and-set: an index never names a run that is yet to be
   * made, so one that names none can be taken over at once. Who loses takes its own run back, of which nobody knows; who
   * dies in between leaves one that expires.
   */
  async function createKeyed(spec: NewRun, index: string): Promise<CreateOutcome> {
    let made: RunState | null = null;
    let isKept = false;
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const known = await namedBy(index);
        const outcome = await attachTo(known, spec);
        if (outcome) return outcome;
        if (made === null) {
          made = await make(spec, index);
          if (!(await options.seats.take(spec))) return (await attachToSeated(spec, index)) ?? tooMany;
        }
        if ((await name(index, known, spec.run, spec.leaseMs + retainMs)) !== null) continue;
        isKept = true;
        options.onCreated(spec, index, made);
        return { kind: "created" };
      }
      throw new StoreError("unavailable", "The key changes hands all the time.");
    } finally {
      // Where the answer to the claim was lost, too: the key then names no run, and the next request is free to make one.
      if (made && !isKept) unmake(spec.run, spec.leaseMs);
    }
  }

  return async (given) => {
    // Redis takes whole milliseconds only.
    const spec = { ...given, leaseMs: Math.ceil(given.leaseMs) };
    const index = keys.index(spec);
    try {
      if (index !== null) return await createKeyed(spec, index);
      const made = await make(spec, null);
      if (!(await options.seats.take(spec))) {
        unmake(spec.run, spec.leaseMs);
        return tooMany;
      }
      options.onCreated(spec, null, made);
      return { kind: "created" };
    } catch (error) {
      if (isOutOfMemory(error)) return { kind: "busy", retryAfterMs: FULL_RETRY_MS };
      throw error;
    }
  };
}
