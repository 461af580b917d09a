import { initialState, type RunError, type RunEvent, runError } from "@ai-progress-stream/protocol";
import type { StreamSource } from "./consumption.js";
import { createSession, type Session, type SessionOptions, type SessionStatus } from "./session.js";

/** What a component of a framework gives its session. */
export interface AiProgressOptions extends SessionOptions {
  /** Called with each event as it is handled, the application's own among them. */
  readonly onEvent?: (event: RunEvent, status: SessionStatus) => void;
}

/** What a component can do with its session. Each of them stays the same function for the component's life. */
export interface AiProgressActions {
  /** Starts a run. Resolves when it has ended or was given up; rejects while a run is under way. */
  start(input?: unknown): Promise<SessionStatus>;
  /** Attaches to a run by its URL or its id. */
  attach(run: string): Promise<SessionStatus>;
  /** Reads a stream that the page has opened itself. */
  consume(source: StreamSource): Promise<SessionStatus>;
  /** Asks the server to cancel, and waits for its word. As a component goes, its run can still be stopped. */
  cancel(reason?: string): Promise<void>;
  /** Goes on with the run that was given up, or that `persistence` remembers. False: there is none. */
  resume(): Promise<boolean>;
  /** Cuts the wait before the next attempt short. */
  retryNow(): void;
  /** Back to idle. The run, if one is under way, is let go of and not cancelled. */
  reset(): void;
}

/** A session for the life of a component: made when it is first needed, so that nothing is made on a server. */
export interface SessionHolder extends AiProgressActions {
  options: AiProgressOptions | null;
  /** How things stood at the last frame. */
  getStatus(): SessionStatus;
  /** Calls back when that has changed: text at most once a frame, all else at once. */
  subscribe(listener: () => void): () => void;
  /** The component is there. Gives what is to be called when it is no more. */
  mount(): () => void;
}

const IDLE: SessionStatus = {
  phase: "idle",
  state: initialState(""),
  error: null,
  retry: null,
  lostAt: null,
  isResumable: false,
};
/** A hidden page gets no frames. */
const HIDDEN_FRAME_MS = 250;

export const isBusy = ({ phase }: SessionStatus): boolean => phase !== "idle" && phase !== "ended";
export const errorOf = ({ error, state }: SessionStatus): RunError | null => error ?? state.error;

export function createSessionHolder(): SessionHolder {
  const listeners = new Set<() => void>();
  let session: Session | null = null;
  let fingerprint = "";
  let newest = IDLE;
  let told = IDLE;
  let endSubscriptions = (): void => {};
  let cancelFrame: (() => void) | null = null;
  let wasLive = false;
  let isMounted = false;
  let isGone = false;

  function tell(): void {
    cancelFrame?.();
    cancelFrame = null;
    if (told === newest) return;
    told = newest;
    for (const listener of [...listeners]) listener();
  }

  function take(status: SessionStatus): void {
    const isUrgent = status.phase !== newest.phase || status.state.status !== newest.state.status;
    newest = status;
    if (isUrgent) tell();
    else cancelFrame ??= onFrame(tell);
  }

  /**
   * The session of the options as they are now; the last one, where they have not changed, a run is under way, or its
   * run is the one that is meant.
   */
  function use(isMeant = false): Session {
    const { options } = holder;
    // Nobody would close what is opened now.
    if (isGone) throw new Error("The component is no longer there.");
    if (options === null) throw new Error("The component is not there yet.");
    const print = fingerprintOf(options);
    if (session && (isMeant || print === fingerprint || isBusy(session.status))) return session;
    endSubscriptions();
    fingerprint = print;
    const made = createSession({
      ...options,
      // Asked anew at each attempt, so that those of the newest options count.
      headers: () => {
        const { headers = {} } = holder.options ?? {};
        return typeof headers === "function" ? headers() : headers;
      },
    });
    const endings = [
      made.subscribe(take),
      made.onEvent((event, status) => holder.options?.onEvent?.(event, status)),
    ];
    endSubscriptions = () => {
      for (const end of endings) end();
    };
    session = made;
    return made;
  }

  async function act<T>(does: (session: Session) => Promise<T>, isMeant = false): Promise<T> {
    // The effects of a component's children run before its own, and the run that it finds again comes first.
    if (!isMounted) await null;
    return does(use(isMeant));
  }

  /** A component that only stayed away for a moment, as in React's strict mode, goes on where it was. */
  async function goOn(): Promise<void> {
    const live = use(true);
    if (await live.resume()) return;
    const { phase, state, error } = live.status;
    const isLost = phase === "ended" && error === null && state.status === "running";
    if (live === session && isLost) take({ ...live.status, error: runError("run_lost") });
  }

  const holder: SessionHolder = {
    options: null,
    getStatus: () => told,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    mount() {
      isMounted = true;
      isGone = false;
      if (wasLive) void goOn();
      else if (holder.options?.persistence) void use().resume();
      wasLive = false;
      return () => {
        isMounted = false;
        isGone = true;
        wasLive = session !== null && isBusy(session.status);
        session?.detach();
      };
    },
    start: (input) => act((made) => made.start(input)),
    attach: (run) => act((made) => made.attach(run)),
    consume: (source) => act((made) => made.consume(source)),
    cancel: async (reason) => session?.cancel(reason),
    resume: () => act((made) => made.resume(), session?.status.isResumable),
    retryNow: () => session?.retryNow(),
    reset: () => session?.reset(),
  };
  return holder;
}

/**
 * Of what is written into a component anew at each rendering, only a change of value makes another session. Headers are no
 * part of it: under a new token the run is the same.
 */
function fingerprintOf(options: AiProgressOptions): string {
  return JSON.stringify({
    ...options,
    headers: undefined,
    dialect: options.dialect && nameOf(options.dialect),
    persistence: options.persistence?.name,
  });
}

const nameOf = (dialect: NonNullable<AiProgressOptions["dialect"]>): string =>
  "name" in dialect ? dialect.name : "auto";

function onFrame(callback: () => void): () => void {
  if (globalThis.document?.hidden === false) {
    const frame = requestAnimationFrame(callback);
    return () => cancelAnimationFrame(frame);
  }
  const timer = setTimeout(callback, HIDDEN_FRAME_MS);
  return () => clearTimeout(timer);
}
