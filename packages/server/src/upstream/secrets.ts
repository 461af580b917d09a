import { redact } from "./redact.js";

/** What must not appear in any line of this server's log. */
export interface Secrets {
  add(secrets: readonly string[]): void;
  redact(text: string): string;
}

/** Tokens that are fetched anew for each call are forgotten in the order in which they came. */
const MAX_SECRETS = 1_000;

export function createSecrets(): Secrets {
  const known = new Set<string>();
  return {
    add(secrets) {
      for (const secret of secrets) known.add(secret);
      for (const oldest of known) {
        if (known.size <= MAX_SECRETS) break;
        known.delete(oldest);
      }
    },
    redact: (text) => redact(text, known),
  };
}
