import { AiProgressStream } from "@ai-progress-stream/element";
import { expect } from "chai";
import { drawn, mount, part, partText, until } from "../support/mount.js";

const ANSWER = "Grüße, wörld 🌍\nline two\r\n…and done.";
const { createSession } = AiProgressStream;
const room = (): string => crypto.randomUUID();

interface Call {
  readonly authorization: string | null;
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly body: unknown;
}
async function callsIn(name: string): Promise<readonly Call[]> {
  const response = await fetch(`/api/rooms/${name}`);
  return ((await response.json()) as { calls: readonly Call[] }).calls;
}

describe("the element on the wire", () => {
  beforeEach(() => {
    AiProgressStream.createSession = createSession;
    document.documentElement.lang = "en";
  });
  afterEach(() => document.body.replaceChildren());

  it("shows a whole run", async () => {
    const element = await mount({ action: `/api/whole/${room()}` });
    const taken: unknown[] = [];
    element.addEventListener("ai-start", ({ detail }) => taken.push(detail));
    const { status, run } = await element.start({ q: 1 });
    await drawn(element);
    expect(status).to.equal("succeeded");
    expect(run).to.match(/./);
    expect(taken).to.deep.equal([{ run, resumed: false }]);
    expect(part(element, "text").textContent).to.equal(ANSWER);
    expect(element.result).to.deep.equal({ pages: [1, 2], ok: true });
    expect(partText(element, "footer")).to.equal("0.0 s 46 tokens");
  });

  it("is idle, and can be started, after input that is no JSON and a run-id at another origin", async () => {
    const element = await mount({ action: `/api/whole/${room()}` });
    const error = await element.start({ q: 1n }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(TypeError);
    expect(element.state).to.equal("idle");
    const reported: unknown[] = [];
    const { error: report } = console;
    console.error = (reason) => reported.push(reason);
    element.runId = "https://other.example/runs/1";
    await element.updateComplete;
    await until(() => reported.length > 0, "the report");
    console.error = report;
    expect(element.state).to.equal("idle");
    expect((await element.start({ q: 1 })).text).to.equal(ANSWER);
  });

  it("shows the same after a cut, and started one run", async () => {
    const name = room();
    const element = await mount({ action: `/api/silent-15000/${name}` });
    const attempts: number[] = [];
    element.addEventListener("ai-reconnect", (event) => attempts.push(event.detail.attempt));
    const result = element.start({ q: 1 });
    await until(() => element.text !== "");
    await fetch(`/api/rooms/${name}/cut`, { method: "POST" });
    await result;
    await drawn(element);
    expect(part(element, "text").textContent).to.equal(ANSWER);
    expect(attempts.length).to.be.greaterThan(0);
    expect((await callsIn(name)).filter(({ method }) => method === "POST").length).to.equal(1);
  });

  it("says at the form's field what the server has found wrong with it, until something is changed", async () => {
    document.body.innerHTML =
      '<form id="ask"><input name="other"><input name="prompt" value="?"><button>Ask</button></form>';
    const element = await mount({ for: "ask", action: `/api/invalid/${room()}` });
    const form = document.querySelector("form");
    const field = document.querySelector<HTMLInputElement>('[name="prompt"]');
    if (!form || !field) throw new Error("no form");
    form.requestSubmit();
    await until(() => element.state === "error");
    expect(field.validationMessage).to.equal("Say what to ask.");
    expect(document.activeElement === field).to.equal(true);
    expect(element.error?.issues).to.deep.equal([{ message: "Say what to ask.", path: ["prompt"] }]);
    form.querySelector("input")?.dispatchEvent(new InputEvent("input", { bubbles: true }));
    expect(form.checkValidity()).to.equal(true);
  });

  it("cancels by its button and keeps the text", async () => {
    const name = room();
    const element = await mount({ action: `/api/held/${name}` });
    void element.start({});
    await until(() => element.text !== "");
    await until(() => {
      part(element, "action").click();
      return element.state === "cancelled";
    });
    await drawn(element);
    expect(partText(element, "message")).to.contain("by you");
    expect((await callsIn(name)).filter(({ path }) => path.endsWith("/cancel")).length).to.equal(1);
  });

  it("starts with what body is by then: by its button as after a reset", async () => {
    const name = room();
    const element = await mount({ action: `/api/whole/${name}`, body: '{"doc":1}' });
    const press = async (from: string): Promise<void> => {
      await drawn(element);
      // A click right after a change of state is taken for one that was meant for what stood there before.
      await until(() => {
        if (element.state === from) part(element, "action").click();
        return element.state !== from;
      });
      await until(() => element.state === "done");
    };
    await press("idle");
    element.setAttribute("body", '{"doc":2}');
    await press("done");
    element.reset();
    element.body = { doc: 3 };
    await press("idle");
    expect((await callsIn(name)).map(({ body }) => body)).to.deep.equal([{ doc: 1 }, { doc: 2 }, { doc: 3 }]);
  });

  it("retries a start that nobody answered with the same key", async () => {
    const name = room();
    // Chromium itself sends a POST again, once for each kept-alive socket it finds closed: lose more than those.
    const element = await mount({ action: `/api/lost-headers-12/${name}`, "max-retries": "0" });
    await element.start({ q: 1 });
    expect(element.state).to.equal("error");
    await until(async () => {
      if (element.state === "error") await element.retry();
      return element.state === "done";
    });
    await until(() => element.state === "done");
    const keys = (await callsIn(name)).map(({ key }) => key);
    expect(keys.length).to.be.greaterThan(12);
    expect(new Set(keys).size).to.equal(1);
  });

  it("retries with the headers of the moment", async () => {
    const name = room();
    const element = await mount({ action: `/api/held/${name}`, "max-retries": "0" });
    element.headers = { authorization: "1" };
    void element.start({});
    await until(() => element.text !== "");
    await fetch(`/api/rooms/${name}/cut`, { method: "POST" });
    await until(() => element.state === "error");
    element.headers = { authorization: "2" };
    void element.retry();
    await until(() => element.state === "streaming");
    const calls = await callsIn(name);
    expect(calls.map(({ method, authorization }) => `${method} ${authorization}`)).to.deep.equal([
      "POST 1",
      "GET 2",
    ]);
    await element.cancel();
  });

  it("retries once, however often it is asked at the same time", async () => {
    const name = room();
    const element = await mount({ action: `/api/invalid/${name}` });
    await element.start({});
    expect(element.state).to.equal("error");
    await Promise.all([element.retry(), element.retry()]);
    await until(() => element.state === "error");
    expect((await callsIn(name)).length).to.equal(2);
  });

  it("is not told of a run that is lost when it has started another one meanwhile", async () => {
    const name = room();
    const element = await mount({ action: `/api/held/${name}` });
    void element.start({});
    await until(() => element.text !== "");
    element.remove();
    await new Promise((resolve) => setTimeout(resolve));
    const errors: unknown[] = [];
    element.addEventListener("ai-error", (event) => errors.push(event.detail.error));
    document.body.append(element);
    element.reset();
    void element.start({ b: 2 });
    await until(() => element.state === "streaming");
    expect(errors).to.deep.equal([]);
    await element.cancel();
  });

  it("finds its run after a reload", async () => {
    const name = room();
    const attributes = { action: `/api/held/${name}`, persist: "session", id: name };
    const element = await mount(attributes);
    void element.start({});
    await until(() => element.text !== "");
    const before = element.text;
    element.remove();
    const again = await mount(attributes);
    await until(() => again.text === before);
    await until(() => again.state === "streaming");
    expect((await callsIn(name)).filter(({ method }) => method === "POST").length).to.equal(1);
    await again.cancel();
  });
});
