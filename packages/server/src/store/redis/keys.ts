import { createHmac } from "node:crypto";
import type { NewRun, RunOwner } from "../run-store.js";

/** The names that one run has in Redis. All keys share one hash tag, so that a Cluster keeps them on one node. */
export interface RunKeys {
  /** Hash, viewers, log, text, reasoning: the order in which every script takes them. */
  readonly all: readonly [run: string, viewers: string, log: string, text: string, reasoning: string];
  /** Channel on which readers are woken. */
  readonly wake: string;
  /** Channel on which the producer is woken. */
  readonly orders: string;
}

export interface Keys {
  of(run: string): RunKeys;
  /** Where the run that an Idempotency-Key made is named; null without a key. */
  index(run: NewRun): string | null;
  /** Where the runs of a principal are named that may be going on. */
  seats(owner: RunOwner): string;
  /** A principal as it is stored; null stays the empty string. */
  principal(owner: RunOwner): string;
  fingerprint(run: NewRun): string;
}

/**
 * Keys, principals and bodies' digests are stored as HMACs only: whoever reads Redis learns no user's name and can
 * try out no guess.
 */
export function createKeys(prefix: string, secret: string | Uint8Array): Keys {
  const digest = (kind: string, ...parts: readonly (string | null)[]): string =>
    createHmac("sha256", secret)
      .update(JSON.stringify([kind, ...parts]))
      .digest("base64url");

  return {
    of(run) {
      const name = (part: string): string => `${prefix}:{${run}}:${part}`;
      return {
        all: [name("run"), name("viewers"), name("log"), name("text"), name("reasoning")],
        wake: name("wake"),
        orders: name("orders"),
      };
    },
    index: ({ scope, principal, key }) =>
      key === null ? null : `${prefix}:key:{${digest("key", scope, principal, key)}}`,
    seats: ({ principal }) => `${prefix}:seats:{${digest("principal", principal)}}`,
    principal: ({ principal }) => (principal === null ? "" : digest("principal", principal)),
    fingerprint: ({ fingerprint }) => digest("fingerprint", fingerprint),
  };
}
