import type { AiProgressStream } from "@ai-progress-stream/element";
import { runError } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import {
  announced,
  drawn,
  frame,
  isShown,
  lastSession,
  maybePart,
  mount,
  mountScene,
  part,
  partText,
  until,
  useFakeSessions,
} from "../support/mount.js";
import { PARTIAL, PLAN, sceneOf } from "../support/scenes.js";

const show = (name: string): Promise<AiProgressStream> => mountScene(sceneOf(name));

describe("the states", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  it("shows title, hint and one button when idle", async () => {
    const element = await show("idle");
    expect(element.state).to.equal("idle");
    expect(part(element, "label").querySelector("slot")?.textContent).to.equal("Summarise this contract");
    expect(element.shadowRoot?.querySelectorAll("button:not([hidden])").length).to.equal(1);
    expect(partText(element, "action")).to.equal("Generate");
    expect(isShown(element, "output")).to.equal(false);
  });

  it("shows the plan before the start", async () => {
    const element = await show("idle with a plan");
    const labels = [...(element.shadowRoot?.querySelectorAll("[part~=stage-label]") ?? [])];
    expect(labels.map((label) => label.textContent)).to.deep.equal(PLAN.map(({ label }) => label));
    expect(isShown(element, "segments")).to.equal(false);
  });

  it("says that it is ready, without a button of its own, where a form has one", async () => {
    const element = await show("idle behind a form");
    expect(partText(element, "figures")).to.equal("Ready");
    expect(isShown(element, "actions")).to.equal(false);
  });

  it("keeps what was there while a connection is young, then shows a placeholder", async () => {
    const element = await mount();
    void element.start();
    await drawn(element);
    expect(element.state).to.equal("connecting");
    expect(partText(element, "action")).to.equal("Generate");
    await until(() => maybePart(element, "skeleton"), "the placeholder");
    expect(part(element, "skeleton").getAttribute("aria-busy")).to.equal("true");
    expect(partText(element, "message")).to.equal("Connecting…");
    expect(part(element, "rail").hasAttribute("aria-valuenow")).to.equal(false);
  });

  it("shows weighted segments, the list and its seconds while running", async () => {
    const element = await show("running");
    expect(partText(element, "message")).to.equal("Reading 14 clauses — 9 of 14");
    expect(partText(element, "figures")).to.match(/^49% · 0:1\d$/);
    const segments = [...(element.shadowRoot?.querySelectorAll<HTMLElement>("[part~=segment]") ?? [])];
    expect(segments.map((segment) => segment.style.getPropertyValue("--w"))).to.deep.equal([
      "10",
      "20",
      "30",
      "40",
    ]);
    const times = [...(element.shadowRoot?.querySelectorAll("[part~=stage-time]") ?? [])].map(
      (time) => time.textContent,
    );
    expect(times[0]).to.equal("0.8\u00a0s");
    expect(times[1]).to.equal("3.1\u00a0s");
    expect(times[3]).to.equal("");
    expect(part(element, "stage-running").getAttribute("aria-current")).to.equal("step");
    expect(part(element, "segments").getAttribute("aria-valuetext")).to.equal(
      "Analyse clauses, step 3 of 4, 49%",
    );
    expect(part(element, "segments").getAttribute("aria-valuenow")).to.equal("49");
  });

  for (const dir of ["ltr", "rtl"]) {
    it(`moves a segment's bar as it is, so that its end stays round: ${dir}`, async () => {
      document.documentElement.dir = dir;
      const element = await show("running");
      const segment = part(element, "segment-running");
      const bar = segment.querySelector("i") ?? segment;
      const shown = (): number => {
        const [{ left, right, width }, box] = [bar.getBoundingClientRect(), segment.getBoundingClientRect()];
        expect(width).to.be.closeTo(box.width, 0.5);
        return (dir === "ltr" ? right - box.left : box.right - left) / box.width;
      };
      await until(() => Math.abs(shown() - 9 / 14) < 0.01, "the bar's place");
      document.documentElement.dir = "";
    });
  }

  it("says no count twice", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit(
      { type: "start", stages: PLAN },
      { type: "stage", stage: "analyse", status: "running" },
      {
        type: "progress",
        stage: "analyse",
        completed: 127,
        total: 500,
        message: "Analyzing page 127 of 500",
      },
    );
    await drawn(element);
    expect(partText(element, "message")).to.equal("Analyzing page 127 of 500");
  });

  it("has figures on the line of what they stand beside, and no dot at the beginning of one", async () => {
    const element = await show("running");
    const baselineOf = (name: string): number => {
      const mark = document.createElement("span");
      mark.style.display = "inline-block";
      part(element, name).append(mark);
      return mark.getBoundingClientRect().bottom;
    };
    expect(baselineOf("figures")).to.be.closeTo(baselineOf("remark"), 0.1);
    expect(baselineOf("stage-time")).to.be.closeTo(baselineOf("stage-label"), 0.1);
    expect(part(element, "figures").textContent).to.include("%\u00a0· ");
  });

  it("collapses the stages into a rail once text streams", async () => {
    const element = await show("streaming");
    expect(element.state).to.equal("streaming");
    expect(isShown(element, "stages")).to.equal(false);
    expect(part(element, "rail").getAttribute("aria-valuenow")).to.equal("78");
    expect(partText(element, "message")).to.equal("Writing summary — 4 of 4");
    expect(partText(element, "figures")).to.match(/^0:1\d · 412 tokens$/);
    expect(partText(element, "action")).to.equal("Stop");
    expect(part(element, "text").textContent).to.equal(PARTIAL);
  });

  it("shows a lost connection after a second, and keeps the text", async () => {
    const element = await show("streaming");
    lastSession().set({
      phase: "reconnecting",
      lostAt: Date.now(),
      retry: { attempt: 2, maxRetries: 5, dueAt: Date.now() + 60_000 },
    });
    await drawn(element);
    expect(element.state).to.equal("reconnecting");
    expect(partText(element, "action")).to.equal("Stop");
    await until(() => partText(element, "action") === "Retry now", "the offer to retry");
    expect(partText(element, "message")).to.equal("Reconnecting — your text is safe");
    expect(partText(element, "figures")).to.match(/^retry 2 of 5 in (59|60) s$/);
    expect(part(element, "text").textContent).to.equal(PARTIAL);
    part(element, "action").click();
    await until(() => {
      part(element, "action").click();
      return lastSession().calls.some(([name]) => name === "retryNow");
    });
  });

  it("says why a start waits that was refused for now, and of one that nobody answered not that it was lost", async () => {
    const element = await mount();
    void element.start({});
    const message = "Too many requests. Try again in a minute.";
    const retry = { attempt: 1, maxRetries: 5, dueAt: Date.now() + 60_000 };
    const error = { code: "rate_limited", message, retryable: true } as const;
    const wait = { phase: "reconnecting", lostAt: Date.now() - 2_000 } as const;
    lastSession().set({ ...wait, retry: { ...retry, error } });
    await drawn(element);
    expect(partText(element, "message")).to.equal("Too many requests.");
    expect(partText(element, "figures")).to.match(/^retry 1 of 5 in (59|60) s$/);
    lastSession().set({ ...wait, retry });
    await drawn(element);
    expect(partText(element, "message")).to.equal("Connecting…");
  });

  it("shows what it took when done", async () => {
    const element = await show("done");
    expect(partText(element, "message")).to.equal("Done");
    expect(partText(element, "footer")).to.equal("21.4 s 1,204 tokens $0.0041");
    expect(partText(element, "copy")).to.equal("Copy");
    expect(partText(element, "action")).to.equal("Run again");
    expect(isShown(element, "rail")).to.equal(false);
  });

  it("does not say for good that the text was copied where it was removed meanwhile", async () => {
    const element = await show("done");
    Object.defineProperty(navigator, "clipboard", { value: { writeText() {} }, configurable: true });
    try {
      await element.copy();
    } finally {
      Reflect.deleteProperty(navigator, "clipboard");
    }
    await drawn(element);
    expect(partText(element, "copy")).to.equal("Copied");
    element.remove();
    document.body.append(element);
    await drawn(element);
    expect(partText(element, "copy")).to.equal("Copy");
  });

  it("shows only the figures that are asked for", async () => {
    const element = await mountScene({ ...sceneOf("done"), attributes: { show: "tokens" } });
    expect(partText(element, "footer")).to.equal("1,204 tokens");
  });

  it("shows a failure in a sentence, with its code, its id and its stage", async () => {
    const element = await show("error");
    expect(partText(element, "message")).to.equal("Stopped at “Analyse clauses”");
    expect(partText(element, "error-message")).to.equal("The model is rate limited.");
    expect(partText(element, "error-detail")).to.match(
      /^Try again in \d+ seconds\. rate_limited · req_8fK2$/,
    );
    expect(isShown(element, "segment-failed")).to.equal(true);
    const glyphs = element.shadowRoot?.querySelectorAll(".header .glyph, .notice .glyph") ?? [];
    expect([...glyphs].map((glyph) => glyph.parentElement?.className.trim())).to.deep.equal(["header"]);
    expect(partText(element, "action")).to.equal("Retry");
    expect(announced(element).urgent).to.equal("The model is rate limited.");
  });

  it("says how each run has ended, however quickly", async () => {
    const element = await mount();
    for (const text of ["One.", "One two."]) {
      void element.start();
      lastSession().emit({ type: "text", delta: text }, { type: "end", status: "succeeded" });
      await drawn(element);
      expect(announced(element).polite).to.equal(text === "One." ? "Done, 1 word" : "Done, 2 words");
    }
    void element.start();
    // The old one is still to be seen.
    element.label = "Again";
    await drawn(element);
    expect(announced(element).polite).to.equal("Done, 2 words");
    lastSession().emit(
      { type: "text", delta: "Gone." },
      { type: "end", status: "cancelled", reason: "user" },
    );
    await drawn(element);
    expect(announced(element).polite).to.equal("Stopped by you");
  });

  it("keeps the text of a run that failed", async () => {
    const element = await show("error with text kept");
    expect(part(element, "text").textContent).to.equal(PARTIAL);
    expect(partText(element, "error-detail")).to.contain("The text so far is kept.");
  });

  it("offers no retry where none can help", async () => {
    const element = await show("error without retry");
    expect(partText(element, "action")).to.equal("Start over");
  });

  it("hides its notice where the page shows its own", async () => {
    const element = await mount();
    element.addEventListener("ai-error", (event) => event.preventDefault());
    void element.start();
    lastSession().emit({ type: "end", status: "failed", error: runError("internal") });
    await drawn(element);
    expect(element.error?.code).to.equal("internal");
    expect(isShown(element, "notice")).to.equal(false);
    expect(partText(element, "action")).to.equal("Retry");
  });

  it("resumes the living run when its connection was given up", async () => {
    const element = await show("connection given up");
    expect(partText(element, "message")).to.equal("Connection lost");
    const session = lastSession();
    session.isResumable = true;
    await element.retry();
    expect(session.calls.at(-1)).to.deep.equal(["resume"]);
    expect(lastSession() === session).to.equal(true);
  });

  it("says who has stopped it, and offers no way to resume that", async () => {
    const element = await show("cancelled");
    expect(partText(element, "message")).to.equal("Stopped by you — 412 tokens kept");
    expect(partText(element, "action")).to.equal("Start over");
    expect(part(element, "text").textContent).to.equal(PARTIAL);
    const other = await show("cancelled by the server");
    expect(partText(other, "message")).to.equal("Stopped because the server was shut down");
  });

  it("shows reasoning folded up", async () => {
    const element = await show("streaming without stages, with reasoning");
    const details = part(element, "reasoning") as HTMLDetailsElement;
    expect(details.open).to.equal(false);
    expect(part(element, "reasoning-text").textContent).to.equal("The user asks about clause 9.");
  });

  it("is readable as :state() in CSS", async () => {
    const element = await show("running");
    expect(element.matches(":state(running):state(busy)")).to.equal(true);
    expect(element.matches(":state(idle)")).to.equal(false);
    lastSession().emit({ type: "end", status: "succeeded" });
    await drawn(element);
    expect(element.matches(":state(done)")).to.equal(true);
    expect(element.matches(":state(busy)")).to.equal(false);
  });

  it("never lets the bar fall", async () => {
    const element = await show("running");
    const valueNow = (): number => Number(part(element, "segments").getAttribute("aria-valuenow"));
    const before = valueNow();
    lastSession().emit({ type: "progress", stage: "analyse", fraction: 0.1 });
    lastSession().emit({ type: "progress", fraction: 0 });
    await drawn(element);
    expect(valueNow()).to.equal(before);
    const bar = part(element, "segment-running").querySelector("i");
    expect(Number(bar?.style.getPropertyValue("--p"))).to.be.closeTo(9 / 14, 1e-9);
    lastSession().snapshot({ type: "start", stages: PLAN });
    await drawn(element);
    expect(valueNow()).to.equal(before);
  });

  it("starts a new run's bar from nothing, as another element", async () => {
    const element = await show("error");
    const old = part(element, "segments");
    void element.start();
    lastSession().emit(
      { type: "start", stages: PLAN },
      { type: "stage", stage: "upload", status: "running" },
    );
    await drawn(element);
    expect(part(element, "segments") === old).to.equal(false);
    expect(part(element, "segments").getAttribute("aria-valuenow")).to.equal("0");
    expect(isShown(element, "notice")).to.equal(false);
  });

  it("starts a new run's bar from nothing, also where the last one was drawn once more meanwhile", async () => {
    const element = await show("error");
    void element.start();
    element.label = "Again";
    await drawn(element);
    expect(part(element, "segments").getAttribute("aria-valuenow")).to.equal("49");
    lastSession().emit({ type: "start", stages: PLAN });
    await drawn(element);
    expect(part(element, "segments").getAttribute("aria-valuenow")).to.equal("0");
  });

  it("lends its plan's weights to stages that come without", async () => {
    const element = await mount({ stages: JSON.stringify(PLAN) });
    void element.start();
    lastSession().emit(
      { type: "stage", stage: "upload", status: "done" },
      { type: "stage", stage: "extract", status: "running" },
    );
    await drawn(element);
    expect(partText(element, "message")).to.equal("Extract text — 2 of 4");
    expect(partText(element, "figures")).to.match(/^10%/);
  });

  it("says no percentage of a plan to a server that names no stage", async () => {
    const element = await mount({ stages: JSON.stringify(PLAN) });
    void element.start();
    lastSession().emit({ type: "start" }, { type: "text", delta: "On" });
    await drawn(element);
    expect(part(element, "rail").hasAttribute("aria-valuenow")).to.equal(false);
    expect(partText(element, "figures")).not.to.contain("%");
  });

  it("asks for a run that a reload has found as it was asked for first, whatever its form holds now", async () => {
    const form = document.createElement("form");
    form.id = "ask";
    form.append(document.createElement("input"));
    document.body.append(form);
    useFakeSessions((session) => {
      session.isResumable = true;
      session.input = { prompt: "why" };
    });
    const element = await mount({ for: "ask", persist: "session" });
    lastSession().emit({ type: "text", delta: "So" }, { type: "end", status: "succeeded" });
    await drawn(element);
    await until(() => {
      part(element, "action").click();
      return lastSession().calls.some(([name]) => name === "start");
    });
    const starts = lastSession().calls.filter(([name]) => name === "start");
    expect(starts).to.deep.equal([["start", { prompt: "why" }]]);
    form.remove();
  });

  it("keeps its focus from Stop to Run again", async () => {
    const element = await show("streaming");
    const button = part(element, "action");
    button.focus();
    lastSession().emit({ type: "end", status: "succeeded" });
    await drawn(element);
    expect(part(element, "action") === button).to.equal(true);
    expect(partText(element, "action")).to.equal("Run again");
    expect(element.shadowRoot?.activeElement === button).to.equal(true);
  });

  it("takes a click right after its button changed as one on the old button", async () => {
    const element = await show("streaming");
    lastSession().emit({ type: "end", status: "succeeded" });
    await drawn(element);
    part(element, "action").click();
    await drawn(element);
    expect(element.state).to.equal("done");
    expect(lastSession().calls.filter(([name]) => name === "start").length).to.equal(1);
  });

  it("clears text and error of the last run when a new one is shown", async () => {
    const element = await show("error with text kept");
    void element.start();
    lastSession().emit({ type: "start" }, { type: "progress", message: "Reading" });
    await drawn(element);
    await frame();
    expect(element.text).to.equal("");
    expect(isShown(element, "output")).to.equal(false);
    expect(element.shadowRoot?.querySelector("[part=text]")?.textContent).to.equal("");
  });
});
