import {
  type Clock,
  createSession,
  type PersistedSession,
  type Session,
  type SessionOptions,
  type SessionPersistence,
  type SessionStatus,
} from "@ai-progress-stream/element/client";
import { expect } from "chai";
import { stateAfter, wholeLog } from "../backend/log.js";
import type { Call, Run } from "../backend/room.js";

export interface Sight {
  readonly calls: readonly Call[];
  readonly runs: readonly Run[];
  readonly open: number;
}

/** An endpoint that fails in one way, and the session in front of it. */
export interface Scene {
  readonly action: string;
  readonly session: Session;
  /** Another session in front of the same endpoint. */
  another(options?: Partial<SessionOptions>): Session;
  /** What the server has seen. */
  seen(): Promise<Sight>;
  release(): Promise<void>;
  /** Cuts what connections there are. */
  cut(): Promise<void>;
}

const live = new Set<Session>();

/** Lets go of what a test has left open. */
export function leaveScenes(): void {
  for (const session of live) session.detach();
  live.clear();
}

export function scene(fault: string, options: Partial<SessionOptions> = {}): Scene {
  const room = crypto.randomUUID();
  const action = `/api/${fault}/${room}`;
  const another = (more: Partial<SessionOptions> = {}): Session => {
    const session = createSession({ action, backoff: { baseMs: 1, capMs: 4 }, ...options, ...more });
    live.add(session);
    return session;
  };
  const order = async (what: string): Promise<void> => {
    await fetch(`/api/rooms/${room}/${what}`, { method: "POST" });
  };
  return {
    action,
    session: another(),
    another,
    seen: async () => (await fetch(`/api/rooms/${room}`)).json(),
    release: () => order("release"),
    cut: () => order("cut"),
  };
}

/** Resolves with the first status that fits, be it the present one. */
export function reaches(
  session: Session,
  condition: (status: SessionStatus) => boolean,
): Promise<SessionStatus> {
  if (condition(session.status)) return Promise.resolve(session.status);
  return new Promise((resolve) => {
    const leave = session.subscribe((status) => {
      if (!condition(status)) return;
      leave();
      resolve(status);
    });
  });
}

/** Starts, and cuts the connection once the first text is there. */
export async function startAndCut({ session, cut }: Scene, input?: unknown): Promise<SessionStatus> {
  const result = session.start(input);
  await reaches(session, hasText);
  await cut();
  return result;
}

export const hasText = (status: SessionStatus): boolean => status.state.text !== "";

/** Resolves once the condition holds; the test's own time limit ends the wait. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function expectWhole(status: SessionStatus): void {
  expect(status.error).to.equal(null);
  expect(status.phase).to.equal("ended");
  expect(status.state).to.deep.equal(stateAfter(status.state.run, wholeLog));
}

/** The text of the first events, up to which most faults let a run come. */
export const heldText = "Grüße, ";

export function memoryPersistence(): SessionPersistence & { kept: PersistedSession | null; saves: number } {
  return {
    kept: null,
    saves: 0,
    load() {
      return this.kept;
    },
    save(session) {
      this.kept = session;
      this.saves++;
    },
    clear() {
      this.kept = null;
    },
  };
}

/** For a test to put its own time or timers into. */
export const realClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as number),
};

/** Time that stands still unless it is moved on, which runs what comes due. */
export function standingClock(): Clock & { advance(ms: number): void } {
  let now = Date.now();
  const timers = new Map<unknown, { readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    setTimeout(run, ms) {
      const handle = Symbol();
      timers.set(handle, { at: now + ms, run });
      return handle;
    },
    clearTimeout: (handle) => void timers.delete(handle),
    advance(ms) {
      now += ms;
      for (const [handle, { at, run }] of [...timers]) if (at <= now && timers.delete(handle)) run();
    },
  };
}

/** Plays the tab's being hidden or shown. */
export function setHidden(isHidden: boolean): void {
  Object.defineProperty(document, "hidden", { configurable: true, value: isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}

export const methods = (sight: Sight): string[] => sight.calls.map((call) => call.method);
