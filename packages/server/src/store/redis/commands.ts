import type { CancelReason } from "@ai-progress-stream/protocol";
import { ErrorReply } from "redis";
import { type Orders, StoreError } from "../run-store.js";
import { type Connection, unavailable } from "./connection.js";
import type { Script } from "./scripts.js";

type Argument = string | number;

/** Commands and scripts over one connection. Whatever goes wrong is a StoreError. */
export interface Commands {
  call(...args: readonly Argument[]): Promise<unknown>;
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
}

export function createCommands(connection: Connection): Commands {
  const send = (args: readonly Argument[]): Promise<unknown> => connection.send(args.map(String));

  return {
    async call(...args) {
      try {
        return await send(args);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    async run({ lua, sha }, keys, args) {
      const rest = [keys.length, ...keys, ...args];
      try {
        return await send(["EVALSHA", sha, ...rest]).catch((error: unknown) => {
          if (!isCode(error, "NOSCRIPT")) throw error;
          return send(["EVAL", lua, ...rest]);
        });
      } catch (error) {
        throw toStoreError(error);
      }
    },
  };
}

/** Loading, failing over, out of memory, no right to do this: all of them may pass, its words are for the log. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const words = error instanceof Error ? error.message : String(error);
  return unavailable(`Redis refused a command: ${words}`, error);
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof ErrorReply && error.message.startsWith(`${code} `);

/** Whether a store failed for want of memory (`maxmemory` with a policy that evicts nothing). */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof StoreError && isCode(error.cause, "OOM");

/** A reply that is a list of texts, null where Redis gave nil. */
export const toList = (reply: unknown): readonly (string | null)[] | null =>
  Array.isArray(reply) ? reply.map((item: unknown) => (item === null ? null : String(item))) : null;

/** The end of a reply: who has asked for a cancel, and how much longer somebody looks. */
export function toOrders(
  cancel: string | null | undefined,
  attendedIn: string | null | undefined,
  at: number,
): Orders {
  return {
    cancelRequested: cancel ? (cancel as CancelReason) : null,
    attendedUntil: attendedIn === "always" ? Infinity : at + Number(attendedIn),
  };
}
