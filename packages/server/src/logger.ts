/** What is logged goes here, in pino's shape: an object of fields, then a message. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

/** Warnings and errors to stderr, one line of JSON each; nothing else. */
export const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

function write(level: string, fields: object, message: string | undefined): void {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
}

/** An unknown thrown value as fields of a log line. Never throws, whatever the value does when it is read. */
export function describeError(error: unknown): { name: string; detail: string; stack?: string } {
  try {
    if (!(error instanceof Error)) return { name: typeof error, detail: String(error) };
    const { name, message, stack } = error;
    return { name: String(name), detail: String(message), ...(stack === undefined ? {} : { stack }) };
  } catch {
    return { name: typeof error, detail: "What was thrown cannot be read." };
  }
}

/**
 * A logger whose fields have passed through `redact`, however they came to hold what they hold. It never throws: whoever is
 * in the middle of something else is not to fail for a log.
 */
export function redactingLogger(logger: Logger, redact: (text: string) => string): Logger {
  const clean = (fields: object): object =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "string" ? redact(value) : value,
      ]),
    );
  const through =
    (level: keyof Logger) =>
    (fields: object, message?: string): void => {
      try {
        logger[level](clean(fields), message);
      } catch {}
    };
  return { debug: through("debug"), info: through("info"), warn: through("warn"), error: through("error") };
}
