/** Words that look like a key, whoever's it is: an upstream may quote one that we do not know of. */
const KEY_LIKE =
  /\b(?:sk|pk|rk|key|gsk|xai|hf|AIza)[-_][A-Za-z0-9_-]{8,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+\S{8,}/gi;

/**
 * What a local server takes for a key ("x", "any") is none, and taking it out would leave nothing to read; so few
 * characters of a longer one may be there by chance.
 */
const MIN_CHARS = 4;

/** A text without the given values in any of the forms that they are sent in, and without what looks like a key. */
export function redact(text: string, secrets: Iterable<string>): string {
  let safe = text;
  // The longest first: of one that holds another the rest would be left.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length < MIN_CHARS) continue;
    for (const form of formsOf(secret)) safe = withoutStart(safe.replaceAll(form, "[redacted]"), form);
  }
  return safe.replace(KEY_LIKE, "[redacted]");
}

function formsOf(secret: string): Set<string> {
  const base64 = Buffer.from(secret).toString("base64");
  return new Set([
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    base64,
    base64.replace(/=+$/, ""),
    Buffer.from(secret).toString("base64url"),
  ]);
}

/** A text that was cut short may end in the middle of a secret. */
function withoutStart(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= MIN_CHARS; length--) {
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}[redacted]`;
  }
  return text;
}
