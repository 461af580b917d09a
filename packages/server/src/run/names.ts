/** A stage's id or an event's name is no longer than this; what is longer in somebody else's stream is cut. */
export const MAX_NAME_CHARS = 200;
/** The same of what is said of a stage or a run, for a person to read. */
export const MAX_MESSAGE_CHARS = 2_000;

/**
 * A stage's id or an event's name: one line of text. Line breaks and NUL are what breaks out of a frame, a log line
 * or a file name, wherever such a name is used next.
 * @throws TypeError for any other
 */
export function checkName(what: string, name: string): string {
  const isText = typeof name === "string" && name !== "";
  if (isText && name.length <= MAX_NAME_CHARS && !/[\r\n\0\u2028\u2029]/.test(name)) return name;
  throw new TypeError(
    `The name of a ${what} is ${clip(JSON.stringify(name) ?? "undefined", MAX_NAME_CHARS)}. Give a text of one line, of ${MAX_NAME_CHARS} characters at the most, without line breaks or NUL.`,
  );
}

/** Not longer than `max`, and never with half of a surrogate pair. */
export const clip = (text: string, max: number): string =>
  (text.length > max ? `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…` : text).toWellFormed();
