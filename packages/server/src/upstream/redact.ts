/** Words that look like a key, whoever's it is: an upstream may quote one that we do not know of. */
const KEY_LIKE =
  /\b(?:sk|pk|rk|key|gsk|xai|hf|AIza)[-_][A-Za-z0-9_-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S{8,}/gi;

/** A text without the given values, and without what looks like a key. */
export function redact(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) {
    if (secret !== "") safe = safe.replaceAll(secret, "[redacted]");
  }
  return safe.replace(KEY_LIKE, "[redacted]");
}
