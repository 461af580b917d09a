import {
  autoDialect,
  type Clock,
  createSession,
  type LazyDialect,
  lazyDialect,
  type SessionOptions,
} from "@ai-progress-stream/element/client";
import type { RunEvent } from "@ai-progress-stream/protocol";
import {
  anthropicDialect,
  ollamaDialect,
  openaiChatDialect,
  textDialect,
} from "@ai-progress-stream/protocol/dialects";
import { expect } from "chai";
import { stateAfter, wholeLog } from "../backend/log.js";
import { SAMPLE_TEXT, samples } from "../backend/samples.js";
import { itUnless } from "../support/engine.js";
import {
  expectWhole,
  leaveScenes,
  memoryPersistence,
  reaches,
  realClock,
  scene,
  standingClock,
  until,
} from "./support.js";

afterEach(leaveScenes);

const bodyOf = (name: string): string => samples[name]?.body ?? "";
const consumer = (options: Partial<SessionOptions> = {}) =>
  createSession({ action: "", dialect: autoDialect, ...options });
const typeOf = (name: string): ResponseInit => ({
  headers: { "content-type": samples[name]?.contentType ?? "" },
});

async function* pieces<T>(...values: readonly T[]): AsyncGenerator<T> {
  for (const value of values) yield value;
}

describe("a session that knows other languages", () => {
  it("still reads our own, and resumes it", async () => {
    const { session, seen } = scene("cut-once-900", { dialect: autoDialect });
    expectWhole(await session.start({}));
    expect((await seen()).runs.length).to.equal(1);
  });

  it("reads ours without ids by its fields", async () => {
    const { session } = scene("no-ids-whole", { dialect: autoDialect });
    const { state } = await session.start({});
    expect(state.status).to.equal("succeeded");
    expect(state.result).to.deep.equal({ pages: [1, 2], ok: true });
  });

  it("does not repeat a start that may have reached a server of which the page says that it is another's", async () => {
    const clock = standingClock();
    const { session, seen } = scene("mute", { dialect: openaiChatDialect, clock });
    const result = session.start({});
    await until(async () => (await seen()).calls.length > 0);
    clock.advance(60_000);
    const { error } = await result;
    expect(error?.code).to.equal("upstream_unavailable");
    expect((await seen()).calls.length).to.equal(1);
  });

  it("repeats what such a server has refused for now", async () => {
    const { session, seen } = scene("busy-0", { dialect: openaiChatDialect });
    await session.start({});
    expect((await seen()).calls.length).to.equal(2);
  });

  const asksOnce = async (fault: string): Promise<void> => {
    const { session, seen } = scene(fault, { dialect: autoDialect, idleTimeoutMs: 20 });
    const { error } = await session.start({});
    expect(error?.code).to.equal("upstream_truncated");
    expect((await seen()).calls.length).to.equal(1);
  };

  it("does not ask again a server that took the request and fell silent before its first word", () =>
    asksOnce("wordless"));

  itUnless(
    { firefox: "it tells a page of an answer's head when the first byte of its body has come" },
    "does not ask again a server that sent the head of its answer and not a byte more",
    () => asksOnce("silent-head"),
  );

  it("gives up after the time it is given for all of it, and the run goes on", async () => {
    const limits: (() => void)[] = [];
    const clock = {
      ...realClock,
      setTimeout: (callback: () => void, ms: number) =>
        ms === 600_000 ? limits.push(callback) : realClock.setTimeout(callback, ms),
    };
    const { session, release } = scene("held", { totalTimeoutMs: 600_000, clock });
    const result = session.start({});
    await reaches(session, ({ state }) => state.text !== "");
    for (const limit of limits) limit();
    const { error, isResumable, state } = await result;
    expect([error?.code, isResumable, state.status]).to.deep.equal(["upstream_timeout", true, "running"]);
    await release();
    await session.resume();
    expectWhole(await reaches(session, ({ phase }) => phase === "ended"));
  });
});

describe("a language whose code is loaded when it is needed", () => {
  const slow = (name: LazyDialect["name"]): LazyDialect & { asked: number; arrive: () => void } => {
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    return {
      name,
      asked: 0,
      arrive,
      async load() {
        this.asked++;
        await arrived;
        return lazyDialect(name).load();
      },
    };
  };
  const broken = (name: LazyDialect["name"]): LazyDialect => ({
    name,
    load: () => Promise.reject(new TypeError("Failed to fetch dynamically imported module")),
  });

  it("is not loaded for an answer of our own protocol, cut or whole", async () => {
    const dialect = slow("auto");
    const { session } = scene("cut-once-900", { dialect });
    expectWhole(await session.start({}));
    expect(dialect.asked).to.equal(0);
  });

  it("is asked for at the start where it has a name, and the answer waits for it", async () => {
    const dialect = slow("openai-chat");
    const { session } = scene("samples/openai-chat", { dialect });
    const result = session.start({});
    expect(dialect.asked).to.equal(1);
    await reaches(session, ({ phase }) => phase === "connecting");
    expect(session.status.state.text).to.equal("");
    dialect.arrive();
    const { state } = await result;
    expect([state.status, state.text]).to.deep.equal(["succeeded", SAMPLE_TEXT]);
  });

  it("reads every answer as it does when it is there from the start", async () => {
    for (const name of Object.keys(samples)) {
      const answer = (): Response => new Response(bodyOf(name), typeOf(name));
      const { state } = await consumer({ dialect: lazyDialect("auto") }).consume(answer());
      const expected = await consumer().consume(answer());
      expect([name, state.status, state.text]).to.deep.equal([
        name,
        expected.state.status,
        expected.state.text,
      ]);
    }
  });

  it("is an error in a sentence where it cannot be loaded, and nothing is asked for again", async () => {
    for (const name of ["auto", "openai-chat"] as const) {
      const { session, seen } = scene("samples/openai-chat", { dialect: broken(name) });
      const { error, state } = await session.start({});
      expect([error?.code, state.text]).to.deep.equal(["internal", ""]);
      expect(error?.message).to.contain("Reload the page");
      expect((await seen()).calls.length).to.equal(1);
    }
    const body = new Response(bodyOf("gemini"), typeOf("gemini"));
    expect((await consumer({ dialect: broken("auto") }).consume(body)).error?.code).to.equal("internal");
  });

  it("is waited for no longer than for the head of an answer, and not at all once it is let go of", async () => {
    const timers = new Map<unknown, () => void>();
    const clock: Clock = {
      ...realClock,
      setTimeout(callback, ms) {
        const timer = realClock.setTimeout(callback, ms);
        if (ms === 54_321) timers.set(timer, callback);
        return timer;
      },
      clearTimeout(timer) {
        timers.delete(timer);
        realClock.clearTimeout(timer);
      },
    };
    const options = { dialect: slow("auto"), clock, connectTimeoutMs: 54_321 };
    const source = (): Response => new Response(bodyOf("anthropic"), typeOf("anthropic"));
    const result = consumer(options).consume(source());
    await until(() => timers.size === 1);
    for (const callback of timers.values()) callback();
    expect((await result).error?.code).to.equal("internal");
    expect(timers.size).to.equal(0);
    const session = consumer(options);
    void session.consume(source());
    await until(() => timers.size === 1);
    session.detach();
    expect(timers.size).to.equal(0);
  });
});

describe("an answer that is JSON as a whole", () => {
  const choices = [{ message: { role: "assistant", content: "It is 7." }, finish_reason: "stop" }];
  for (const body of [
    { answer: "It is 7.", url: "https://source.invalid/doc" },
    { result: "It is 7.", url: "/docs/source.html" },
    { choices, url: "https://source.invalid/" },
    { message: { role: "assistant", content: "It is 7." }, done: true, url: "/docs/source.html" },
  ]) {
    it(`is shown, whatever its url is: ${JSON.stringify(body)}`, async () => {
      const asked: string[] = [];
      const session = createSession({
        action: "/x",
        dialect: autoDialect,
        fetch: async (url) => {
          asked.push(String(url));
          return Response.json(body);
        },
      });
      const { state, error } = await session.start({});
      expect([asked.length, state.status, state.text, error]).to.deep.equal([
        1,
        "succeeded",
        "It is 7.",
        null,
      ]);
    });
  }
});

describe("a stream that the page has opened itself", () => {
  it("is read from the answer of fetch", async () => {
    const { state } = await consumer().consume(new Response(bodyOf("gemini"), typeOf("gemini")));
    expect([state.status, state.text]).to.deep.equal(["succeeded", SAMPLE_TEXT]);
  });

  it("is read from a body, whose framing shows in its first bytes", async () => {
    for (const name of ["anthropic", "ollama"]) {
      const body = new Response(bodyOf(name)).body;
      if (!body) throw new Error("no body");
      const { state } = await consumer().consume(body);
      expect([name, state.text]).to.deep.equal([name, SAMPLE_TEXT]);
    }
  });

  it("is read from pieces of text of which the first are empty", async () => {
    const body = bodyOf("ollama");
    const { state } = await consumer().consume(pieces("", " \n", body.slice(0, 1), body.slice(1)));
    expect([state.status, state.text]).to.deep.equal(["succeeded", SAMPLE_TEXT]);
    expect((await consumer().consume(pieces("", "\n"))).error?.code).to.equal("protocol_error");
    const dialect = textDialect;
    expect((await consumer({ dialect }).consume(pieces("  a", " ", "b"))).state.text).to.equal("  a b");
    expect((await consumer({ dialect }).consume(pieces(" ", "a"))).state.text).to.equal(" a");
  });

  it("is no success where its model was cut short, called off or stopped by a filter", async () => {
    for (const [finish_reason, code] of [
      ["length", "output_limit"],
      ["content_filter", "content_filtered"],
      ["cancelled", "upstream_truncated"],
    ] as const) {
      const choices = [{ index: 0, delta: { content: "a" }, finish_reason }];
      const { state } = await consumer().consume(
        pieces(`data: ${JSON.stringify({ choices })}\n\ndata: [DONE]\n\n`),
      );
      expect([state.text, state.status, state.error?.code]).to.deep.equal(["a", "failed", code]);
    }
  });

  it("is read as what its first line says, where its type says lines of JSON", async () => {
    const lines = [
      { status: "processing", progress: 50, message: "Analyzing" },
      { type: "chunk", content: "Hello " },
      { type: "chunk", content: "world" },
      { status: "complete" },
    ];
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const { state } = await consumer().consume(new Response(body, typeOf("ollama")));
    expect([state.status, state.text]).to.deep.equal(["succeeded", "Hello world"]);
  });

  it("is read from pieces of text, in the language that is named", async () => {
    const body = bodyOf("ollama");
    const { state } = await consumer({ dialect: ollamaDialect }).consume(
      pieces(body.slice(0, 7), body.slice(7, 90), body.slice(90)),
    );
    expect(state.text).to.equal(SAMPLE_TEXT);
  });

  it("is read from events of the protocol, dated where they are not", async () => {
    const events: RunEvent[] = [];
    const session = consumer();
    session.onEvent((event) => events.push(event));
    const { state } = await session.consume(pieces<RunEvent>(...wholeLog));
    expect({ ...state, startedAt: 0 }).to.deep.equal({
      ...stateAfter("", wholeLog),
      startedAt: 0,
    });
    expect(events).to.deep.equal(wholeLog);
    const undated = { type: "text", delta: "a" } as RunEvent;
    const done = { type: "end", status: "succeeded" } as RunEvent;
    expect((await session.consume(pieces(undated, done))).state.text).to.equal("a");
  });

  it("of our own that is cut can be resumed where its run is", async () => {
    const { action, session } = scene("cut-once-900", { dialect: autoDialect });
    const { error, isResumable } = await session.consume(await fetch(action, { method: "POST" }));
    expect([error?.code, isResumable]).to.deep.equal(["upstream_unavailable", true]);
    await session.resume();
    expectWhole(await reaches(session, ({ phase }) => phase === "ended"));
  });

  it("that ends without an end, or throws, has broken off", async () => {
    const text = { type: "text", at: 1, delta: "a" } as const;
    const { state, error } = await consumer().consume(pieces<RunEvent>(text));
    expect([state.text, error?.code]).to.deep.equal(["a", "upstream_truncated"]);
    async function* broken(): AsyncGenerator<RunEvent> {
      yield text;
      throw new Error("secret");
    }
    const outcome = await consumer().consume(broken());
    expect([outcome.state.text, outcome.error?.code]).to.deep.equal(["a", "upstream_truncated"]);
    expect(JSON.stringify(outcome)).not.to.contain("secret");
  });

  describe("whose messages come by turns", () => {
    const frame = (event: object): string => `data: ${JSON.stringify(event)}\n\n`;
    const content = (messageId: string, delta: string): string =>
      frame({ type: "TEXT_MESSAGE_CONTENT", messageId, delta });
    const frames = [
      frame({ type: "RUN_STARTED", runId: "r" }),
      content("1", "alpha ".repeat(200)),
      content("2", "Checking"),
      content("1", "So the answer is: yes."),
    ];
    const whole = `${"alpha ".repeat(200)}So the answer is: yes.\n\nChecking`;

    it("is whole where it is cut", async () => {
      async function* broken(): AsyncGenerator<string> {
        yield* frames;
        throw new TypeError("cut");
      }
      const { state, error } = await consumer().consume(broken());
      expect([state.text, error?.code]).to.deep.equal([whole, "upstream_truncated"]);
    });

    for (const leave of ["cancel", "detach"] as const) {
      it(`is whole where it is left by ${leave}()`, async () => {
        async function* endless(): AsyncGenerator<string> {
          yield* frames;
          await new Promise(() => {});
        }
        const session = consumer();
        const result = session.consume(endless());
        await until(() => session.status.state.text.includes("Checking"));
        await new Promise((resolve) => setTimeout(resolve, 20));
        await session[leave]();
        const { state } = await result;
        expect([state.text, state.status]).to.deep.equal([
          whole,
          leave === "cancel" ? "cancelled" : "running",
        ]);
      });
    }

    it("is whole where it takes too long", async () => {
      const body = new ReadableStream<string>({
        start: (controller) => controller.enqueue(frames.join("")),
      });
      const session = consumer({ totalTimeoutMs: 200 });
      const { state, error } = await session.consume(body);
      expect([state.text, error?.code]).to.deep.equal([whole, "upstream_timeout"]);
    });
  });

  it("that is a refusal is shown as one", async () => {
    const refusal = new Response('{"code":"quota_exceeded","detail":"Spent."}', {
      status: 429,
      headers: { "content-type": "application/problem+json" },
    });
    const { error } = await consumer().consume(refusal);
    expect([error?.code, error?.message]).to.deep.equal(["quota_exceeded", "Spent."]);
    const html = new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    expect((await consumer().consume(html)).error?.code).to.equal("protocol_error");
  });

  it("is let go of by cancel and by detach", async () => {
    for (const leave of ["cancel", "detach"] as const) {
      let isCancelled = false;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) =>
          controller.enqueue(
            new TextEncoder().encode(bodyOf("openai-chat").slice(0, samples["openai-chat"]?.cutAt)),
          ),
        cancel: () => {
          isCancelled = true;
        },
      });
      const session = consumer();
      const ended = session.consume(stream);
      await reaches(session, ({ state }) => state.text !== "");
      await session[leave]();
      const { state, error } = await ended;
      expect([state.status, state.text, error]).to.deep.equal([
        leave === "cancel" ? "cancelled" : "running",
        "Grüße",
        null,
      ]);
      await until(() => isCancelled);
    }
  });

  it("refuses another while it is read, and leaves nothing for a reload", async () => {
    const persistence = memoryPersistence();
    const session = consumer({ persistence, dialect: anthropicDialect });
    const ended = session.consume(new Response(bodyOf("anthropic"), typeOf("anthropic")));
    expect(() => session.consume(pieces("x"))).to.throw("A run is under way");
    await ended;
    expect(persistence.kept).to.equal(null);
  });
});
