import { dialects } from "@ai-progress-stream/protocol/dialects";
import { expect } from "chai";
import { SAMPLE_TEXT, samples } from "../backend/samples.js";
import { itUnless, type Reasons } from "../support/engine.js";
import { drawn, part, partText, until } from "../support/mount.js";
import { everythingIn, type Front, frontOf } from "./support.js";

const sample = (name: string, how = "", attributes: Readonly<Record<string, string>> = {}): Promise<Front> =>
  frontOf(`/api/samples/${name}/{room}${how && `/${how}`}`, attributes);

async function expectWhole({ element, calls, stages }: Front, name: string): Promise<void> {
  const state = await element.start({});
  await drawn(element);
  expect(element.error).to.equal(null);
  expect(state.status).to.equal("succeeded");
  expect(part(element, "text").textContent).to.equal(SAMPLE_TEXT);
  expect(state.reasoning).to.equal(samples[name]?.reasoning ?? "");
  expect(state.usage?.outputTokens).to.equal(samples[name]?.outputTokens);
  if (samples[name]?.stages) expect(state.stages.map(({ id }) => id)).to.deep.equal(samples[name]?.stages);
  expect(state.stages.every(({ status }) => status === "done")).to.equal(true);
  expect(stages.length).to.equal(state.stages.length);
  expect((await calls()).length).to.equal(1);
}

afterEach(() => document.body.replaceChildren());

for (const name of Object.keys(dialects)) {
  // A text says nothing of itself
  const attributes: Readonly<Record<string, string>> = name === "text" ? { dialect: name } : {};
  describe(`a stream of ${name}`, () => {
    if (name !== "text") it("is told by its first words", async () => expectWhole(await sample(name), name));

    it("is read where the page names it", async () =>
      expectWhole(await sample(name, "", { dialect: name }), name));

    it("is the same where each byte comes alone", async () =>
      expectWhole(await sample(name, "bytes", attributes), name));

    const unseen = "it ends an answer that was cut as if it were whole; this language has no mark of its end";
    const blind: Reasons = name === "langgraph" || name === "text" ? { webkit: unseen } : {};
    itUnless(blind, "that is cut keeps its text, says so, and is not asked for again", async () => {
      const { element, calls, startAndCut } = await sample(name, "held-once", attributes);
      const state = await startAndCut({ q: 1 });
      await drawn(element);
      expect(state.text).to.equal("Grüße");
      expect(element.error?.code).to.equal("upstream_truncated");
      expect(partText(element, "error-message")).to.equal("The answer broke off before its end.");
      expect(partText(element, "error-detail")).to.contain("The text so far is kept.");
      expect((await calls()).length).to.equal(1);
      await until(() => {
        part(element, "action").click();
        return element.state !== "error";
      });
      await until(() => element.state === "done");
      expect(element.text).to.equal(SAMPLE_TEXT);
      const bodies = (await calls()).map(({ body }) => body);
      expect(bodies).to.deep.equal([{ q: 1 }, { q: 1 }]);
    });
  });
}

describe("an answer in one piece", () => {
  for (const name of ["whole-chat", "whole-anthropic", "whole-progress-json"]) {
    it(`is read: ${name}`, async () => expectWhole(await sample(name), name));
  }

  it("is read where the page names its language", async () =>
    expectWhole(await sample("whole-anthropic", "", { dialect: "anthropic" }), "whole-anthropic"));

  it("that is nobody's is refused, and what came is named", async () => {
    const { element } = await sample("whole-nothing");
    await element.start({});
    await drawn(element);
    expect(element.error?.code).to.equal("protocol_error");
    expect(partText(element, "error-message")).to.contain("application/json");
  });
});

describe("a text", () => {
  it("in messages is read where the page names it, but not the words of other events", async () =>
    expectWhole(await sample("text-events", "", { dialect: "text" }), "text-events"));

  it("may be typed as any other text", async () =>
    expectWhole(await sample("text-markdown", "", { dialect: "text" }), "text-markdown"));

  it("that is not named is refused, and what to name it is told", async () => {
    const { element } = await sample("text");
    await element.start({});
    await drawn(element);
    expect(partText(element, "error-detail")).to.contain('dialect="text"');
  });
});

describe("a foreign stream", () => {
  it("whose type was left to a framework is read where the page names its language", async () => {
    await expectWhole(await sample("untyped", "", { dialect: "openai-chat" }), "untyped");
    const { element } = await sample("untyped");
    await element.start({});
    expect(element.error?.code).to.equal("protocol_error");
  });

  it("that ended for its length or by a filter has failed, and keeps its text", async () => {
    const short = await sample("cut-short");
    await short.element.start({});
    expect([short.element.error?.code, short.element.text]).to.deep.equal(["output_limit", "Grüße"]);
    const filtered = await sample("filtered");
    await filtered.element.start({});
    expect(filtered.element.error?.code).to.equal("content_filtered");
  });

  it("never shows an upstream's own words, which only the console has", async () => {
    const logged: unknown[] = [];
    const { debug } = console;
    console.debug = (...words: unknown[]) => logged.push(...words);
    try {
      const { element } = await sample("quoting");
      await element.start({});
      await drawn(element);
      expect(element.error).to.deep.equal({
        code: "rate_limited",
        message: "The model is rate limited. Try again in a moment.",
        retryable: true,
      });
      expect(everythingIn(element)).not.to.contain("SECRET");
      expect(logged.join()).to.contain("sk-SECRET");
    } finally {
      console.debug = debug;
    }
  });

  it("that holds nothing but a refusal as bare JSON has failed, in whatever language", async () => {
    for (const dialect of ["auto", "openai-chat", "progress-json"]) {
      const { element } = await sample("bare-json", "", { dialect });
      await element.start({});
      expect(element.error?.code).to.equal("upstream_rejected");
      expect(everythingIn(element)).not.to.contain("SECRET");
    }
  });

  it("that ends in the middle has broken off", async () => {
    const { element } = await sample("truncated");
    await element.start({});
    expect([element.error?.code, element.text]).to.deep.equal(["upstream_truncated", "Grüße"]);
  });

  it("is stopped by closing it, and keeps its text", async () => {
    const { element, calls } = await sample("openai-chat", "held");
    void element.start({});
    await until(() => element.text !== "");
    await element.cancel();
    await drawn(element);
    expect(element.state).to.equal("cancelled");
    expect(element.text).to.equal("Grüße");
    expect((await calls()).length).to.equal(1);
  });

  it("is cancelled where the page knows the address for that", async () => {
    const { element, room } = await sample("openai-chat", "held");
    element.cancelUrl = `/api/samples/whole-chat/${room}-cancel`;
    void element.start({});
    await until(() => element.text !== "");
    await element.cancel("enough");
    expect(element.state).to.equal("cancelled");
    const { calls } = await (await fetch(`/api/rooms/${room}-cancel`)).json();
    expect(calls.length).to.equal(1);
    expect(calls[0].body).to.deep.equal({ reason: "enough" });
  });

  it("is not found again by a reload, which would start it again", async () => {
    const attributes = { persist: "session", id: "foreign" };
    const { element, calls } = await sample("openai-chat", "held", attributes);
    void element.start({});
    await until(() => element.text !== "");
    const again = element.cloneNode() as typeof element;
    element.remove();
    document.body.append(again);
    await drawn(again);
    expect(again.state).to.equal("idle");
    expect(await again.resume()).to.equal(false);
    expect((await calls()).length).to.equal(1);
  });

  it("has a name that is known, or is told by its first words", async () => {
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (warning: unknown) => warnings.push(warning);
    try {
      const front = await sample("gemini", "", { dialect: "gemnii" });
      await expectWhole(front, "gemini");
    } finally {
      console.warn = warn;
    }
    expect(String(warnings[0])).to.contain('no dialect="gemnii"');
  });

  it("is none where the page says that the server speaks our protocol", async () => {
    const { element, calls } = await sample("openai-chat", "", { dialect: "run" });
    await element.start({});
    expect(element.error?.code).to.equal("protocol_error");
    expect((await calls()).length).to.equal(1);
  });
});
