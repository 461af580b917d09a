import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { RunFailure } from "../run/failure.js";
import type { UpstreamRequest } from "./provider.js";
import type { Watchdog } from "./timeouts.js";

/** Connections to upstreams, kept for the next request. */
export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  close(): void;
}

/** A free socket is let go after 4 s, before the 5 s at which many servers close it while a request is on its way. */
const FREE_SOCKET_MS = 4_000;

export function createConnections(): Connections {
  const options = { keepAlive: true, scheduling: "lifo", timeout: FREE_SOCKET_MS } as const;
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  return {
    http,
    https,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

/** The connection was never made, so the request was never accepted: it may be sent again. */
export class ConnectionRefused extends Error {
  override readonly name = "ConnectionRefused";
}

/** Failures of a connection that happen before anything of a request is sent. */
const REFUSALS = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/**
 * Sends one request and resolves with its response once the headers are there. node:http rather than `fetch`:
 * it tells the connect from the answer, follows no redirect (one would carry the key and the prompt along), and
 * costs half per chunk.
 */
export function exchange(
  request: UpstreamRequest,
  connections: Connections,
  watchdog: Pick<Watchdog, "expect">,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { method = "POST" } = request;
  const body = method === "GET" ? null : Buffer.from(JSON.stringify(request.body ?? {}));
  const isTls = request.url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const call = (isTls ? httpsRequest : httpRequest)(request.url, {
      method,
      agent: isTls ? connections.https : connections.http,
      headers: {
        accept: "text/event-stream, application/x-ndjson, application/json",
        "accept-encoding": "identity",
        ...request.headers,
        ...(body === null ? {} : { "content-type": "application/json", "content-length": body.length }),
      },
    });
    // The signal is this call's own, so the listener goes with it; `options.signal` costs ten times as much.
    if (signal.aborted) call.destroy();
    else signal.addEventListener("abort", () => call.destroy(), { once: true });
    let hasConnected = false;
    watchdog.expect("connectMs");
    call.on("socket", (socket: Socket) => {
      const onConnected = (): void => {
        hasConnected = true;
        watchdog.expect("firstByteMs");
      };
      if (!socket.connecting) return onConnected();
      socket.once(isTls ? "secureConnect" : "connect", onConnected);
    });
    // All that Node tells of an answer of 101 (RFC 9110, 15.2.2), which nobody here has asked for.
    const onClosed = (): void => {
      const cause = new Error("The connection was closed, or changed its protocol, without an answer.");
      reject(new RunFailure("upstream_unavailable", undefined, { cause }));
    };
    call.on("close", onClosed);
    call.on("response", (response) => {
      call.off("close", onClosed);
      resolve(response);
    });
    call.on("error", (error: NodeJS.ErrnoException) => {
      if (signal.aborted) return reject(signal.reason);
      if (!hasConnected && REFUSALS.has(error.code ?? "")) {
        return reject(new ConnectionRefused("The upstream refused the connection.", { cause: error }));
      }
      reject(new RunFailure("upstream_unavailable", undefined, { cause: error }));
    });
    call.end(body ?? undefined);
  });
}

/** Reads a body that is expected to be short; what is past `maxBytes`, or did not come, is left out. */
export async function readShort(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) break;
    }
  } catch {
    // It broke off. Whose words they are is known from its status.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}
