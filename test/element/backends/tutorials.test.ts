import { expect } from "chai";
import { TUTORIAL_TEXT } from "../backend/tutorials.js";
import { drawn, isShown, part, partText, until } from "../support/mount.js";
import { everythingIn, type Front, frontOf, isRising } from "./support.js";

const tutorial = (name: string, attributes: Readonly<Record<string, string>> = {}): Promise<Front> =>
  frontOf(`/api/tutorials/${name}/{room}`, attributes);

afterEach(() => document.body.replaceChildren());

describe("a FastAPI server with named events over GET", () => {
  it("is asked by its query, and followed from status to complete", async () => {
    const { element, calls, messages, stages, fractions } = await tutorial("fastapi", { method: "GET" });
    const { status } = await element.start({ prompt: "Hallo, wie geht's?" });
    await drawn(element);
    expect(status).to.equal("succeeded");
    expect(part(element, "text").textContent).to.equal(TUTORIAL_TEXT);
    expect(messages).to.deep.equal(["KI-Modell verarbeitet Ihre Anfrage...", "Antwort wird empfangen..."]);
    expect(stages).to.deep.equal(["Initializing", "Sending request", "Processing", "Receiving"]);
    expect(isRising(fractions)).to.equal(true);
    expect(fractions).to.include.members([0.1, 0.25, 0.5, 1]);
    const [call, ...more] = await calls();
    expect(more).to.deep.equal([]);
    expect([call?.method, call?.query]).to.deep.equal(["GET", { prompt: "Hallo, wie geht's?" }]);
  });

  it("that completes with nothing in it has failed", async () => {
    const { element } = await tutorial("fastapi", { method: "GET" });
    await element.start({ prompt: "empty" });
    await drawn(element);
    expect(element.error?.code).to.equal("upstream_malformed");
    expect(partText(element, "error-message")).to.equal(
      "The model service gave an answer that cannot be read.",
    );
  });

  it("that fails is shown in our words and not in its own", async () => {
    const { element, fractions } = await tutorial("fastapi", { method: "GET" });
    await element.start({ prompt: "fail" });
    await drawn(element);
    expect(element.state).to.equal("error");
    expect(partText(element, "error-message")).to.equal("The model service refused the request.");
    expect(everythingIn(element)).not.to.contain("SECRET");
    expect(fractions.at(-1)).to.equal(0.25);
  });
});

describe("an Express server with progress, content and complete", () => {
  it("is followed to its end, and its text does not double there", async () => {
    const { element, fractions, calls } = await tutorial("express");
    const { status } = await element.start({ prompt: "Hello", task_id: "t-1" });
    await drawn(element);
    expect(status).to.equal("succeeded");
    expect(part(element, "text").textContent).to.equal(TUTORIAL_TEXT);
    expect(fractions).to.deep.equal([0.3, 0.6, 0.9, 1]);
    expect((await calls()).map(({ body }) => body)).to.deep.equal([{ prompt: "Hello", task_id: "t-1" }]);
  });

  it("that fails in the middle leaves its text where it is, and can be tried again", async () => {
    const { element, calls } = await tutorial("express");
    await element.start({ prompt: "fail" });
    await drawn(element);
    expect(element.state).to.equal("error");
    expect(part(element, "text").textContent).to.equal("Grüße ");
    expect(partText(element, "error-detail")).to.contain("The text so far is kept.");
    expect(everythingIn(element)).not.to.contain("SECRET");
    await element.retry();
    expect((await calls()).length).to.equal(2);
    const keys = (await calls()).map(({ key }) => key);
    expect(new Set(keys).size).to.equal(2);
  });
});

describe("a server with weighted stages", () => {
  const names = ["Extracting text", "Analyzing content", "Generating summary", "Formatting results"];

  it("shows each stage, its description, and the progress that the server adds up", async () => {
    const { element, stages, fractions, release } = await tutorial("stages", { "stages-view": "list" });
    const ended = element.start({ prompt: "wait" });
    await until(() => element.runState.progress === 0.375, "the middle of the second stage");
    await drawn(element);
    const shown = [...(element.shadowRoot?.querySelectorAll("[part~=stage-label]") ?? [])];
    expect(shown.map((label) => label.textContent?.trim())).to.deep.equal([`${names[0]}, done`, names[1]]);
    expect(partText(element, "message")).to.equal("Working on analyzing content");
    expect(partText(element, "figures")).to.contain("37%");
    await release();
    expect((await ended).status).to.equal("succeeded");
    expect(stages).to.deep.equal(names);
    expect(isRising(fractions)).to.equal(true);
    expect(element.result).to.deep.equal({ entities: 3, summary: "Short." });
  });

  it("gets the weights that the page knows of", async () => {
    const plan = names.map((label, index) => ({ id: label, label, weight: [20, 35, 25, 20][index] }));
    const { element, release } = await tutorial("stages", { stages: JSON.stringify(plan) });
    const ended = element.start({ prompt: "wait" });
    await until(() => element.runState.progress === 0.375, "the middle of the second stage");
    await drawn(element);
    const segments = [...(element.shadowRoot?.querySelectorAll<HTMLElement>("[part~=segment]") ?? [])];
    expect(segments.map((segment) => segment.style.getPropertyValue("--w"))).to.deep.equal([
      "20",
      "35",
      "25",
      "20",
    ]);
    await release();
    await ended;
  });

  it("that fails says at which stage, and does not pull the bar back", async () => {
    const { element, fractions } = await tutorial("stages");
    await element.start({ prompt: "fail" });
    await drawn(element);
    expect(partText(element, "message")).to.equal("Stopped at “Generating summary”");
    expect(isRising(fractions)).to.equal(true);
  });
});

describe("a Go handler that sends data only", () => {
  it("is followed by the status in each message, to the data of the last", async () => {
    const { element, stages, messages, fractions } = await tutorial("go", { method: "GET" });
    const { status } = await element.start({ token: "t" });
    expect(status).to.equal("succeeded");
    expect(stages).to.deep.equal(["Fetching data", "Processing"]);
    expect(messages).to.deep.equal(["Fetching the pages", "Clustering 127 pages", "Ready"]);
    expect(fractions).to.deep.equal([0.1, 0.5, 0.99, 1]);
    expect(element.result).to.deep.equal({ clusters: 7 });
  });

  it("that fails does so without its own words", async () => {
    const { element } = await tutorial("go", { method: "GET" });
    await element.start({ prompt: "fail" });
    await drawn(element);
    expect(element.state).to.equal("error");
    expect(everythingIn(element)).not.to.contain("SECRET");
  });
});

describe("a proxy that passes OpenAI's stream through", () => {
  it("is read as OpenAI", async () => {
    const { element } = await tutorial("proxy");
    const { status } = await element.start({ prompt: "Hello" });
    await drawn(element);
    expect(status).to.equal("succeeded");
    expect(part(element, "text").textContent).to.equal(TUTORIAL_TEXT);
    expect(isShown(element, "notice")).to.equal(false);
  });

  it("that passes a refusal on as if it were a stream has failed", async () => {
    const { element } = await tutorial("proxy");
    await element.start({ prompt: "fail" });
    await drawn(element);
    expect(element.error?.code).to.equal("upstream_rejected");
    expect(everythingIn(element)).not.to.contain("SECRET");
  });
});

describe("a server that names a stream for its task", () => {
  const prompt = "Wie geht's dir, Welt? Über 50 % schön";

  it("is followed there, though the prompt in the address is not escaped", async () => {
    const { element, calls } = await tutorial("process");
    const { status } = await element.start({ prompt });
    expect(status).to.equal("succeeded");
    expect(element.text).to.equal(TUTORIAL_TEXT);
    const [post, get, ...more] = await calls();
    expect([post?.method, get?.method, more.length]).to.deep.equal(["POST", "GET", 0]);
    expect(get?.query).to.deep.equal({ prompt });
  });

  it("is not asked for that stream again once it is lost, which would start a second job", async () => {
    const attributes = { persist: "session", id: "task" };
    const { element, calls, startAndCut } = await tutorial("process", attributes);
    await startAndCut({ prompt: "hold" });
    expect([element.error?.code, element.text]).to.deep.equal(["upstream_truncated", "Grüße "]);
    expect(await element.resume()).to.equal(false);
    const again = element.cloneNode() as typeof element;
    element.replaceWith(again);
    await drawn(again);
    expect(await again.resume()).to.equal(false);
    expect((await calls()).map(({ method }) => method)).to.deep.equal(["POST", "GET"]);
  });
});
