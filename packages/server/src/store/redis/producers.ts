import type { RunState } from "@ai-progress-stream/protocol";
import { createLogBounds, type LogBounds } from "./batch.js";

/** What the holder of a lease knows of its run without asking: only it appends. */
export interface Producer {
  readonly lease: string;
  readonly leaseMs: number;
  readonly index: string | null;
  readonly bounds: LogBounds;
  /** Without its texts. */
  state: RunState;
  usedAt: number;
  indexRenewedAt: number;
}

export interface Producers {
  get(run: string, lease: string): Producer | undefined;
  add(run: string, known: Pick<Producer, "lease" | "leaseMs" | "index" | "state">): Producer;
  remove(run: string): void;
  clear(): void;
}

/** A producer that was not heard of for so many leases has gone without a word. */
const FORGOTTEN_AFTER_LEASES = 10;

export function createProducers(maxLogEvents: number, maxLogChars: number, now: () => number): Producers {
  /** In the order of their last use. */
  const producers = new Map<string, Producer>();

  function use(run: string, producer: Producer): void {
    producer.usedAt = now();
    producers.delete(run);
    producers.set(run, producer);
  }

  function forgetOld(): void {
    for (const [run, { usedAt, leaseMs }] of producers) {
      if (now() - usedAt <= FORGOTTEN_AFTER_LEASES * leaseMs) break;
      producers.delete(run);
    }
  }

  return {
    get(run, lease) {
      const producer = producers.get(run);
      if (producer?.lease !== lease) return undefined;
      use(run, producer);
      return producer;
    },
    add(run, known) {
      forgetOld();
      const at = now();
      const bounds = createLogBounds(maxLogEvents, maxLogChars);
      const producer: Producer = { ...known, bounds, usedAt: at, indexRenewedAt: at };
      use(run, producer);
      return producer;
    },
    remove: (run) => producers.delete(run),
    clear: () => producers.clear(),
  };
}
