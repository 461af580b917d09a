import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "./problem.js";

/** Which pages of other origins may start, watch and cancel runs. */
export interface CorsOptions {
  /** Such as `"https://app.example"`, or `"*"` for every page there is, which excludes credentials. */
  readonly origins: readonly string[];
  /** Whether they may send cookies. @defaultValue false */
  readonly credentials?: boolean;
  /**
   * Request headers that their pages may send beyond those that the element sends and `Authorization`, such as
   * `"x-csrf-token"`. @defaultValue none
   */
  readonly headers?: readonly string[];
}

/** Who may come from where, for one server. */
export interface Cors {
  /** Sets what a browser wants to read on the answer. True: it was a preflight, and is answered. */
  answer(req: IncomingMessage, res: ServerResponse): boolean;
  /**
   * Refuses a browser's request that a page of an origin not allowed has sent. A client that is no browser sends
   * none of these headers and is let through: it has no cookies of somebody else's to abuse.
   * @throws Problem 403
   */
  check(req: IncomingMessage): void;
}

const ALLOWED = "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer";
const EXPOSED = "Content-Location, Location, Retry-After, Preference-Applied";

/** @throws TypeError for an origin that no browser sends, for `*` with credentials, and for what names no header */
export function createCors(options: CorsOptions = { origins: [] }): Cors {
  const { origins, credentials = false, headers = [] } = options;
  const isOpen = origins.includes("*");
  if (isOpen && credentials) {
    throw new TypeError(
      'cors: "*" with credentials would let every page act as its visitor. Name the origins.',
    );
  }
  for (const origin of origins) {
    if (origin !== "*" && !(URL.canParse(origin) && new URL(origin).origin === origin)) {
      throw new TypeError(
        `cors: "${origin}" is no origin. Write one as "https://app.example", without a path.`,
      );
    }
  }
  checkHeaders(headers);
  const preflightHeaders = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": [ALLOWED, ...headers].join(", "),
    // Chromium's most: two hours.
    "Access-Control-Max-Age": "7200",
  };
  const isAllowed = (origin: string): boolean => isOpen || origins.includes(origin);

  return {
    answer(req, res) {
      const { origin } = req.headers;
      // Set whether or not this request has an origin: a cache must not give one page's answer to another.
      if (origins.length > 0 && !isOpen) res.appendHeader("Vary", "Origin");
      if (origin !== undefined && isAllowed(origin)) {
        res.setHeader("Access-Control-Allow-Origin", isOpen ? "*" : origin);
        res.setHeader("Access-Control-Expose-Headers", EXPOSED);
        if (credentials) res.setHeader("Access-Control-Allow-Credentials", "true");
      }
      const isPreflight =
        req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
      if (!isPreflight || origin === undefined) return false;
      if (!isAllowed(origin)) throw refusal();
      res.writeHead(204, preflightHeaders).end();
      return true;
    },

    check(req) {
      const { origin } = req.headers;
      if (origin !== undefined && isAllowed(origin)) return;
      const site = req.headers["sec-fetch-site"];
      if (site === "same-origin" || site === "none") return;
      // Without Sec-Fetch-Site (plain http on a network, an old browser) the origin is compared with the host.
      if (site === undefined && (origin === undefined || hostOf(origin) === req.headers.host)) return;
      throw refusal();
    },
  };
}

const refusal = (): Problem =>
  new Problem("forbidden", {
    detail:
      "Requests from this origin are not allowed. Add it to cors.origins; a proxy in front must keep Host.",
  });

/** A token (RFC 9110, 5.1). */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

/** A star is none: it stands for every header, but not where cookies are sent. */
const isHeaderName = (name: unknown): boolean =>
  typeof name === "string" && name !== "*" && HEADER_NAME.test(name);

function checkHeaders(headers: readonly string[]): void {
  if (Array.isArray(headers) && headers.every(isHeaderName)) return;
  throw new TypeError(
    `cors.headers: ${JSON.stringify(headers)} is no list of header names. Write one as ["x-csrf-token"].`,
  );
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
