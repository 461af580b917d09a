import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { LoggedEvent } from "@ai-progress-stream/protocol";
import type { Response } from "express";

/** One request as the backend saw it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly lastEventId: string | null;
  readonly authorization: string | null;
  readonly body: unknown;
  readonly query: unknown;
}

export interface Run {
  readonly id: string;
  readonly events: LoggedEvent[];
  isCancelled: boolean;
}

/** Where one test is alone with its runs and its calls. */
export class Room {
  readonly calls: Call[] = [];
  readonly runs = new Map<string, Run>();
  /** The answers that have not come to their end. */
  readonly open = new Set<Response>();
  isReleased = false;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  /** The run of this key, made if there is none: what an idempotent server does. */
  runOf(key: string, log: readonly LoggedEvent[]): Run {
    const known = this.runs.get(key);
    if (known) return known;
    const run = { id: randomBytes(16).toString("base64url"), events: [...log], isCancelled: false };
    this.runs.set(key, run);
    return run;
  }

  find(id: string): Run | undefined {
    return [...this.runs.values()].find((run) => run.id === id);
  }

  /** How many requests of a method came, this one included. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method && !call.path.endsWith("/cancel")).length;
  }

  /** Cuts every connection, as a failing network does. */
  cut(): void {
    for (const res of this.open) res.socket?.destroy();
  }

  changed(): void {
    this.#changes.emit("change");
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, "change");
  }
}
