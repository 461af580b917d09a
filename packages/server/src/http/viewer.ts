import type { ServerResponse } from "node:http";
import { encodeFrame, HEARTBEAT_FRAME, PROTOCOL_VERSION, type RunStatus } from "@ai-progress-stream/protocol";
import type { Clock } from "../clock.js";
import { isPage, type Page } from "../store/run-store.js";
import type { Audience } from "./audience.js";
import { encodePage } from "./frames.js";
import { streamHeaders } from "./headers.js";

export interface ViewerOptions {
  readonly audience: Audience;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** A viewer that takes no byte for this long is dropped, in milliseconds. */
  readonly stallMs: number;
  readonly onError: (error: unknown) => void;
}

export interface View {
  readonly run: string;
  readonly status: RunStatus;
  /** Number of the last event it has; null: it has nothing. */
  readonly cursor: number | null;
  /** Where the run can be attached to. */
  readonly location: string;
}

/** Handed to the socket at once; what comes after it waits until the socket has taken that. */
const SLICE_BYTES = 65_536;

/**
 * Streams one run to one response until the run ends or the viewer leaves. Events are pulled from the store at the
 * viewer's own pace: whoever reads slowly costs one page, and is caught up by a snapshot once the log has moved on.
 */
export function openViewer(res: ServerResponse, view: View, options: ViewerOptions): void {
  const { audience, clock, heartbeatMs, stallMs } = options;
  const { run } = view;
  const { socket } = res.req;
  // It left while its request was looked at: "close" has been, and will not come again.
  if (res.destroyed || socket.destroyed) return;
  let cursor = view.cursor;
  /** The page that is on its way, and how much of it has gone. While it is held here, others are given the same. */
  let unsent: Page | null = null;
  let sentBytes = 0;
  let isLast = false;
  let isReading = false;
  let isWoken = false;
  let isOpen = true;
  /** The socket has not taken what it was given last. */
  let isBlocked = false;
  let callOffHeartbeat = (): void => {};
  let callOffStall = (): void => {};
  let letGo = (): void => {};

  res.writeHead(200, { ...streamHeaders, "Content-Location": view.location });
  const { status } = view;
  res.write(
    encodeFrame({ type: "open", at: clock.now(), protocol: PROTOCOL_VERSION, run, status, heartbeatMs }),
  );

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    callOffHeartbeat();
    callOffStall();
    socket.off("close", close);
    letGo();
    seat.leave();
  }

  function heartbeat(): void {
    if (heartbeatMs <= 0) return;
    callOffHeartbeat = clock.after(heartbeatMs, () => {
      if (unsent === null && !res.writableNeedDrain) res.write(HEARTBEAT_FRAME);
      heartbeat();
    });
  }

  function wake(): void {
    isWoken = true;
    if (!isReading) pump();
  }

  /** Reads as long as there may be news and the socket takes them. A store that answers at once is not waited for. */
  function pump(): void {
    try {
      while (isOpen && isWoken && !isBlocked) {
        isWoken = false;
        const answer = seat.read(cursor);
        if (!isPage(answer)) {
          isReading = true;
          void answer.then(take).catch(fail);
          return;
        }
        send(answer);
      }
    } catch (error) {
      fail(error);
    }
  }

  function take(page: Page | null): void {
    isReading = false;
    if (!isOpen) return;
    send(page);
    pump();
  }

  /** The viewer reconnects, and reads again where it was; whoever woke it is not troubled. */
  function fail(error: unknown): void {
    isReading = false;
    options.onError(error);
    close();
    res.destroy();
  }

  function send(page: Page | null): void {
    if (page === null) {
      finish();
      return;
    }
    if (page.kind === "snapshot") {
      cursor = page.state.seq;
      isLast = page.state.status !== "running";
    } else {
      cursor = page.firstSeq + page.events.length - 1;
      isLast = page.hasEnded;
      if (page.events.length === 0) {
        if (isLast) finish();
        return;
      }
    }
    unsent = page;
    sentBytes = 0;
    if (page.kind === "snapshot") letGo = seat.hold(page);
    sendSlices();
  }

  /** A long page goes out in slices, so that a slow viewer is seen to take something. */
  function sendSlices(): void {
    while (unsent !== null) {
      const frames = encodePage(run, unsent);
      const slice = frames.subarray(sentBytes, sentBytes + SLICE_BYTES);
      sentBytes += slice.length;
      if (sentBytes === frames.length) {
        unsent = null;
        letGo();
        letGo = () => {};
      }
      if (!res.write(slice)) {
        awaitDrain();
        return;
      }
    }
    if (isLast) finish();
  }

  function awaitDrain(): void {
    isBlocked = true;
    callOffStall();
    callOffStall = clock.after(stallMs, () => res.destroy());
  }

  function finish(): void {
    close();
    res.end();
  }

  res.on("drain", () => {
    isBlocked = false;
    callOffStall();
    if (!isOpen) return;
    sendSlices();
    if (unsent === null && !isBlocked && !isLast) wake();
  });
  // `req`'s own "close" fires as soon as its body is read.
  res.on("close", close);
  res.on("error", close);
  // A response that waits behind another on its connection is never told that the connection has closed.
  socket.on("close", close);

  const seat = audience.join(run, {
    wake,
    drop() {
      close();
      res.destroy();
    },
  });
  heartbeat();
  wake();
}
