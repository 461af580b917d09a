import { createSession, type SessionStatus } from "@ai-progress-stream/element/client";
import { expect } from "chai";
import { expectWhole, leaveScenes, methods, reaches, scene, startAndCut } from "./support.js";

afterEach(leaveScenes);

describe("a started run", () => {
  it("is followed from its start to its end", async () => {
    const { session, seen } = scene("whole");
    const phases: string[] = [];
    session.subscribe((status) => {
      if (phases.at(-1) !== status.phase) phases.push(status.phase);
    });
    const result = session.start({ question: "why" });
    expect(session.status.phase).to.equal("connecting");
    expectWhole(await result);
    expect(session.status).to.equal(await result);
    expect(phases).to.deep.equal(["connecting", "open", "ended"]);
    expect(session.status.isResumable).to.equal(false);
    const { calls } = await seen();
    expect(calls.map(({ method, body }) => ({ method, body }))).to.deep.equal([
      { method: "POST", body: { question: "why" } },
    ]);
    expect(calls[0]?.key).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("may be answered by 201", async () => {
    expectWhole(await scene("created").session.start());
  });

  it("gives each event once and in order, to callbacks and to an iteration", async () => {
    const { session } = scene("noisy");
    const called: string[] = [];
    session.onEvent((event, status) => {
      called.push(event.type);
      expect(status).to.equal(session.status);
    });
    const iterated: string[] = [];
    const iteration = (async () => {
      for await (const event of session.events()) iterated.push(event.type);
    })();
    expectWhole(await session.start());
    await iteration;
    expect(called).to.deep.equal(iterated);
    expect(called).to.deep.equal([
      ...["open", "start", "stage", "progress", "stage", "stage"],
      ...["text", "text", "text", "text", "usage", "result", "end"],
    ]);
  });

  it("keeps the identity of what an event did not change", async () => {
    const { session } = scene("whole");
    const statuses: SessionStatus[] = [];
    session.subscribe((status) => statuses.push(status));
    await session.start();
    const [first, second] = statuses.filter((status) => status.state.text !== "");
    expect(first?.state.stages).to.equal(second?.state.stages);
    expect(first).not.to.equal(second);
  });

  it("is not broken by a listener that throws", async () => {
    const { session } = scene("whole");
    const reported: unknown[] = [];
    const before = globalThis.reportError;
    globalThis.reportError = (error) => reported.push(error);
    try {
      session.subscribe(() => {
        throw new Error("status");
      });
      session.onEvent(() => {
        throw new Error("event");
      });
      expectWhole(await session.start());
    } finally {
      globalThis.reportError = before;
    }
    expect(reported.map(String)).to.include.members(["Error: status", "Error: event"]);
  });

  it("refuses a second start while it is under way, and takes one afterwards", async () => {
    const { session, seen } = scene("whole");
    const first = session.start({ n: 1 });
    expect(() => session.start({ n: 2 })).to.throw("under way");
    const { state } = await first;
    const { state: next } = await session.start({ n: 1 });
    expect(next.run).not.to.equal(state.run);
    expect((await seen()).runs).to.have.length(2);
  });

  it("may be started anew by the listener that hears of its end", async () => {
    const { session, seen } = scene("whole");
    const next: Promise<SessionStatus>[] = [];
    session.onEvent((event) => {
      if (event.type === "end" && next.length === 0) next.push(session.start({ n: 2 }));
    });
    expectWhole(await session.start({ n: 1 }));
    expect(next).to.have.length(1);
    for (const result of next) expectWhole(await result);
    expect((await seen()).runs).to.have.length(2);
  });

  it("asks for fresh headers, and its own win over those of the page", async () => {
    let token = 0;
    const headers = async () => ({ Authorization: `Bearer ${++token}`, Accept: "text/html" });
    const cuttable = scene("silent-15000", { headers });
    expectWhole(await startAndCut(cuttable));
    const { calls } = await cuttable.seen();
    expect(calls.map((call) => call.authorization)).to.deep.equal(["Bearer 1", "Bearer 2"]);
  });

  it("puts its input into the query where the method is GET", async () => {
    const { session, seen, action } = scene("whole", { method: "GET" });
    expectWhole(await session.start({ q: "two words", n: 2, nothing: null, list: [1] }));
    const { calls } = await seen();
    expect(calls.map(({ method, path, query }) => ({ method, path, query }))).to.deep.equal([
      { method: "GET", path: action, query: { q: "two words", n: "2", list: "[1]" } },
    ]);
  });

  it("has a key even where the page is not served securely", async () => {
    const { session, seen } = scene("whole");
    const before = crypto.randomUUID;
    Object.defineProperty(crypto, "randomUUID", { configurable: true, value: undefined });
    try {
      expectWhole(await session.start());
    } finally {
      Object.defineProperty(crypto, "randomUUID", { configurable: true, value: before });
    }
    const [call] = (await seen()).calls;
    expect(call?.key).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("throws at once for an input that is not JSON", () => {
    const { session } = scene("whole");
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => session.start(circle)).to.throw(TypeError);
    expect(session.status.phase).to.equal("idle");
  });
});

describe("an answer that names a stream", () => {
  it("is followed to its Location", async () => {
    const { session, seen } = scene("accepted");
    expectWhole(await session.start());
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
  });

  it("is followed to the URL in its JSON, escaped where it was not", async () => {
    const { session, seen } = scene("named");
    expectWhole(await session.start());
    const { calls } = await seen();
    expect(calls.map((call) => call.method)).to.deep.equal(["POST", "GET"]);
    expect(calls[1]?.query).to.deep.equal({ topic: "two words" });
  });

  it("is followed to a url beside words that are no answer", async () => {
    const asked: string[] = [];
    const session = createSession({
      action: "/x",
      fetch: async (url) => {
        asked.push(String(url));
        const body = { status: "accepted", message: "Queued.", data: null, error: null, url: "/x/1" };
        return asked.length === 1 ? Response.json(body) : new Response(null, { status: 404 });
      },
    });
    await session.start({});
    expect(asked[1]).to.match(/\/x\/1$/);
  });

  it("is not followed to another origin", async () => {
    const { session } = scene("named-elsewhere");
    const { phase, error } = await session.start();
    expect(phase).to.equal("ended");
    expect(error?.code).to.equal("protocol_error");
    expect(error?.message).to.contain("https://elsewhere.invalid");
  });
});

describe("an attach", () => {
  it("finds a run by its id, by one snapshot", async () => {
    const { session, another } = scene("whole");
    const { state } = await session.start();
    const viewer = another();
    const events: string[] = [];
    viewer.onEvent((event) => events.push(event.type));
    expectWhole(await viewer.attach(state.run));
    expect(events).to.deep.equal(["open", "snapshot"]);
  });

  it("finds a run by its URL, and follows it live", async () => {
    const { session, another, action, release } = scene("held");
    const result = session.start();
    const { state } = await reaches(session, (status) => status.state.text !== "");
    const viewer = another();
    const viewed = viewer.attach(`${action}/${state.run}`);
    await reaches(viewer, (status) => status.state.text !== "");
    await release();
    expectWhole(await result);
    expectWhole(await viewed);
  });

  it("says so when the run is not known", async () => {
    const { session } = scene("whole");
    const { phase, error, isResumable } = await session.attach("0123456789abcdefghijkl");
    expect({ phase, code: error?.code, isResumable }).to.deep.equal({
      phase: "ended",
      code: "run_lost",
      isResumable: false,
    });
  });

  it("does not carry the page's headers to another origin", () => {
    const session = createSession({ action: "/api/whole/x", headers: { authorization: "secret" } });
    expect(() => session.attach("https://elsewhere.invalid/runs/1")).to.throw("another origin");
  });
});
