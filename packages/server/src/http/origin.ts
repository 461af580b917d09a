import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.js";

/**
 * Refuses a browser's request that a page of another origin sent. A client that is no browser sends none of these
 * headers and is let through: it has no cookies of somebody else's to abuse.
 * @throws Problem 403
 */
export function checkOrigin(req: IncomingMessage, allowedOrigins: readonly string[]): void {
  const origin = req.headers.origin;
  if (origin !== undefined && allowedOrigins.includes(origin)) return;
  const site = req.headers["sec-fetch-site"];
  if (site === "same-origin" || site === "none") return;
  // Without Sec-Fetch-Site (plain http on a network, an old browser) the origin is compared with the host.
  if (site === undefined && (origin === undefined || hostOf(origin) === req.headers.host)) return;
  throw new Problem("forbidden", {
    detail: "Requests from this origin are not allowed. Add it to allowedOrigins to let it in.",
  });
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
