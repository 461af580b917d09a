import type { ServerResponse } from "node:http";
import { encodeFrame, HEARTBEAT_FRAME, PROTOCOL_VERSION, type RunStatus } from "@ai-progress-stream/protocol";
import type { Clock } from "../clock.js";
import { isPage, type Page } from "../store/run-store.js";
import type { Audience, Seat, Viewer } from "./audience.js";
import { encodePage } from "./frames.js";
import { streamHeaders } from "./headers.js";

export interface ViewerOptions {
  readonly audience: Audience;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** A viewer that takes no byte for this long is dropped, in milliseconds. */
  readonly stallMs: number;
  readonly onError: (error: unknown, run: string) => void;
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
  // It left while its request was looked at: "close" has been, and will not come again.
  if (res.destroyed || res.req.socket.destroyed) return;
  const { run, status, location } = view;
  const { clock, heartbeatMs } = options;
  res.writeHead(200, { ...streamHeaders, "Content-Location": location });
  res.write(
    encodeFrame({ type: "open", at: clock.now(), protocol: PROTOCOL_VERSION, run, status, heartbeatMs }),
  );
  new StreamViewer(res, view, options).start();
}

class StreamViewer implements Viewer {
  readonly #res: ServerResponse;
  readonly #options: ViewerOptions;
  readonly #run: string;
  readonly #seat: Seat;
  #cursor: number | null;
  /** The page that is on its way, and how much of it has gone. While it is held here, others are given the same. */
  #unsent: Page | null = null;
  #sentBytes = 0;
  #isLast = false;
  #isReading = false;
  #isWoken = false;
  #isOpen = true;
  /** The socket has not taken what it was given last. */
  #isBlocked = false;
  #callOffHeartbeat = (): void => {};
  #callOffStall = (): void => {};
  #letGo: (() => void) | null = null;

  constructor(res: ServerResponse, { run, cursor }: View, options: ViewerOptions) {
    this.#res = res;
    this.#options = options;
    this.#run = run;
    this.#cursor = cursor;
    this.#seat = options.audience.join(run, this);
  }

  /** After the constructor, in which nobody can wake it yet. */
  start(): void {
    const res = this.#res;
    res.on("drain", () => this.#goOn());
    // `req`'s own "close" fires as soon as its body is read.
    res.on("close", this.#close);
    res.on("error", this.#close);
    // A response that waits behind another on its connection is never told that the connection has closed.
    res.req.socket.on("close", this.#close);
    this.#beat();
    this.wake();
  }

  wake(): void {
    this.#isWoken = true;
    if (!this.#isReading) this.#pump();
  }

  drop(): void {
    this.#close();
    this.#res.destroy();
  }

  readonly #close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#callOffHeartbeat();
    this.#callOffStall();
    this.#res.req.socket.off("close", this.#close);
    this.#letGo?.();
    this.#seat.leave();
  };

  #beat(): void {
    const { clock, heartbeatMs } = this.#options;
    if (heartbeatMs <= 0) return;
    this.#callOffHeartbeat = clock.after(heartbeatMs, () => {
      if (this.#unsent === null && !this.#res.writableNeedDrain) this.#res.write(HEARTBEAT_FRAME);
      this.#beat();
    });
  }

  /** Reads as long as there may be news and the socket takes them. A store that answers at once is not waited for. */
  #pump(): void {
    try {
      while (this.#isOpen && this.#isWoken && !this.#isBlocked) {
        this.#isWoken = false;
        const answer = this.#seat.read(this.#cursor);
        if (!isPage(answer)) {
          this.#isReading = true;
          void answer.then((page) => this.#take(page)).catch((error: unknown) => this.#fail(error));
          return;
        }
        this.#send(answer);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(page: Page | null): void {
    this.#isReading = false;
    if (!this.#isOpen) return;
    this.#send(page);
    this.#pump();
  }

  /** The viewer reconnects, and reads again where it was; whoever woke it is not troubled. */
  #fail(error: unknown): void {
    this.#isReading = false;
    this.#options.onError(error, this.#run);
    this.drop();
  }

  #send(page: Page | null): void {
    if (page === null) {
      this.#finish();
      return;
    }
    if (page.kind === "snapshot") {
      this.#cursor = page.state.seq;
      this.#isLast = page.state.status !== "running";
      this.#letGo = this.#seat.hold(page);
    } else {
      this.#cursor = page.firstSeq + page.events.length - 1;
      this.#isLast = page.hasEnded;
      if (page.events.length === 0) {
        if (this.#isLast) this.#finish();
        return;
      }
    }
    this.#unsent = page;
    this.#sentBytes = 0;
    this.#sendSlices();
  }

  /** A long page goes out in slices, so that a slow viewer is seen to take something. */
  #sendSlices(): void {
    while (this.#unsent !== null) {
      const frames = encodePage(this.#run, this.#unsent);
      const isShort = frames.length <= SLICE_BYTES;
      const slice = isShort ? frames : frames.subarray(this.#sentBytes, this.#sentBytes + SLICE_BYTES);
      this.#sentBytes += slice.length;
      if (this.#sentBytes === frames.length) {
        this.#unsent = null;
        this.#letGo?.();
        this.#letGo = null;
      }
      if (!this.#res.write(slice)) {
        this.#awaitDrain();
        return;
      }
    }
    if (this.#isLast) this.#finish();
  }

  #awaitDrain(): void {
    const { clock, stallMs } = this.#options;
    this.#isBlocked = true;
    this.#callOffStall();
    // A response that waits behind another has no socket yet, and says nothing when it is destroyed.
    this.#callOffStall = clock.after(stallMs, () => this.drop());
  }

  /** The socket has taken all that it was given. */
  #goOn(): void {
    this.#isBlocked = false;
    this.#callOffStall();
    if (!this.#isOpen) return;
    this.#sendSlices();
    if (this.#unsent === null && !this.#isBlocked && !this.#isLast) this.wake();
  }

  #finish(): void {
    this.#close();
    this.#res.end();
  }
}
