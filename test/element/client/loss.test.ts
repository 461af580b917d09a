import type { SessionStatus } from "@ai-progress-stream/element/client";
import { expect } from "chai";
import { stateAfter, wholeLog } from "../backend/log.js";
import {
  expectWhole,
  hasText,
  heldText,
  leaveScenes,
  methods,
  reaches,
  realClock,
  scene,
  setHidden,
  standingClock,
  startAndCut,
  until,
} from "./support.js";

afterEach(() => {
  leaveScenes();
  Reflect.deleteProperty(document, "hidden");
});

describe("a connection that is cut", () => {
  // Where frames begin and end, within ids, names, JSON, and characters of two and four bytes.
  const positions = [0, 1, 7, 60, 100, 118, 119, 120, 260, 420, 500, 641, 700, 718, 731, 800, 850, 900, 1000];
  for (const position of positions) {
    it(`after ${position} bytes is resumed without a character lost or repeated`, async () => {
      const { session, seen } = scene(`cut-once-${position}`);
      expectWhole(await session.start());
      const { runs, calls } = await seen();
      expect(runs).to.have.length(1);
      expect(calls.filter((call) => call.method === "POST").map((call) => call.key)).to.have.length.at.most(
        2,
      );
      expect(new Set(calls.flatMap((call) => call.key ?? []))).to.have.length(1);
    });
  }

  it("again and again is resumed as long as it moves on", async () => {
    const { session, seen, cut } = scene("steps-2", { maxRetries: 2 });
    let cutAt = 0;
    session.subscribe(({ phase, state }) => {
      // Once for each step: a connection that has just opened has the number of the one before it.
      if (phase !== "open" || state.seq === cutAt || state.seq % 2 !== 0) return;
      cutAt = state.seq;
      void cut();
    });
    expectWhole(await session.start());
    const { calls, runs } = await seen();
    expect(runs).to.have.length(1);
    expect(calls.length).to.be.at.least(6);
    expect(calls.filter((call) => call.method === "POST")).to.have.length(1);
  });

  it("is resumed without end where each stood for long, though the run says nothing meanwhile", async () => {
    let passedMs = 0;
    const clock = { ...realClock, now: () => Date.now() + passedMs };
    const held = scene("held", { clock, maxRetries: 1, idleTimeoutMs: 0 });
    const result = startAndCut(held);
    for (let losses = 1; losses <= 4; losses++) {
      await until(async () => (await held.seen()).calls.length === losses + 1);
      await reaches(held.session, (status) => status.phase === "open");
      passedMs += 11_000;
      await held.cut();
    }
    await reaches(held.session, (status) => status.phase === "open");
    await held.release();
    expectWhole(await result);
  });

  it("is one that falls silent before its first word, by what the server has promised before", async () => {
    const { session, seen } = scene("hushed");
    expectWhole(await session.start());
    expect(methods(await seen())).to.deep.equal(["POST", "GET", "GET"]);
  });

  it("is none where an event of a later version has its place in the log", async () => {
    const { session, seen } = scene("later");
    const { state, phase, error } = await session.start();
    expect([phase, error, state.status]).to.deep.equal(["ended", null, "succeeded"]);
    expect(state).to.deep.include({ seq: wholeLog.length + 1, text: stateAfter("", wholeLog).text });
    expect(methods(await seen())).to.deep.equal(["POST"]);
  });

  it("is not given up while the browser knows that it has no network", async () => {
    Object.defineProperty(navigator, "onLine", { configurable: true, value: false });
    try {
      const { session } = scene("lost-headers-6", { maxRetries: 1 });
      expectWhole(await session.start());
    } finally {
      Reflect.deleteProperty(navigator, "onLine");
    }
  });

  it("is not resumed at another origin, wherever the server says that the run is", async () => {
    const lured = scene("lured");
    expectWhole(await startAndCut(lured));
    expect(methods(await lured.seen())).to.deep.equal(["POST", "GET"]);
  });

  it("asks for what follows the last event that was handled", async () => {
    const held = scene("held");
    const result = startAndCut(held);
    await reaches(held.session, (status) => status.phase === "reconnecting");
    await reaches(held.session, (status) => status.phase === "open");
    await held.release();
    const { state } = await result;
    expectWhole(held.session.status);
    const { calls } = await held.seen();
    expect(calls.map((call) => call.lastEventId)).to.deep.equal([null, `${state.run}.6`]);
  });

  it("cleanly, but without the run's end, counts as cut", async () => {
    const { session, seen } = scene("eof");
    expectWhole(await session.start());
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
  });

  it("says when it was lost, which attempt is next, and when", async () => {
    const { session } = scene("cut-once-700", { backoff: { baseMs: 40, capMs: 40, random: () => 1 } });
    const statuses: SessionStatus[] = [];
    session.subscribe((status) => statuses.push(status));
    await session.start();
    const lost = statuses.find((status) => status.phase === "reconnecting");
    expect(lost?.retry?.attempt).to.equal(1);
    expect(lost?.retry?.maxRetries).to.equal(5);
    // The two are read off the clock one after the other.
    expect(lost?.retry?.dueAt).to.be.above(lost?.lostAt ?? Number.NaN);
    expect(lost?.isResumable).to.equal(true);
    expect(statuses.at(-1)).to.include({ retry: null, lostAt: null });
  });

  it("waits no longer when it is told to retry now", async () => {
    const { session } = scene("cut-once-700", { backoff: { baseMs: 3_600_000, capMs: 3_600_000 } });
    const result = session.start();
    await reaches(session, (status) => status.phase === "reconnecting");
    session.retryNow();
    expectWhole(await result);
  });

  for (const [name, act] of [
    ["the network is back", () => window.dispatchEvent(new Event("online"))],
    ["the tab is shown", () => setHidden(false)],
  ] as const) {
    it(`waits no longer when ${name}`, async () => {
      const { session } = scene("cut-once-700", { backoff: { baseMs: 3_600_000, capMs: 3_600_000 } });
      const result = session.start();
      await reaches(session, (status) => status.phase === "reconnecting");
      act();
      expectWhole(await result);
    });
  }
});

describe("response headers that are lost", () => {
  it("make one run, for the request is repeated with its key", async () => {
    const { session, seen } = scene("lost-headers-2");
    expectWhole(await session.start({ question: "why" }));
    const { runs, calls } = await seen();
    expect(runs).to.have.length(1);
    const posts = calls.filter((call) => call.method === "POST");
    expect(posts.length).to.be.at.least(3);
    expect(new Set(posts.map((post) => post.key))).to.have.length(1);
    expect(new Set(posts.map((post) => JSON.stringify(post.body)))).to.have.length(1);
  });
});

describe("a hidden tab", () => {
  it("keeps its connection, and is not sent the run again when it is shown", async () => {
    const { session, seen, release } = scene("held");
    const result = session.start();
    await reaches(session, hasText);
    setHidden(true);
    setHidden(false);
    setHidden(true);
    await release();
    expectWhole(await result);
    setHidden(false);
    expect(methods(await seen())).to.deep.equal(["POST"]);
  });
});

describe("silence", () => {
  it("of three heartbeats is a lost connection", async () => {
    const { session, seen } = scene("silent-20");
    expectWhole(await session.start());
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
  });

  it("is measured by idleTimeoutMs where no heartbeat is promised", async () => {
    const { session, seen } = scene("silent-0", { idleTimeoutMs: 500 });
    expectWhole(await session.start());
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
  });

  it("is broken by heartbeats, which are no events", async () => {
    const clock = standingClock();
    let beats = 0;
    /** Each chunk comes 100 ms after the one before, by the session's clock: less than three heartbeats. */
    const slowed: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      const reader = answer.body?.getReader();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { value } = (await reader?.read()) ?? {};
            clock.advance(100);
            beats++;
            if (value) controller.enqueue(value);
            else controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, answer);
    };
    const { session, seen, release } = scene("beating-50", { clock, fetch: slowed });
    const result = session.start();
    await until(() => beats > 5);
    await release();
    expectWhole(await result);
    expect(methods(await seen())).to.deep.equal(["POST"]);
  });

  it("is noticed when the tab is shown again, whatever became of the timers meanwhile", async () => {
    let now = Date.now();
    const clock = {
      ...realClock,
      now: () => now,
      setTimeout: (callback: () => void, ms: number) => (ms > 1_000 ? null : setTimeout(callback, ms)),
    };
    const { session, seen } = scene("silent-15000", { clock });
    const result = session.start();
    await reaches(session, hasText);
    setHidden(true);
    now += 3_600_000;
    setHidden(false);
    expectWhole(await result);
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
  });

  it("before the answer ends the attempt, and the same request is sent again", async () => {
    const { session, seen } = scene("mute", { connectTimeoutMs: 1_000 });
    expectWhole(await session.start());
    const { runs, calls } = await seen();
    expect(runs).to.have.length(1);
    expect(new Set(calls.map((call) => call.key))).to.have.length(1);
  });
});

describe("a server that gives no ids", () => {
  it("is followed to the end of its run", async () => {
    const { session } = scene("no-ids-whole");
    const { phase, error, state } = await session.start();
    expect({ phase, error, status: state.status }).to.deep.equal({
      phase: "ended",
      error: null,
      status: "succeeded",
    });
    expect(state.text).to.contain("…and done.");
  });

  it("is never sent its request again: the text stays, and a person decides", async () => {
    const served = scene("no-ids");
    const { session, seen } = served;
    const { phase, error, state, isResumable } = await startAndCut(served);
    expect({ phase, code: error?.code, retryable: error?.retryable, isResumable }).to.deep.equal({
      phase: "ended",
      code: "upstream_truncated",
      retryable: true,
      isResumable: false,
    });
    expect(state.text).to.equal(heldText);
    expect(await session.resume()).to.equal(false);
    expect((await seen()).calls).to.have.length(1);
  });

  for (const fault of ["foreign", "empty"]) {
    it(`nor where its stream is ${fault}`, async () => {
      const { session, seen } = scene(fault);
      const { error } = await session.start();
      expect(error?.code).to.equal("protocol_error");
      expect((await seen()).calls).to.have.length(1);
    });
  }
});

describe("a server that is away", () => {
  it("is given up after maxRetries, with a sentence of its own", async () => {
    const { session, seen } = scene("down", { maxRetries: 2 });
    const { phase, error, retry } = await session.start();
    expect({ phase, retry }).to.deep.equal({ phase: "ended", retry: null });
    expect(error).to.include({ code: "upstream_unavailable", retryable: true });
    expect(error?.message).to.contain("The server cannot be reached");
    // Chromium itself may repeat a request whose reused connection was closed.
    expect((await seen()).calls.length).to.be.at.least(3);
  });

  it("is the same where nothing listens", async () => {
    const { session } = scene("down", { action: "http://localhost:9/api", maxRetries: 1 });
    expect((await session.start()).error).to.include({ code: "upstream_unavailable", retryable: true });
  });

  it("gets the same key when a person tries the same again, for nobody answered", async () => {
    const { session, seen } = scene("down", { maxRetries: 0 });
    await session.start({ n: 1 });
    await session.start({ n: 1 });
    await session.start({ n: 2 });
    const keys = (await seen()).calls.map((call) => [JSON.stringify(call.body), call.key]);
    const first = new Set(keys.filter(([body]) => body === '{"n":1}').map(([, key]) => key));
    const second = new Set(keys.filter(([body]) => body === '{"n":2}').map(([, key]) => key));
    expect(first).to.have.length(1);
    expect(second).to.have.length(1);
    expect(first).not.to.deep.equal(second);
  });

  it("leaves a run that resume() carries on, rather than starting it again", async () => {
    const flaky = scene("flaky", { maxRetries: 2 });
    const { session, seen, release } = flaky;
    const given = await startAndCut(flaky);
    expect(given).to.include({ phase: "ended", isResumable: true, retry: null });
    expect(given.error).to.include({ code: "upstream_unavailable", retryable: true });
    expect(given.state.text).to.equal(heldText);
    await release();
    expect(await session.resume()).to.equal(true);
    expectWhole(await reaches(session, (status) => status.phase === "ended"));
    const { calls, runs } = await seen();
    expect(calls.filter((call) => call.method === "POST")).to.have.length(1);
    expect(runs).to.have.length(1);
  });
});
