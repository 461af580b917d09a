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
  /** Cuts what is open now. */
  cutNow(): void;
}

/** A cable between a client and `target` that can be cut. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let connections = 0;

  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(port), hostname);
    let passed = 0;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (proxy.isStalled) {
        upstream.pause();
        const timer = setInterval(() => {
          if (proxy.isStalled && !upstream.destroyed) return;
          clearInterval(timer);
          if (!client.destroyed) client.write(bytes);
          upstream.resume();
        }, 5);
        return;
      }
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
    });
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
    cutNow() {
      for (const socket of open) socket.resetAndDestroy();
    },
  };
  return proxy;
}
