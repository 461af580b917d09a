import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../clock.js";
import { Problem } from "./problem.js";

export interface BodyRules {
  readonly maxBodyBytes: number;
  /** From the first look at it to its last byte. */
  readonly bodyTimeoutMs: number;
  readonly clock: Clock;
}

type BodyRequest = IncomingMessage & { readonly body?: unknown };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The request's JSON body: what `express.json()` left, else read here, or from the bytes that `express.raw()` left.
 * @throws Problem 415, 413, 408, 400
 */
export async function readJsonBody(req: BodyRequest, rules: BodyRules): Promise<unknown> {
  const contentType = (req.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  // Exactly this one: a page of another origin cannot send it without asking first (a CORS preflight).
  if (contentType !== "application/json") {
    throw new Problem("invalid_input", {
      status: 415,
      detail: "Send the input as JSON, with Content-Type: application/json.",
    });
  }
  // A string is left as it is: whether it is text or a JSON string that was parsed, nobody can tell.
  if (req.body !== undefined && req.readableEnded && !(req.body instanceof Uint8Array)) {
    dropProto(req.body);
    return req.body;
  }
  const bytes = await readBytes(req, rules);
  try {
    return parseSafely(utf8.decode(bytes));
  } catch {
    throw new Problem("invalid_input", {
      detail: "The body is not valid JSON. Send one JSON value in UTF-8.",
    });
  }
}

/** A byte a second is no body, and holds a connection and its buffers: the whole of it has one deadline. */
async function readBytes(req: BodyRequest, rules: BodyRules): Promise<Uint8Array> {
  const { maxBodyBytes, bodyTimeoutMs, clock } = rules;
  const tooLarge = (): Problem =>
    new Problem("invalid_input", {
      status: 413,
      detail: `The body is too large. The limit is ${maxBodyBytes} bytes.`,
    });
  if (Number(req.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  // Somebody in front has read it, or the client has gone in the meantime: nothing more will come.
  if (req.readableEnded) {
    const left = req.body instanceof Uint8Array ? req.body : Buffer.alloc(0);
    if (left.length > maxBodyBytes) throw tooLarge();
    return left;
  }
  const brokeOff = (): Problem => new Problem("invalid_input", { detail: "The body broke off." });
  if (req.destroyed) throw brokeOff();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooSlow = (): Problem =>
      new Problem("overloaded", {
        status: 408,
        detail: `The body did not arrive within ${bodyTimeoutMs / 1000} s.`,
      });
    const settle = (act: () => void): void => {
      callOff();
      req.off("data", take).off("end", finish).off("error", leave).off("close", leave);
      act();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const finish = (): void => settle(() => resolve(Buffer.concat(chunks)));
    // A client that leaves in the middle is no failure of ours, and nobody hears the answer.
    const leave = (): void => fail(brokeOff());
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBodyBytes) fail(tooLarge());
      else chunks.push(chunk);
    };
    const callOff = clock.after(bodyTimeoutMs, () => fail(tooSlow()));
    req.on("data", take).on("end", finish).on("error", leave).on("close", leave);
  });
}

/** How long the sender of a body that nobody wants has to read the answer, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Lets a body that is refused pass by, unless it is gone or through. A connection that is closed while its sender still
 * sends is reset, and takes the answer with it: behind nginx that is a 502. What is past `maxBytes` is not read: its sender
 * has the answer, and some time to read it.
 */
export function passBy(req: IncomingMessage, clock: Clock, maxBytes: number): Promise<void> {
  return new Promise((resolve) => {
    if (req.destroyed) return resolve();
    let size = 0;
    const finish = (): void => {
      callOff();
      req.off("data", count).off("end", finish).off("error", finish).off("close", finish);
      resolve();
    };
    const count = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) req.pause();
    };
    const callOff = clock.after(LINGER_MS, finish, { ref: false });
    req.on("data", count).on("end", finish).on("error", finish).on("close", finish);
    req.resume();
  });
}

/** A job that merges its input into an object would change that one's prototype by it. */
const PROTO = "__proto__";

/**
 * Of what somebody else has parsed, whatever it holds: a set is walked without a stack, and ends where the body comes back
 * to itself.
 */
function dropProto(body: unknown): void {
  const objects = new Set([body].filter(isObject));
  for (const object of objects) {
    if (Object.hasOwn(object, PROTO)) Reflect.deleteProperty(object, PROTO);
    for (const value of Object.values(object)) if (isObject(value)) objects.add(value);
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value);

/** Without any `__proto__` in it. */
function parseSafely(text: string): unknown {
  // Any letter of the name may be written as an escape.
  if (!/__proto__|\\u/i.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value: unknown) => (key === PROTO ? undefined : value));
}

/**
 * The same for the same JSON, whatever the order of its fields.
 * @throws Problem 400 for one that is nested deeper than the stack
 */
export function fingerprintOf(body: unknown): string {
  try {
    return createHash("sha256").update(canonicalJson(body)).digest("base64url");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem("invalid_input", { detail: "The body is nested too deeply." });
  }
}

function canonicalJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, field: unknown) => {
      if (typeof field !== "object" || field === null || Array.isArray(field)) return field;
      return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)));
    });
  } catch (error) {
    // JSON.parse takes any depth, JSON.stringify what the stack holds.
    if (!(error instanceof RangeError)) throw error;
    throw new Problem("invalid_input", { detail: "The body is nested too deeply." });
  }
}
