/**
 * A stage's id or an event's name: one line of text. Line breaks and NUL are what breaks out of a frame, a log line
 * or a file name, wherever such a name is used next.
 * @throws TypeError for any other
 */
export function checkName(what: string, name: string): string {
  if (typeof name === "string" && name !== "" && !/[\r\n\0\u2028\u2029]/.test(name)) return name;
  throw new TypeError(
    `The name of a ${what} is ${JSON.stringify(name)}. Give a text of one line, without line breaks or NUL.`,
  );
}
