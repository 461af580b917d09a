import { createClient, type RedisClientOptions } from "redis";
import type { RedisConnectionClient } from "./connection.js";

/** Options of the `redis` package that are the application's to set. What the store needs for itself is not among them. */
export type RedisOptions = Omit<
  RedisClientOptions,
  "url" | "keyPrefix" | "disableOfflineQueue" | "commandOptions" | "pingInterval" | "clientSideCache"
>;

/**
 * Makes clients that connect once and do not reconnect.
 * @throws TypeError where the URL cannot be one of Redis. It does not repeat the URL: that may hold a password.
 */
export function clientFactory(
  url: string,
  options: RedisOptions,
  connectTimeout: number,
): () => RedisConnectionClient {
  // The library writes what it reads from the URL into the options it is given.
  const open = () =>
    createClient({
      name: "ai-progress-stream",
      ...options,
      url,
      disableOfflineQueue: true,
      socket: { ...options.socket, connectTimeout, reconnectStrategy: false } as NonNullable<
        RedisClientOptions["socket"]
      >,
    }) as unknown as RedisConnectionClient;
  try {
    open().destroy();
  } catch {
    throw new TypeError(
      "The url of redisStore is not one of Redis. Give one like redis://user:password@host:6379/0.",
    );
  }
  return open;
}
