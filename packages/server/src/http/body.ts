import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.js";

/**
 * The request's JSON body: what `express.json()` left, else read here.
 * @throws Problem 415, 413, 400
 */
export async function readJsonBody(
  req: IncomingMessage & { body?: unknown },
  maxBytes: number,
): Promise<unknown> {
  const contentType = (req.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  // Exactly this one: a page of another origin cannot send it without asking first (a CORS preflight).
  if (contentType !== "application/json") {
    throw new Problem("invalid_input", {
      status: 415,
      detail: "Send the input as JSON, with Content-Type: application/json.",
    });
  }
  if (req.body !== undefined && req.readableEnded) return req.body;
  const tooLarge = new Problem("invalid_input", {
    status: 413,
    detail: `The body is too large. The limit is ${maxBytes} bytes.`,
  });
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    // A client that leaves in the middle is no failure of ours, and nobody hears the answer.
    throw error === tooLarge ? error : new Problem("invalid_input", { detail: "The body broke off." });
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new Problem("invalid_input", {
      detail: "The body is not valid JSON. Send one JSON value in UTF-8.",
    });
  }
}

/**
 * The same for the same JSON, whatever the order of its fields.
 * @throws Problem 400 where it is nested too deeply
 */
export function fingerprintOf(body: unknown): string {
  return createHash("sha256").update(canonicalJson(body)).digest("base64url");
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
