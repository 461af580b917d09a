import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface TcpProxy {
  /** What a client connects to instead of the target. */
  readonly origin: string;
  /** Connections so far. */
  readonly connections: number;
  /** Bytes of responses to let through, per connection, before it is cut; Infinity: all. */
  cutAfterBytes: number;
  /** How a cut looks: an orderly end, or a reset. */
  cutBy: "end" | "reset";
  /** True: what the server sends is held back (and the connection stays). */
  isStalled: boolean;
  /**
   * How much later a response's bytes arrive than they were sent, in milliseconds, those that are under way included.
   * Their order stays.
   */
  delayMs: number;
  /** Bytes of responses that are let through every 5 ms, per connection; Infinity: all. */
  bytesPerTick: number;
  /** Whether what a client sends is passed on; else it is lost. */
  passes: (bytes: Buffer) => boolean;
  /** Cuts what is open now. */
  cutNow(): void;
}

/** How often a cable that holds something back is looked at. */
const TICK_MS = 5;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A cable between a client and `target` that can be cut, and be slow. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let connections = 0;

  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(port), hostname);
    /** What is under way, one after the other. */
    let passing = Promise.resolve();
    let passed = 0;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
    }
    client.on("close", () => {
      open.delete(client);
      upstream.destroy();
    });
    // What the server has sent before it closed is still under way.
    upstream.on("close", () => {
      open.delete(upstream);
      void passing.then(() => client.end());
    });
    client.on("data", (bytes: Buffer) => {
      if (proxy.passes(bytes)) upstream.write(bytes);
    });
    upstream.on("data", (bytes: Buffer) => {
      const sentAt = performance.now();
      const isThrottled = proxy.bytesPerTick !== Infinity;
      // A delay is no lack of room, and holds the server up no more than a long cable does.
      if (isThrottled || proxy.isStalled) upstream.pause();
      passing = passing.then(async () => {
        const isDue = (): boolean => !proxy.isStalled && performance.now() >= sentAt + proxy.delayMs;
        while (!isDue() && !client.destroyed) await pause(TICK_MS);
        for (let at = 0; at < bytes.length && !client.destroyed; ) {
          const piece = bytes.subarray(at, at + proxy.bytesPerTick);
          at += piece.length;
          pass(piece);
          if (at < bytes.length || isThrottled) await pause(TICK_MS);
        }
        upstream.resume();
      });
    });

    function pass(bytes: Buffer): void {
      const left = proxy.cutAfterBytes - passed;
      passed += bytes.length;
      if (bytes.length < left) {
        client.write(bytes);
        return;
      }
      const part = bytes.subarray(0, left);
      if (proxy.cutBy === "reset") {
        client.write(part, () => client.resetAndDestroy());
      } else {
        client.end(part);
      }
      upstream.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  const proxy: TcpProxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections;
    },
    cutAfterBytes: Infinity,
    cutBy: "end",
    isStalled: false,
    delayMs: 0,
    bytesPerTick: Infinity,
    passes: () => true,
    cutNow() {
      for (const socket of open) socket.resetAndDestroy();
    },
  };
  return proxy;
}
