import { expect } from "chai";
import {
  expectWhole,
  heldText,
  leaveScenes,
  methods,
  realClock,
  scene,
  startAndCut,
  until,
} from "./support.js";

afterEach(leaveScenes);

describe("a refusal", () => {
  it("with 429 is waited out as long as Retry-After says, and no click shortens it", async () => {
    let now = 1_000_000;
    const delays: number[] = [];
    const clock = {
      ...realClock,
      now: () => now,
      setTimeout: (callback: () => void, ms: number) => {
        delays.push(ms);
        // The wait passes in no time; the time limits, all of them longer, do not pass at all.
        if (ms > 7_000) return null;
        return setTimeout(() => {
          now += ms;
          callback();
        });
      },
    };
    const { session, seen } = scene("busy-7", { clock });
    const dueAts: number[] = [];
    session.subscribe((status) => {
      if (status.retry && dueAts.length === 0) {
        dueAts.push(status.retry.dueAt - now);
        session.retryNow();
        dueAts.push((session.status.retry?.dueAt ?? 0) - now);
        // Why it waits is known from the first word of it on.
        expect(session.status.retry?.error?.code).to.equal("rate_limited");
      }
    });
    expectWhole(await session.start());
    expect(dueAts).to.deep.equal([7_000, 7_000]);
    expect(delays).to.include(7_000);
    const { calls, runs } = await seen();
    expect(methods({ calls, runs, open: 0 })).to.deep.equal(["POST", "POST"]);
    expect(runs).to.have.length(1);
  });

  it("with 408, by what stands in front of the server, is asked again with the same key", async () => {
    const { session, seen } = scene("timed-out", { maxRetries: 1 });
    // A browser may ask again by itself, so that requests are not what is counted.
    const attempts = new Set<number | undefined>();
    session.subscribe(({ retry }) => attempts.add(retry?.attempt));
    expect((await session.start()).error).to.include({ code: "overloaded", retryable: true });
    expect(attempts).to.include(1);
    expect(new Set((await seen()).calls.map(({ key }) => key))).to.have.length(1);
  });

  it("that asks for hours of patience is given up", async () => {
    const { session, seen } = scene("busy-7200");
    const { error } = await session.start();
    expect(error).to.include({ code: "rate_limited", retryAfterMs: 7_200_000, retryable: true });
    expect((await seen()).calls).to.have.length(1);
  });

  it("that is said to be final is not repeated, whatever its status", async () => {
    const { session, seen } = scene("quota");
    const { error, phase } = await session.start();
    expect(phase).to.equal("ended");
    expect(error).to.deep.equal({
      code: "quota_exceeded",
      message: "The month's budget is spent.",
      retryable: false,
      requestId: "req-1",
    });
    expect((await seen()).calls).to.have.length(1);
  });

  it("of the input carries the server's own words, and is not repeated", async () => {
    const { session, seen } = scene("invalid");
    expect((await session.start()).error).to.deep.equal({
      code: "invalid_input",
      message: "Say what to ask.",
      retryable: false,
      issues: [{ message: "Say what to ask.", path: ["prompt"] }],
    });
    expect(await session.resume()).to.equal(false);
    expect((await seen()).calls).to.have.length(1);
  });

  it("with 500 is repeated with the same key, and a plain answer's words are not shown", async () => {
    const { session, seen } = scene("error", { maxRetries: 2 });
    const { error } = await session.start();
    expect(error?.code).to.equal("internal");
    expect(error?.message).not.to.contain("secret");
    const { calls } = await seen();
    expect(calls).to.have.length(3);
    expect(new Set(calls.map((call) => call.key))).to.have.length(1);
  });

  it("by HTML with status 200 names what came, and is not repeated", async () => {
    const { session, seen } = scene("html");
    const { error, phase } = await session.start();
    expect(phase).to.equal("ended");
    expect(error?.code).to.equal("protocol_error");
    expect(error?.message).to.contain("text/html instead of an event stream");
    expect((await seen()).calls).to.have.length(1);
  });

  it("with 404 of a start is a wrong address, and of no run", async () => {
    const { error } = await scene("no-such-fault").session.start({});
    expect([error?.code, error?.message]).to.deep.equal([
      "not_found",
      "Nothing answers at this address. Check it.",
    ]);
  });

  it("by a redirect is not followed", async () => {
    const { session, seen } = scene("redirect");
    const { error } = await session.start({ secret: 1 });
    expect(error?.code).to.equal("protocol_error");
    expect(error?.message).to.contain("redirect");
    expect((await seen()).calls).to.have.length(1);
  });

  it("of a resume with 410 is a lost run; its text stays", async () => {
    const gone = scene("gone");
    const { session, seen } = gone;
    const { error, state, isResumable } = await startAndCut(gone);
    expect(error).to.include({ code: "run_lost", requestId: "req-2" });
    expect(state.text).to.equal(heldText);
    expect(isResumable).to.equal(false);
    expect(await session.resume()).to.equal(false);
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
  });

  it("of nothing after a cursor is asked once more without one", async () => {
    const nothing = scene("nothing");
    expectWhole(await startAndCut(nothing));
    const { calls } = await nothing.seen();
    expect(calls.map((call) => call.lastEventId !== null)).to.deep.equal([false, true, false]);
  });

  it("of nothing even then is a lost run", async () => {
    const nothing = scene("nothing-2");
    expect((await startAndCut(nothing)).error?.code).to.equal("run_lost");
    expect((await nothing.seen()).calls).to.have.length(3);
  });
});

describe("a stream", () => {
  it("with a gap is asked for anew without a cursor, and its snapshot replaces the state", async () => {
    const { session, seen } = scene("gap");
    const types: string[] = [];
    session.onEvent((event) => types.push(event.type));
    expectWhole(await session.start());
    expect(types).to.include("snapshot");
    const { calls } = await seen();
    expect(calls.map(({ method, lastEventId }) => ({ method, lastEventId }))).to.deep.equal([
      { method: "POST", lastEventId: null },
      { method: "GET", lastEventId: null },
    ]);
    // The connection with the gap was still open when it was given up.
    await until(async () => (await seen()).open === 0);
  });

  it("that always has the gap is given up, not asked for for ever", async () => {
    const { session, seen } = scene("gap-always", { maxRetries: 3 });
    const { error, phase } = await session.start();
    expect(phase).to.equal("ended");
    expect(error?.code).to.equal("protocol_error");
    expect((await seen()).calls).to.have.length(4);
  });

  it("of a later version of the protocol is not guessed at", async () => {
    const { session } = scene("version-2");
    expect((await session.start()).error?.message).to.contain("version 2");
  });

  it("of a run with an id that could not be found again is refused at once, and not at the first cut", async () => {
    const { session } = scene("version-1");
    expect((await session.start()).error?.message).to.contain('a run "r"');
  });

  it("of another run than the one that is resumed is refused", async () => {
    const swapped = scene("swapped");
    const { error, state } = await startAndCut(swapped);
    expect(error?.code).to.equal("protocol_error");
    expect(state.text).to.equal(heldText);
  });

  it("with a malformed event is given up; what came before it stays", async () => {
    const { session, seen } = scene("malformed");
    const { error, phase, state, isResumable } = await session.start();
    expect(phase).to.equal("ended");
    expect(error?.code).to.equal("protocol_error");
    expect(error?.message).to.contain('"delta"');
    expect(state.text).to.equal(heldText);
    expect(isResumable).to.equal(true);
    await until(async () => (await seen()).open === 0);
    expect((await seen()).calls).to.have.length(1);
  });

  it("is no matter of one long event", async () => {
    const { error, state } = await scene("long-3000000").session.start();
    expect(error).to.equal(null);
    expect(state.text.length).to.equal(3_000_000);
  });

  it("with an event that never ends is given up before it fills the memory", async () => {
    const { session } = scene("too-long-1000", { maxEventLength: 3_000 });
    const { error, state } = await session.start();
    expect(error?.code).to.equal("protocol_error");
    expect(error?.message).to.contain("too long");
    expect(state.text).to.equal(heldText);
  });
});
