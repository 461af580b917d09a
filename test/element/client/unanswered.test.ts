import { autoDialect, createSession, type SessionOptions } from "@ai-progress-stream/element/client";
import { openaiChatDialect } from "@ai-progress-stream/protocol/dialects";
import { expect } from "chai";
import { memoryPersistence, reaches, realClock, standingClock, until } from "./support.js";

interface Wire {
  readonly fetch: typeof fetch;
  /** The requests that were made, and whether each was given up. */
  readonly requests: { readonly body: unknown; isAborted: boolean }[];
}

/** A network on which nobody answers, or with `isOpen` one who answers and then says nothing. */
function silentWire(isOpen = false): Wire {
  const requests: { body: unknown; isAborted: boolean }[] = [];
  const answer = async (_url: string, { body, signal }: RequestInit): Promise<Response> => {
    const request = { body, isAborted: false };
    requests.push(request);
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => {
        request.isAborted = true;
        reject(signal.reason);
      });
    });
    aborted.catch(() => {});
    if (!isOpen) return aborted;
    const stream = new ReadableStream({
      start: (controller) => void aborted.catch((cause: unknown) => controller.error(cause)),
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  };
  return { fetch: answer as typeof fetch, requests };
}

const sessionOn = ({ fetch }: Wire, options: Partial<SessionOptions> = {}) =>
  createSession({ action: "/api/x", fetch, ...options });

describe("a start that nobody has answered", () => {
  it("is sent again by a resume with its key, for it is the same run", async () => {
    const wire = silentWire();
    const session = sessionOn(wire);
    void session.start({ n: 1 });
    await until(() => wire.requests.length === 1);
    session.detach();
    void session.resume();
    await until(() => wire.requests.length === 2);
    session.detach();
  });

  it("is not where the page names a language of others: their server would start a second run", async () => {
    const wire = silentWire();
    const session = sessionOn(wire, { dialect: openaiChatDialect });
    void session.start({ n: 1 });
    await until(() => wire.requests.length === 1);
    session.detach();
    expect(await session.resume()).to.equal(false);
    expect(wire.requests).to.have.length(1);
  });

  it("and that was called off is sent by no reload", async () => {
    const wire = silentWire();
    const persistence = memoryPersistence();
    const session = sessionOn(wire, { persistence, cancelTimeoutMs: 20 });
    void session.start({ n: 1 });
    await until(() => wire.requests.length === 1);
    expect(persistence.kept).not.to.equal(null);
    await session.cancel();
    expect(persistence.kept).to.equal(null);
    expect(await sessionOn(wire, { persistence }).resume()).to.equal(false);
    expect(await session.resume()).to.equal(false);
    expect(wire.requests).to.have.length(1);
  });
});

describe("a start that is called off", () => {
  it("after an answer that has said nothing is sent by nobody again", async () => {
    const wire = silentWire(true);
    const persistence = memoryPersistence();
    const session = sessionOn(wire, { persistence, dialect: autoDialect });
    const result = session.start({ n: 1 });
    await reaches(session, ({ phase }) => phase === "open");
    await session.cancel();
    expect((await result).state.status).to.equal("cancelled");
    expect(persistence.kept).to.equal(null);
    expect(await session.resume()).to.equal(false);
    expect(wire.requests).to.have.length(1);
  });

  it("and let go of in the same breath is sent by no reload", async () => {
    const wire = silentWire();
    const persistence = memoryPersistence();
    const session = sessionOn(wire, { persistence });
    void session.start({ n: 1 });
    await until(() => wire.requests.length === 1);
    const cancelled = session.cancel();
    session.detach();
    await cancelled;
    expect(persistence.kept).to.equal(null);
    expect(await sessionOn(wire, { persistence }).resume()).to.equal(false);
  });
});

describe("what a run was started with", () => {
  it("is known, also to a session that finds it after a reload", async () => {
    const persistence = memoryPersistence();
    const session = sessionOn(silentWire(), { persistence });
    expect(session.input).to.equal(undefined);
    void session.start({ n: [1, 2] });
    expect(session.input).to.deep.equal({ n: [1, 2] });
    session.detach();
    const reloaded = sessionOn(silentWire(), { persistence });
    void reloaded.resume();
    expect(reloaded.input).to.deep.equal({ n: [1, 2] });
    reloaded.reset();
    expect(reloaded.input).to.equal(undefined);
  });

  it("is the query's fields where it was asked for by GET, and nothing where it was attached to", () => {
    const session = sessionOn(silentWire(), { method: "GET" });
    void session.start({ q: "why", n: 2 });
    expect(session.input).to.deep.equal({ q: "why", n: "2" });
    session.detach();
    void session.attach("FZrRAZ4FGyJnADMUzmt5RPzc");
    expect(session.input).to.equal(undefined);
    session.detach();
  });
});

describe("a cancel before the first word", () => {
  it("closes a stream in a language of others at once", async () => {
    const wire = silentWire(true);
    const session = sessionOn(wire, { dialect: openaiChatDialect, clock: standingClock() });
    const result = session.start({});
    await reaches(session, ({ phase }) => phase === "open");
    await session.cancel();
    expect((await result).state).to.include({ status: "cancelled", reason: "user" });
    expect(wire.requests.map(({ isAborted }) => isAborted)).to.deep.equal([true]);
  });

  it("closes a stream that the page has opened itself", async () => {
    const session = createSession({ action: "", dialect: autoDialect, clock: standingClock() });
    const result = session.consume(new ReadableStream());
    await session.cancel();
    expect((await result).state).to.include({ status: "cancelled", reason: "user" });
  });

  it("gives one that names no run a second to do so, and closes it then", async () => {
    const clock = standingClock();
    const session = sessionOn(silentWire(true), { dialect: autoDialect, clock });
    const result = session.start({});
    await reaches(session, ({ phase }) => phase === "open");
    const cancelled = session.cancel();
    clock.advance(900);
    await new Promise((resolve) => setTimeout(resolve));
    expect(session.status.phase).to.equal("cancelling");
    clock.advance(200);
    await cancelled;
    expect((await result).state).to.include({ status: "cancelled", reason: "user" });
  });
});

describe("an option", () => {
  const attempts = async (maxRetries: number | undefined): Promise<number> => {
    let requests = 0;
    const fetch = async (): Promise<never> => {
      requests++;
      throw new TypeError("nobody there");
    };
    const options = { action: "/api/x", fetch, backoff: { baseMs: 1, capMs: 1 }, maxRetries };
    await createSession(options as SessionOptions).start();
    return requests;
  };

  it("that is undefined or no number counts as not given", async () => {
    expect(await attempts(undefined)).to.equal(6);
    expect(await attempts(Number.NaN)).to.equal(6);
    expect(await attempts(1)).to.equal(2);
  });

  it("of more milliseconds than a timer can wait is a long time, not none", async () => {
    const { systemClock } = await import("../../../packages/element/src/client/clock.js");
    let isOver = false;
    const timer = systemClock.setTimeout(() => {
      isOver = true;
    }, 2 ** 31);
    await new Promise((resolve) => realClock.setTimeout(() => resolve(null), 20));
    systemClock.clearTimeout(timer);
    expect(isOver).to.equal(false);
  });
});
