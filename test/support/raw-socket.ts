import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface RawSocket {
  readonly socket: Socket;
  /** All bytes so far, as Latin-1. */
  received(): string;
  readonly closed: Promise<void>;
}

/** A connection on which the test itself writes the HTTP; gone when the test is over. */
export function rawSocket(url: string, options: { readonly isPaused?: boolean } = {}): RawSocket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.on("error", () => {});
  if (options.isPaused) socket.pause();
  else {
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      received += chunk;
    });
  }
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  onTestFinished(() => void socket.destroy());
  return { socket, received: () => received, closed };
}

/** A request as it goes over the wire. */
export function httpRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string | number>> = {},
  body = "",
): string {
  const lines = Object.entries({ host: "x", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** The headers of a JSON body of two bytes, such as `{}`. */
export const twoBytesOfJson = { "content-type": "application/json", "content-length": 2 } as const;
