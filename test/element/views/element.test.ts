import { AiProgressStream } from "@ai-progress-stream/element";
import { initialState, runError } from "@ai-progress-stream/protocol";
import { dialects } from "@ai-progress-stream/protocol/dialects";
import { expect } from "chai";
import { lazyDialect } from "../../../packages/element/src/client/lazy-dialect.js";
import { defaults, properties } from "../../../packages/element/src/element/properties.js";
import { dialectNames } from "../../../packages/element/src/element/session-options.js";
import {
  announced,
  drawn,
  isShown,
  lastSession,
  mount,
  part,
  partText,
  sessions,
  until,
  useFakeSessions,
} from "../support/mount.js";

describe("the element", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => {
    document.body.replaceChildren();
    document.documentElement.lang = "";
  });

  it("can be loaded twice", async () => {
    const again = "/packages/element/src/index.ts?again";
    await import(again);
    expect(customElements.get("ai-progress-stream")).to.equal(AiProgressStream);
  });

  it("sends nothing before it is told to", async () => {
    await mount();
    expect(sessions.length).to.equal(0);
  });

  it("starts by itself only where autostart says so", async () => {
    const element = await mount({ autostart: "", body: '{"q":1}' });
    expect(lastSession().calls).to.deep.equal([["start", { q: 1 }]]);
    expect(element.state).to.equal("connecting");
  });

  it("keeps values that were set before it was upgraded", async () => {
    class Late extends AiProgressStream {}
    const element = document.createElement("late-progress-stream") as AiProgressStream;
    element.action = "/early";
    element.label = "Early";
    element.headers = { "x-a": "b" };
    document.body.append(element);
    customElements.define("late-progress-stream", Late);
    await element.updateComplete;
    expect(element.action).to.equal("/early");
    expect(part(element, "label").textContent?.trim()).to.equal("Early");
    void element.start({ q: 1 });
    const { headers } = lastSession().options;
    const asked = () => (typeof headers === "function" ? headers() : headers);
    expect(asked()).to.deep.equal({ "x-a": "b" });
    element.headers = async () => ({ "x-a": "c" });
    expect(await asked()).to.deep.equal({ "x-a": "c" });
  });

  it("hands its attributes to the session", async () => {
    const element = await mount({
      method: "get",
      credentials: "include",
      "cancel-url": "/stop/{run}",
      "resume-url": "/runs/{run}",
      "max-retries": "3",
      "idle-timeout": "5000",
      "total-timeout": "600000",
      dialect: "gemini",
    });
    void element.start();
    const { persistence, dialect, headers, ...options } = lastSession().options;
    expect(persistence).to.equal(null);
    expect(typeof headers === "function" && (await headers())).to.deep.equal({});
    if (!dialect || !("load" in dialect)) throw new Error("its code is not left to be loaded");
    expect(await dialect.load()).to.equal(dialects.gemini);
    expect(options).to.deep.equal({
      action: "/fake",
      method: "GET",
      credentials: "include",
      cancelUrl: "/stop/{run}",
      resumeUrl: "/runs/{run}",
      maxRetries: 3,
      idleTimeoutMs: 5000,
      totalTimeoutMs: 600_000,
    });
  });

  for (const [name, fallback] of Object.entries(defaults)) {
    it(`takes ${name} as not given where it is taken away, null or undefined`, async () => {
      const { attribute } = properties[name] ?? {};
      const element = await mount();
      const record = element as unknown as Record<string, unknown>;
      if (typeof attribute === "string") {
        for (const value of ["1", "no number"]) {
          element.setAttribute(attribute, fallback === null ? "1" : value);
          await element.updateComplete;
          element.removeAttribute(attribute);
          expect(record[name]).to.equal(fallback);
        }
      }
      for (const value of [undefined, null]) {
        record[name] = value;
        expect(record[name]).to.equal(fallback);
        await element.updateComplete;
      }
      expect(isShown(element, "card")).to.equal(true);
    });
  }

  it("takes what is no number as not given, and text of whatever kind as text", async () => {
    const element = await mount({ "max-retries": "many" });
    expect(element.maxRetries).to.equal(null);
    (element as { stages: unknown }).stages = '[{"id":"a","label":"A"}]';
    expect(element.stages).to.deep.equal([{ id: "a", label: "A" }]);
    (element as { action: unknown }).action = new URL("/x", location.href);
    expect(element.action).to.equal(`${location.origin}/x`);
  });

  it("has its button back when for is taken away", async () => {
    const element = await mount({ for: "ask" });
    expect(isShown(element, "actions")).to.equal(false);
    element.removeAttribute("for");
    await drawn(element);
    expect(isShown(element, "actions")).to.equal(true);
  });

  it("knows the name of every dialect there is", async () => {
    expect(Object.keys(dialectNames)).to.have.members(["auto", "run", ...Object.keys(dialects)]);
    for (const name of Object.keys(dialects) as (keyof typeof dialects)[]) {
      expect(await lazyDialect(name).load()).to.equal(dialects[name]);
    }
  });

  it("warns of an object that was turned into text", async () => {
    const warnings: unknown[] = [];
    const { warn } = console;
    console.warn = (message) => warnings.push(message);
    const element = await mount({ body: "[object Object]", stages: "nonsense" });
    console.warn = warn;
    expect(warnings.length).to.equal(2);
    expect(warnings[0]).to.contain("an object was turned into text");
    expect(element.body).to.equal(null);
  });

  it("lets ai-before-start change the input, or prevent the run", async () => {
    const element = await mount();
    element.addEventListener("ai-before-start", (event) => {
      event.detail.input = { changed: true };
    });
    void element.start({ q: 1 });
    expect(lastSession().calls).to.deep.equal([["start", { changed: true }]]);
    const other = await mount();
    const before = sessions.length;
    other.addEventListener("ai-before-start", (event) => event.preventDefault());
    await other.start();
    expect(other.state).to.equal("idle");
    expect(sessions.slice(before).every(({ calls }) => calls.length === 0)).to.equal(true);
  });

  it("refuses a second start while a run is under way", async () => {
    const element = await mount();
    void element.start();
    const error = await element.start().catch((reason: unknown) => reason);
    expect((error as DOMException).name).to.equal("InvalidStateError");
    expect(lastSession().calls.length).to.equal(1);
  });

  it("retries on the session that knows the key of a start nobody answered", async () => {
    const element = await mount();
    void element.start({ q: 1 });
    const session = lastSession();
    session.set({ phase: "ended", error: runError("upstream_unavailable") });
    session.isResumable = true;
    await element.retry();
    expect(session.calls.at(-1)).to.deep.equal(["resume"]);
    session.set({ phase: "ended", error: runError("upstream_unavailable") });
    session.isResumable = false;
    void element.retry();
    await until(() => session.calls.length === 4);
    expect(session.calls.at(-1)).to.deep.equal(["start", { q: 1 }]);
    expect(sessions.length).to.equal(1);
  });

  it("makes another session once its options have changed", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "end", status: "succeeded" });
    element.action = "/other";
    void element.start();
    expect(sessions.length).to.equal(2);
    expect(lastSession().options.action).to.equal("/other");
  });

  it("says that the run is lost when it comes back and the run cannot be found", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "kept" });
    element.remove();
    await Promise.resolve();
    document.body.append(element);
    await until(() => element.state === "error");
    expect(element.error?.code).to.equal("run_lost");
    expect(element.text).to.equal("kept");
  });

  it("tells how a run went, in order", async () => {
    const element = await mount();
    const told: string[] = [];
    const names = ["ai-before-start", "ai-start", "ai-state", "ai-stage", "ai-event", "ai-done"] as const;
    for (const name of names) {
      document.addEventListener(name, (event) => {
        if (event.target !== element) return;
        const { detail } = event as CustomEvent;
        told.push(name === "ai-state" ? `${name} ${detail.state}` : name);
      });
    }
    const ended = element.start();
    lastSession().emit(
      { type: "start", at: 1_000, stages: [{ id: "a", label: "A" }] },
      { type: "stage", at: 1_000, stage: "a", status: "running" },
      { type: "result", at: 2_000, value: { ok: true } },
    );
    let elapsed = 0;
    element.addEventListener("ai-done", ({ detail }) => {
      elapsed = detail.elapsed;
    });
    lastSession().emit({ type: "end", at: 3_500, status: "succeeded" });
    expect((await ended).status).to.equal("succeeded");
    expect(element.result).to.deep.equal({ ok: true });
    expect(elapsed).to.equal(2_500);
    expect(told).to.deep.equal([
      "ai-before-start",
      "ai-state connecting",
      "ai-start",
      "ai-state running",
      "ai-event",
      "ai-stage",
      "ai-event",
      "ai-event",
      "ai-stage",
      "ai-state done",
      "ai-done",
      "ai-event",
    ]);
  });

  it("keeps its session when it is moved in the document", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "kept" });
    await drawn(element);
    const elsewhere = document.createElement("div");
    document.body.append(elsewhere);
    elsewhere.append(element);
    await drawn(element);
    expect(lastSession().calls.map(([name]) => name)).to.deep.equal(["start"]);
    lastSession().emit({ type: "text", delta: " and going" });
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("kept and going");
  });

  it("lets go when it is removed, without cancelling, and resumes when it comes back", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "kept" });
    await drawn(element);
    lastSession().isResumable = true;
    element.remove();
    await Promise.resolve();
    expect(lastSession().calls.map(([name]) => name)).to.deep.equal(["start", "detach"]);
    document.body.append(element);
    await drawn(element);
    expect(lastSession().calls.map(([name]) => name)).to.deep.equal(["start", "detach", "resume"]);
    lastSession().emit({ type: "text", delta: " on" });
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("kept on");
  });

  it("finds its run again after a reload where it is to persist", async () => {
    useFakeSessions((session) => {
      session.isResumable = true;
    });
    const element = await mount({ persist: "session", autostart: "" });
    await until(() => element.state === "connecting");
    expect(lastSession().options.persistence).not.to.equal(null);
    expect(lastSession().calls).to.deep.equal([["resume"]]);
    expect(sessions.length).to.equal(1);
  });

  it("warns where another of its action would remember its run in the same place", async () => {
    const warnings: string[] = [];
    const { warn } = console;
    console.warn = (message) => warnings.push(message);
    const kept = { action: "/kept", persist: "session" };
    const first = await mount(kept);
    await mount({ ...kept, id: "other" });
    expect(warnings).to.deep.equal([]);
    await mount(kept);
    expect(warnings).to.deep.equal([
      '<ai-progress-stream persist="session"> shares its run with another of action="/kept": give each an id.',
    ]);
    document.body.replaceChildren();
    await mount(kept);
    console.warn = warn;
    expect(warnings.length).to.equal(1);
    expect(first.isConnected).to.equal(false);
  });

  it("starts where there is nothing to resume and it is to start by itself", async () => {
    const element = await mount({ persist: "session", autostart: "" });
    await until(() => element.state === "connecting");
    expect(lastSession().calls.at(-1)?.[0]).to.equal("start");
  });

  it("attaches to the run that run-id names", async () => {
    const element = await mount({ "run-id": "abc" });
    expect(lastSession().calls).to.deep.equal([["attach", "abc"]]);
    expect(element.state).to.equal("connecting");
  });

  it("lets go of a run that is under way, and does not cancel it, when run-id names another", async () => {
    const element = await mount({ "run-id": "abc" });
    lastSession().emit({ type: "text", delta: "old" });
    await drawn(element);
    element.runId = "def";
    await element.updateComplete;
    expect(lastSession().calls).to.deep.equal([["attach", "abc"], ["detach"], ["attach", "def"]]);
    lastSession().snapshot({ type: "text", delta: "new" });
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("new");
  });

  it("stays with the run that is under way when run-id names that one", async () => {
    const element = await mount();
    void element.start();
    lastSession().snapshot({ type: "text", delta: "kept" });
    element.runId = element.runState.run;
    await drawn(element);
    expect(lastSession().calls).to.deep.equal([["start", undefined]]);
    expect(part(element, "text").textContent).to.equal("kept");
  });

  it("is where it was when a start could not even be asked for, and can be started then", async () => {
    const element = await mount();
    void element.start({ q: 1 });
    lastSession().emit(
      { type: "start", stages: [{ id: "a", label: "A" }] },
      { type: "stage", stage: "a", status: "running" },
      { type: "text", delta: "kept" },
      { type: "end", status: "succeeded" },
    );
    await drawn(element);
    const { start } = lastSession();
    for (const region of element.shadowRoot?.querySelectorAll("[aria-live=polite]") ?? []) {
      region.textContent = "";
    }
    const told: string[] = [];
    for (const name of ["ai-state", "ai-stage", "ai-text", "ai-done"] as const) {
      element.addEventListener(name, ({ detail }) => told.push("state" in detail ? detail.state : name));
    }
    for (const refuse of [
      () => Promise.reject(new TypeError("no JSON")),
      () => {
        throw new TypeError("no JSON");
      },
    ]) {
      lastSession().start = refuse;
      const error = await element.start({ q: 1n }).catch((reason: unknown) => reason);
      expect(String(error)).to.equal("TypeError: no JSON");
      expect(element.state).to.equal("done");
    }
    element.label = "Another";
    await drawn(element);
    expect(told).to.deep.equal(["connecting", "done", "connecting", "done"]);
    expect(announced(element).polite).to.equal("");
    expect(part(element, "text").textContent).to.equal("kept");
    lastSession().start = start;
    void element.retry();
    expect(lastSession().calls.at(-1)).to.deep.equal(["start", { q: 1 }]);
  });

  it("asks the server to cancel and waits for its word", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "part" });
    await drawn(element);
    await element.cancel();
    expect(lastSession().calls.at(-1)?.[0]).to.equal("cancel");
    expect(element.state).to.equal("cancelling");
    await drawn(element);
    expect(part(element, "action").getAttribute("aria-disabled")).to.equal("true");
    let reason = "";
    element.addEventListener("ai-cancel", (event) => {
      reason = event.detail.reason;
    });
    lastSession().emit({ type: "end", status: "cancelled", reason: "user" });
    expect(element.state).to.equal("cancelled");
    expect(reason).to.equal("user");
  });

  it("is idle again after reset()", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "text", delta: "gone" });
    await drawn(element);
    element.reset();
    await drawn(element);
    expect(element.state).to.equal("idle");
    expect(element.runState).to.deep.equal(initialState(""));
    expect(isShown(element, "output")).to.equal(false);
  });

  it("speaks the language of the nearest lang, also from outside of a shadow tree", async () => {
    const host = document.createElement("div");
    host.lang = "de-AT";
    document.body.append(host);
    const shadow = host.attachShadow({ mode: "open" });
    const box = document.createElement("div");
    shadow.append(box);
    const german = await mount({}, "", box);
    expect(partText(german, "action")).to.equal("Starten");
    document.documentElement.lang = "en";
    const english = await mount();
    expect(partText(english, "action")).to.equal("Generate");
  });

  it("lets the page choose its words", async () => {
    document.documentElement.lang = "en";
    const element = await mount({ labels: '{"start":"Go"}' });
    expect(partText(element, "action")).to.equal("Go");
    element.labels = { start: "Now" };
    await drawn(element);
    expect(partText(element, "action")).to.equal("Now");
  });

  it("lays only what is named over its words, also of those that have several forms", async () => {
    document.documentElement.lang = "en";
    const element = await mount({
      labels: '{"stoppedBy":{"user":"by me"},"start":null,"doneWords":{"other":"All of {count} words"}}',
    });
    expect(partText(element, "action")).to.equal("Generate");
    for (const [reason, said] of [
      ["user", "Stopped by me"],
      ["shutdown", "Stopped because the server was shut down"],
    ] as const) {
      void element.start();
      lastSession().emit({ type: "end", status: "cancelled", reason });
      await drawn(element);
      expect(partText(element, "message")).to.equal(said);
    }
    for (const [text, said] of [
      ["One.", "Done, 1 word"],
      ["One two.", "All of 2 words"],
    ] as const) {
      void element.start();
      lastSession().emit({ type: "text", delta: text }, { type: "end", status: "succeeded" });
      await drawn(element);
      expect(announced(element).polite).to.equal(said);
    }
  });

  it("leaves out what is no stage of its plan, and takes a weight as the number that it is", async () => {
    const element = await mount({
      stages:
        '[null,7,{"label":"no id"},{"id":"a","label":"A","weight":"20"},{"id":"b","weight":80},{"id":"c","weight":"none"}]',
    });
    const labels = [...(element.shadowRoot?.querySelectorAll("[part~=stage-label]") ?? [])];
    expect(labels.map((label) => label.textContent)).to.deep.equal(["A", "b", "c"]);
    void element.start();
    lastSession().emit(
      { type: "stage", stage: "a", status: "done" },
      { type: "stage", stage: "b", status: "running" },
    );
    await drawn(element);
    expect(part(element, "segments").getAttribute("aria-valuenow")).to.equal("19");
  });

  it("puts no style attribute into its markup", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "start", stages: [{ id: "a", label: "A" }] });
    await drawn(element);
    const template = document.createElement("template");
    template.innerHTML = element.shadowRoot?.innerHTML ?? "";
    expect(part(element, "segment").style.getPropertyValue("--w")).to.equal("1");
  });
});
