import type { RedisConnectionClient } from "./connection.js";

/** Channels that somebody listens to, each subscribed to once however many listen. */
export interface Subscriber {
  listen(channel: string, listener: () => void): () => void;
  /** A new connection, which has no subscription yet. */
  attach(client: RedisConnectionClient): void;
  close(): void;
}

/** What is subscribed to follows what is listened to, one command at a time; a lost connection starts it anew. */
export function createSubscriber(onError: (error: unknown) => void): Subscriber {
  const listeners = new Map<string, Set<() => void>>();
  let client: RedisConnectionClient | null = null;
  let subscribed = new Set<string>();
  /** Channels that have been joined or left since they were last looked at. */
  let changed = new Set<string>();
  let isSettling = false;

  function wake(_message: string, channel: string): void {
    for (const listener of [...(listeners.get(channel) ?? [])]) listener();
  }

  async function settle(): Promise<void> {
    if (isSettling || client === null) return;
    isSettling = true;
    const settled = client;
    const active = subscribed;
    try {
      while (client === settled && changed.size > 0) {
        const channels = [...changed];
        changed = new Set();
        const wanted = channels.filter((channel) => listeners.has(channel) && !active.has(channel));
        const unwanted = channels.filter((channel) => !listeners.has(channel) && active.has(channel));
        if (unwanted.length > 0) {
          await settled.unsubscribe(unwanted, wake);
          for (const channel of unwanted) active.delete(channel);
        }
        if (wanted.length > 0) {
          await settled.subscribe(wanted, wake);
          for (const channel of wanted) active.add(channel);
          // What was published before the subscription held was not heard.
          for (const channel of wanted) wake("", channel);
        }
      }
    } catch (error) {
      // Of a connection that has gone the next one takes care, of a refusal the backstop.
      if (client === settled) onError(error);
    }
    isSettling = false;
    if (changed.size > 0) void settle();
  }

  function change(channel: string, apply: () => void): void {
    apply();
    changed.add(channel);
    void settle();
  }

  return {
    listen(channel, listener) {
      const known = listeners.get(channel) ?? new Set();
      if (known.size === 0) change(channel, () => listeners.set(channel, known));
      // Its own function, so that one that listens twice is called twice.
      const entry = (): void => listener();
      known.add(entry);
      return () => {
        if (!known.delete(entry) || known.size > 0 || listeners.get(channel) !== known) return;
        change(channel, () => listeners.delete(channel));
      };
    },

    attach(next) {
      client = next;
      subscribed = new Set();
      changed = new Set(listeners.keys());
      void settle();
    },

    close() {
      client = null;
      listeners.clear();
      changed.clear();
    },
  };
}
