import type { AiProgressStream } from "@ai-progress-stream/element";
import { expect } from "chai";
import { drawn, mount, part, partText, sessions, until, useFakeSessions } from "../support/mount.js";

/** A page of its own, as a server sends it: nothing is defined in it yet. */
async function pageOf(
  markup: string,
): Promise<{ page: Document; load: (query?: string) => Promise<unknown> }> {
  const frame = document.createElement("iframe");
  const isLoaded = new Promise((resolve) => frame.addEventListener("load", resolve));
  frame.srcdoc = `<!doctype html><html lang="en"><body>${markup}</body></html>`;
  document.body.append(frame);
  await isLoaded;
  const page = frame.contentDocument;
  if (!page) throw new Error("the page is not there");
  return {
    page,
    load(query = "") {
      const script = page.createElement("script");
      script.type = "module";
      script.src = `/packages/element/src/index.ts${query}`;
      page.head.append(script);
      return new Promise((resolve, reject) => {
        script.addEventListener("load", resolve);
        script.addEventListener("error", reject);
      });
    },
  };
}

const tagIn = (page: Document): AiProgressStream => {
  const tag = page.querySelector("ai-progress-stream");
  if (!tag) throw new Error("the tag is not there");
  return tag;
};
/** Whether a person sees it: content without a slot is not rendered. */
const isSeen = (element: Element | null): boolean => (element?.getClientRects().length ?? 0) > 0;

describe("the element, at home anywhere", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  it("shows what the server wrote into it until it is there, and then itself", async () => {
    const { page, load } = await pageOf(
      '<ai-progress-stream action="/x" label="Answer"><p>Needs JavaScript.</p><i slot="hint">20 s</i></ai-progress-stream>',
    );
    expect(isSeen(page.querySelector("p"))).to.equal(true);
    await load();
    const element = tagIn(page);
    await element.updateComplete;
    expect(isSeen(page.querySelector("p"))).to.equal(false);
    expect(isSeen(page.querySelector("i"))).to.equal(true);
    expect(partText(element, "action")).to.equal("Generate");
    expect(element.querySelector("p")?.textContent).to.equal("Needs JavaScript.");
  });

  it("takes up what was set and listened to before it was upgraded, and the form that waits for it", async () => {
    const { page, load } = await pageOf(
      '<form id="ask"><input name="q" value="1"></form><ai-progress-stream for="ask"></ai-progress-stream>',
    );
    const element = tagIn(page);
    const told: unknown[] = [];
    element.addEventListener("ai-before-start", (event) => {
      told.push(event.detail.input);
      event.preventDefault();
    });
    element.action = "/early";
    element.stages = [{ id: "a", label: "Early" }];
    await load();
    await element.updateComplete;
    expect(element.action).to.equal("/early");
    expect(partText(element, "stage-label")).to.equal("Early");
    page.querySelector("form")?.requestSubmit();
    await until(() => told.length > 0);
    expect(told).to.deep.equal([{ q: "1" }]);
  });

  it("is there once, however many copies of its script a page loads", async () => {
    const { page, load } = await pageOf("<ai-progress-stream></ai-progress-stream>");
    const errors: unknown[] = [];
    page.defaultView?.addEventListener("error", (event) => errors.push(event.message));
    await Promise.all([load(), load("?copy")]);
    await tagIn(page).updateComplete;
    expect(errors).to.deep.equal([]);
    expect(tagIn(page).state).to.equal("idle");
  });

  it("is made by a script: with new, by createElement, by innerHTML and by cloning", async () => {
    const { AiProgressStream } = await import("@ai-progress-stream/element");
    const box = document.createElement("div");
    document.body.append(box);
    box.innerHTML = '<ai-progress-stream action="/fake" label="By markup"></ai-progress-stream>';
    const fresh = new AiProgressStream();
    fresh.action = "/fake";
    fresh.label = "By new";
    const made = document.createElement("ai-progress-stream");
    made.action = "/fake";
    made.label = "By name";
    box.append(fresh, made, tagIn(document).cloneNode(true));
    const all = [...box.querySelectorAll("ai-progress-stream")];
    await Promise.all(all.map((element) => element.updateComplete));
    expect(all.map((element) => partText(element, "label"))).to.deep.equal([
      "By markup",
      "By new",
      "By name",
      "By markup",
    ]);
  });

  it("can be started before it is in the document, and shows its run once it is", async () => {
    const element = document.createElement("ai-progress-stream");
    element.action = "/fake";
    void element.start({ q: 1 });
    await until(() => sessions.length === 1);
    sessions[0]?.emit({ type: "text", delta: "early" });
    document.body.append(element);
    await drawn(element);
    await drawn(element);
    expect(part(element, "text").textContent).to.equal("early");
  });

  it("stands beside others, each with a run of its own", async () => {
    const first = await mount({ label: "One" });
    const second = await mount({ label: "Two" });
    const told: string[] = [];
    first.addEventListener("ai-text", () => told.push("first"));
    second.addEventListener("ai-text", () => told.push("second"));
    void first.start({ n: 1 });
    void second.start({ n: 2 });
    expect(sessions.map(({ calls }) => calls)).to.deep.equal([[["start", { n: 1 }]], [["start", { n: 2 }]]]);
    sessions[0]?.emit({ type: "text", delta: "one" });
    sessions[1]?.emit({ type: "text", delta: "two" }, { type: "end", status: "succeeded" });
    await drawn(first);
    await drawn(second);
    expect([first.text, second.text]).to.deep.equal(["one", "two"]);
    expect([first.state, second.state]).to.deep.equal(["streaming", "done"]);
    expect(told.sort()).to.deep.equal(["first", "second"]);
    first.reset();
    expect(second.text).to.equal("two");
  });

  it("shows a stream that the page brings, without an action and without a button to start one", async () => {
    const element = await mount({ action: "" });
    expect(element.shadowRoot?.querySelector<HTMLElement>("[part=actions]")?.hidden).to.equal(true);
    const { createSession } = await import("@ai-progress-stream/element/client");
    const { AiProgressStream } = await import("@ai-progress-stream/element");
    AiProgressStream.createSession = createSession;
    const state = await element.consume(
      new Response('data: {"progress":50,"chunk":"Hello"}\n\ndata: {"status":"completed"}\n\n', {
        headers: { "content-type": "text/event-stream" },
      }),
    );
    await drawn(element);
    expect([state.status, state.text, element.state]).to.deep.equal(["succeeded", "Hello", "done"]);
    expect(part(element, "text").textContent).to.equal("Hello");
    expect(element.shadowRoot?.querySelector<HTMLElement>("[part=actions]")?.hidden).to.equal(true);
  });

  it("refuses a stream while a run is under way", async () => {
    const element = await mount();
    void element.start();
    let name = "";
    await element.consume(new Response("")).catch((error: DOMException) => {
      name = error.name;
    });
    expect(name).to.equal("InvalidStateError");
  });
});
