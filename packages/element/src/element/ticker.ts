import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Draws the host anew at each full second of a clock, as long as one is to be seen. */
export class Ticker implements ReactiveController {
  readonly #host: ReactiveControllerHost & Element;
  readonly #elapsed: () => number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param elapsed - What the clock shows, in milliseconds; null: no clock runs. */
  constructor(host: ReactiveControllerHost & Element, elapsed: () => number | null) {
    this.#host = host;
    this.#elapsed = elapsed;
    host.addController(this);
  }

  hostUpdated(): void {
    clearTimeout(this.#timer);
    // An update that was due when the host was removed comes after hostDisconnected.
    const elapsed = this.#host.isConnected ? this.#elapsed() : null;
    if (elapsed === null) return;
    this.#timer = setTimeout(() => this.#host.requestUpdate(), 1_000 - (elapsed % 1_000));
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    clearTimeout(this.#timer);
  }
}
