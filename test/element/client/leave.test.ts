import { sessionPersistence } from "@ai-progress-stream/element/client";
import { expect } from "chai";
import {
  expectWhole,
  hasText,
  heldText,
  leaveScenes,
  memoryPersistence,
  methods,
  reaches,
  scene,
  startAndCut,
  until,
} from "./support.js";

afterEach(leaveScenes);

describe("a cancel", () => {
  it("asks the server, and waits for the run's end", async () => {
    const { session, seen } = scene("held");
    const result = session.start();
    await reaches(session, hasText);
    const cancelled = session.cancel("changed my mind");
    expect(session.status.phase).to.equal("cancelling");
    expect(session.cancel()).to.equal(cancelled);
    await cancelled;
    const { phase, state, error } = await result;
    expect({ phase, error, status: state.status, reason: state.reason }).to.deep.equal({
      phase: "ended",
      error: null,
      status: "cancelled",
      reason: "user",
    });
    expect(state.text).to.equal(heldText);
    const cancels = (await seen()).calls.filter((call) => call.path.endsWith("/cancel"));
    expect(cancels.map((call) => call.body)).to.deep.equal([{ reason: "changed my mind" }]);
  });

  for (const go of ["detach", "reset"] as const) {
    it(`reaches the server though the page lets go by ${go}() in the same breath`, async () => {
      const { session, seen } = scene("held");
      void session.start();
      await reaches(session, hasText);
      void session.cancel();
      session[go]();
      await until(async () => (await seen()).runs.every((run) => run.isCancelled));
    });
  }

  it("stops a run that was let go of before", async () => {
    const { session, seen } = scene("held");
    void session.start();
    await reaches(session, hasText);
    session.detach();
    await session.cancel("gone");
    const { calls, runs } = await seen();
    expect(runs.map((run) => run.isCancelled)).to.deep.equal([true]);
    expect(calls.at(-1)?.body).to.deep.equal({ reason: "gone" });
  });

  it("of a run that was reset asks nobody", async () => {
    const { session, seen } = scene("held");
    void session.start();
    await reaches(session, hasText);
    session.reset();
    await session.cancel();
    expect(session.status.phase).to.equal("idle");
    expect(methods(await seen())).to.deep.equal(["POST"]);
  });

  it("of a start that was given up leaves its reason, and its key to the next one", async () => {
    const keys: (string | null)[] = [];
    const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
      keys.push(new Headers(init?.headers).get("idempotency-key"));
      throw new TypeError("The network is down.");
    };
    const { session } = scene("held", { fetch, maxRetries: 0 });
    const { error } = await session.start({ n: 1 });
    await session.cancel();
    expect(session.status.state.status).to.equal("running");
    expect(session.status.error).to.equal(error);
    await session.start({ n: 1 });
    expect(keys[1]).to.equal(keys[0]);
  });

  it("before the first word waits for it", async () => {
    const { session, seen } = scene("held");
    const result = session.start();
    await session.cancel();
    expect((await result).state.status).to.equal("cancelled");
    const { runs } = await seen();
    expect(runs.map((run) => run.isCancelled)).to.deep.equal([true]);
  });

  it("goes through while the connection is lost", async () => {
    const held = scene("held", { backoff: { baseMs: 3_600_000, capMs: 3_600_000 } });
    const result = startAndCut(held);
    await reaches(held.session, (status) => status.phase === "reconnecting");
    await held.session.cancel();
    expect((await result).state.status).to.equal("cancelled");
  });

  it("is repeated where the server was too busy to take it", async () => {
    const { session } = scene("deaf-2");
    const result = session.start();
    await reaches(session, hasText);
    await session.cancel();
    expect((await result).state.status).to.equal("cancelled");
  });

  it("that nothing comes of lets go after a while, and says so", async () => {
    const { session } = scene("deaf", { cancelTimeoutMs: 60 });
    const result = session.start();
    await reaches(session, hasText);
    await session.cancel();
    const { phase, error, state, isResumable } = await result;
    expect({ phase, status: state.status, isResumable }).to.deep.equal({
      phase: "ended",
      status: "running",
      isResumable: true,
    });
    expect(error?.message).to.contain("did not confirm the cancellation");
  });

  it("of a connection that never opens lets go of it", async () => {
    const { session } = scene("down", { maxRetries: 1_000, cancelTimeoutMs: 60 });
    const result = session.start();
    await session.cancel();
    expect((await result).phase).to.equal("ended");
  });

  it("of a stream that names no run closes it, which is all there is to do", async () => {
    const { session, seen } = scene("no-ids");
    const result = session.start();
    await reaches(session, hasText);
    await session.cancel();
    expect((await result).state).to.include({ status: "cancelled", reason: "user", text: heldText });
    await until(async () => (await seen()).open === 0);
    expect((await seen()).calls).to.have.length(1);
  });

  it("with nothing under way does nothing", async () => {
    const { session } = scene("held");
    await session.cancel();
    expect(session.status.phase).to.equal("idle");
  });
});

describe("a detach", () => {
  it("leaves no request, and does not cancel the run", async () => {
    const { session, seen } = scene("held");
    const result = session.start();
    await reaches(session, hasText);
    session.detach();
    expect(await result).to.include({ phase: "ended", error: null, isResumable: true });
    await until(async () => (await seen()).open === 0);
    const { runs, calls } = await seen();
    expect(runs.map((run) => run.isCancelled)).to.deep.equal([false]);
    expect(calls).to.have.length(1);
  });

  it("leaves no timer and no listener, wherever it comes", async () => {
    for (const moment of ["connecting", "open", "reconnecting"]) {
      const timers = new Set<unknown>();
      const listeners = new Set<string>();
      const clock = {
        now: () => Date.now(),
        setTimeout: (callback: () => void, ms: number) => {
          const handle = setTimeout(() => {
            timers.delete(handle);
            callback();
          }, ms);
          timers.add(handle);
          return handle;
        },
        clearTimeout: (handle: unknown) => {
          timers.delete(handle);
          clearTimeout(handle as number);
        },
      };
      const restore = [window, document].map((target) => watchListeners(target, listeners));
      const { session, seen } = scene(moment === "reconnecting" ? "cut-once-700" : "held", {
        clock,
        backoff: { baseMs: 3_600_000, capMs: 3_600_000 },
      });
      const result = session.start();
      await reaches(session, (status) => status.phase === moment);
      session.detach();
      await result;
      await until(() => timers.size === 0);
      for (const undo of restore) undo();
      expect([...listeners]).to.deep.equal([]);
      await until(async () => (await seen()).open === 0);
    }
  });

  it("by a listener that hears of the loss starts no further attempt", async () => {
    const { session, seen } = scene("cut-once-700");
    session.subscribe((status) => {
      if (status.phase === "reconnecting") session.detach();
    });
    await session.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(methods(await seen())).to.deep.equal(["POST"]);
  });

  it("is undone by resume(), from where the run was left", async () => {
    const { session, seen, release } = scene("held");
    session.start();
    await reaches(session, hasText);
    session.detach();
    await release();
    expect(await session.resume()).to.equal(true);
    expectWhole(await reaches(session, (status) => status.phase === "ended"));
    const { calls } = await seen();
    expect(calls.map((call) => call.method)).to.deep.equal(["POST", "GET"]);
    expect(calls[1]?.lastEventId).to.match(/\.6$/);
  });

  it("before the first word is undone by the same request with the same key", async () => {
    const { session, seen } = scene("whole");
    session.start({ n: 1 });
    session.detach();
    expect(await session.resume()).to.equal(true);
    expectWhole(await reaches(session, (status) => status.phase === "ended"));
    expect((await seen()).runs).to.have.length(1);
  });
});

function watchListeners(target: EventTarget, listeners: Set<string>): () => void {
  const { addEventListener, removeEventListener } = target;
  target.addEventListener = (type: string, ...rest: [never]) => {
    listeners.add(type);
    addEventListener.call(target, type, ...rest);
  };
  target.removeEventListener = (type: string, ...rest: [never]) => {
    listeners.delete(type);
    removeEventListener.call(target, type, ...rest);
  };
  return () => {
    Reflect.deleteProperty(target, "addEventListener");
    Reflect.deleteProperty(target, "removeEventListener");
  };
}

describe("a reload", () => {
  it("before the first event sends the same request with the same key", async () => {
    const persistence = memoryPersistence();
    const { session, another, seen } = scene("mute", { persistence });
    session.start({ question: "why" });
    await until(async () => (await seen()).calls.length === 1);
    session.detach();
    const reloaded = another();
    expect(await reloaded.resume()).to.equal(true);
    expectWhole(await reaches(reloaded, (status) => status.phase === "ended"));
    const { calls, runs } = await seen();
    expect(runs).to.have.length(1);
    expect(calls.map(({ method, body }) => ({ method, body }))).to.deep.equal([
      { method: "POST", body: { question: "why" } },
      { method: "POST", body: { question: "why" } },
    ]);
  });

  it("keeps the key before the first request is made", () => {
    const persistence = memoryPersistence();
    const fetched: unknown[] = [];
    const { session } = scene("whole", {
      persistence,
      fetch: () => {
        fetched.push(persistence.kept?.key);
        return new Promise(() => {});
      },
    });
    session.start();
    expect(persistence.kept?.key).to.be.a("string");
    expect(fetched).to.deep.equal([]);
  });

  it("after the first event attaches to the run, by a snapshot", async () => {
    const persistence = memoryPersistence();
    const { session, another, seen, release } = scene("held", { persistence });
    session.start({ question: "why" });
    await reaches(session, hasText);
    session.detach();
    const reloaded = another();
    const events: string[] = [];
    reloaded.onEvent((event) => events.push(event.type));
    expect(await reloaded.resume()).to.equal(true);
    await release();
    expectWhole(await reaches(reloaded, (status) => status.phase === "ended"));
    expect(events.slice(0, 2)).to.deep.equal(["open", "snapshot"]);
    const { calls, runs } = await seen();
    expect(runs).to.have.length(1);
    expect(calls.map((call) => call.method)).to.deep.equal(["POST", "GET"]);
  });

  it("finds the run that was attached to", async () => {
    const persistence = memoryPersistence();
    const { session, another } = scene("whole");
    const { state } = await session.start();
    await another({ persistence }).attach(state.run);
    const reloaded = another({ persistence });
    expect(await reloaded.resume()).to.equal(true);
    expectWhole(await reaches(reloaded, (status) => status.phase === "ended"));
  });

  it("after the end still shows the answer", async () => {
    const persistence = memoryPersistence();
    const { session, another } = scene("whole", { persistence });
    await session.start();
    const reloaded = another();
    expect(await reloaded.resume()).to.equal(true);
    expectWhole(await reaches(reloaded, (status) => status.phase === "ended"));
  });

  it("when the server has forgotten the run is idle, without an error", async () => {
    const persistence = memoryPersistence();
    const gone = scene("gone", { persistence });
    await startAndCut(gone);
    const reloaded = gone.another();
    expect(await reloaded.resume()).to.equal(false);
    expect(reloaded.status).to.include({ phase: "idle", error: null });
    expect(persistence.kept).to.equal(null);
  });

  it("does not repeat a start that was refused, or that only a foreign server has answered", async () => {
    for (const fault of ["invalid", "no-ids-whole", "foreign"]) {
      const persistence = memoryPersistence();
      const { session, another, seen } = scene(fault, { persistence });
      await session.start();
      expect(await another().resume()).to.equal(false);
      expect((await seen()).calls).to.have.length(1);
    }
  });

  it("repeats a start that nobody answered", async () => {
    const persistence = memoryPersistence();
    const { session, another, seen } = scene("lost-headers-1", { persistence, maxRetries: 0 });
    await session.start();
    const reloaded = another({ maxRetries: 5 });
    expect(await reloaded.resume()).to.equal(true);
    expectWhole(await reaches(reloaded, (status) => status.phase === "ended"));
    expect((await seen()).runs).to.have.length(1);
  });

  it("survives a persistence that throws", async () => {
    const reported: unknown[] = [];
    const before = globalThis.reportError;
    globalThis.reportError = (error) => reported.push(error);
    const fail = (): never => {
      throw new Error("no storage");
    };
    try {
      const { session } = scene("whole", { persistence: { load: fail, save: fail, clear: fail } });
      expect(await session.resume()).to.equal(false);
      expectWhole(await session.start());
    } finally {
      globalThis.reportError = before;
    }
    expect(reported.length).to.be.greaterThan(1);
  });

  it("with nothing kept, or with a run of another endpoint, finds nothing", async () => {
    const persistence = memoryPersistence();
    const { session, another } = scene("whole", { persistence });
    expect(await session.resume()).to.equal(false);
    await session.start();
    const elsewhere = another({ action: "/api/whole/elsewhere" });
    expect(await elsewhere.resume()).to.equal(false);
    expect(elsewhere.status.phase).to.equal("idle");
  });

  it("after reset() finds nothing", async () => {
    const persistence = memoryPersistence();
    const { session, another } = scene("held", { persistence });
    const result = session.start();
    await reaches(session, hasText);
    session.reset();
    expect(await result).to.include({ phase: "idle", error: null });
    expect(session.status.state.text).to.equal("");
    expect(await another().resume()).to.equal(false);
  });
});

describe("session persistence", () => {
  const kept = { key: "k", action: "https://here.test/a", body: "{}", url: null, run: null };

  it("keeps a session in the storage it is given", () => {
    const persistence = sessionPersistence("test-session");
    persistence.save(kept);
    expect(sessionPersistence("test-session").load()).to.deep.equal(kept);
    persistence.clear();
    expect(persistence.load()).to.equal(null);
  });

  it("keeps nothing, and breaks nothing, in a storage that throws", () => {
    const storage = new Proxy({} as Storage, {
      get() {
        throw new DOMException("no", "SecurityError");
      },
    });
    const persistence = sessionPersistence("k", storage);
    persistence.save(kept);
    persistence.clear();
    expect(persistence.load()).to.equal(null);
  });

  it("does without the body where the storage is too small for it", () => {
    const persistence = sessionPersistence("test-quota");
    persistence.save({ ...kept, key: "old" });
    persistence.save({ ...kept, body: "x".repeat(6_000_000), run: "r" });
    expect(persistence.load()).to.deep.equal({ ...kept, body: null, run: "r" });
    persistence.clear();
  });

  for (const garbage of ["", "{", "null", "7", '{"key":1}', '{"key":"k","action":"a","body":7}']) {
    it(`reads nothing out of ${JSON.stringify(garbage)}`, () => {
      sessionStorage.setItem("test-garbage", garbage);
      expect(sessionPersistence("test-garbage").load()).to.equal(null);
      sessionStorage.removeItem("test-garbage");
    });
  }
});
