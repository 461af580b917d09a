/** Words that look like a key, whoever's it is: an upstream may quote one that we do not know of. */
const KEY_LIKE =
  /\b(?:sk|pk|rk|key|gsk|xai|hf|AIza)[-_][A-Za-z0-9_-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S{8,}/gi;

/** A text without the given values, and without what looks like a key. */
export function redact(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) {
    if (secret !== "") safe = withoutStart(safe.replaceAll(secret, "[redacted]"), secret);
  }
  return safe.replace(KEY_LIKE, "[redacted]");
}

/** Fewer characters of a secret give nothing away, and may be there by chance. */
const MIN_START = 4;

/** A text that was cut short may end in the middle of a secret. */
function withoutStart(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= MIN_START; length--) {
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}[redacted]`;
  }
  return text;
}
