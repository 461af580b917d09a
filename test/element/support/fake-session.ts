import type { Session, SessionOptions, SessionStatus } from "@ai-progress-stream/element/element";
import { initialState, type LoggedEvent, type RunEvent, reduce } from "@ai-progress-stream/protocol";

/** What a test does with an event: its time may be left out. */
type Untimed<E> = E extends { readonly at: number } ? Omit<E, "at"> & { readonly at?: number } : E;
export type FakeEvent = Untimed<LoggedEvent>;

export interface FakeSession extends Session {
  readonly options: SessionOptions;
  /** What was asked of it, in order: `["start", input]`, `["cancel", reason]`, … */
  readonly calls: readonly (readonly [string, unknown?])[];
  /** What resume() finds, and what that run was started with. */
  isResumable: boolean;
  input: unknown;
  /** Changes the status and tells about it. */
  set(change: Partial<SessionStatus>): void;
  /** Opens the connection and feeds these events through it. */
  emit(...events: readonly FakeEvent[]): void;
  /** Replaces the state, as a server does for a viewer that comes late. */
  snapshot(...events: readonly FakeEvent[]): void;
}

export const RUN = "run_0123456789abcdefghijkl";

/** A session that does what the test says, at once, and nothing else. */
export function createFakeSession(options: SessionOptions = { action: "/fake" }): FakeSession {
  const calls: [string, unknown?][] = [];
  const listeners = new Set<(status: SessionStatus) => void>();
  const eventListeners = new Set<(event: RunEvent, status: SessionStatus) => void>();
  const endings = new Set<(status: SessionStatus) => void>();
  let status: SessionStatus = idle();

  function set(change: Partial<SessionStatus>): void {
    status = { ...status, ...change };
    for (const listener of [...listeners]) listener(status);
    if (status.phase !== "ended") return;
    for (const resolve of endings) resolve(status);
    endings.clear();
  }
  function handle(event: RunEvent): void {
    const state = reduce(status.state, event);
    const hasEnded = state.status !== "running";
    set({ phase: hasEnded ? "ended" : "open", state, retry: null, lostAt: null, isResumable: !hasEnded });
    for (const listener of [...eventListeners]) listener(event, status);
  }
  const timed = (event: FakeEvent): LoggedEvent => ({ at: Date.now(), ...event }) as LoggedEvent;
  const ended = (): Promise<SessionStatus> => new Promise((resolve) => endings.add(resolve));

  const session: FakeSession = {
    options,
    calls,
    isResumable: false,
    get status() {
      return status;
    },
    input: undefined,
    set,
    emit(...events) {
      if (events.length === 0) set({ phase: "open" });
      for (const event of events) handle(timed(event));
    },
    snapshot(...events) {
      const state = events.map(timed).reduce(reduce, initialState(RUN, Date.now()));
      handle({ type: "snapshot", at: Date.now(), state });
    },
    start(input) {
      calls.push(["start", input]);
      set({ ...idle(), phase: "connecting", state: initialState(RUN) });
      return ended();
    },
    attach(run) {
      calls.push(["attach", run]);
      set({ ...idle(), phase: "connecting" });
      return ended();
    },
    consume(source) {
      calls.push(["consume", source]);
      set({ ...idle(), phase: "connecting" });
      return ended();
    },
    async resume() {
      calls.push(["resume"]);
      if (session.isResumable) set({ phase: "connecting", error: null });
      return session.isResumable;
    },
    async cancel(reason) {
      calls.push(["cancel", reason]);
      set({ phase: "cancelling" });
    },
    retryNow() {
      calls.push(["retryNow"]);
    },
    detach() {
      calls.push(["detach"]);
    },
    reset() {
      calls.push(["reset"]);
      set(idle());
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onEvent(listener) {
      eventListeners.add(listener);
      return () => void eventListeners.delete(listener);
    },
    events() {
      throw new Error("the element does not iterate");
    },
  };
  return session;
}

const idle = (): SessionStatus => ({
  phase: "idle",
  state: initialState(""),
  error: null,
  retry: null,
  lostAt: null,
  isResumable: false,
});
