import type { AiProgressStream } from "@ai-progress-stream/element";
import { runError } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import {
  drawn,
  isShown,
  lastSession,
  mount,
  mountScene,
  partText,
  until,
  useFakeSessions,
} from "../support/mount.js";
import { sceneOf } from "../support/scenes.js";

const HOUR = 3_600_000;
const now = Date.now;
const shownMessage = (element: AiProgressStream): string =>
  isShown(element, "message") ? partText(element, "message") : "";

beforeEach(() => useFakeSessions());
afterEach(() => {
  Date.now = now;
  document.body.replaceChildren();
});

describe("a clock that is set back by an hour", () => {
  it("hides nothing of a run that has just begun", async () => {
    const element = await mount();
    void element.start({});
    // Seen, so it stays for a moment.
    await until(() => shownMessage(element) !== "", "the wait");
    Date.now = () => now() - HOUR;
    lastSession().emit(
      { type: "start", stages: [{ id: "a", label: "Reading" }] },
      { type: "progress", stage: "a", message: "Page 3" },
    );
    await until(() => shownMessage(element).includes("Page 3"), "the run");
  });

  it("lets no wait look an hour long", async () => {
    const element = await mountScene(sceneOf("streaming"));
    lastSession().set({
      phase: "reconnecting",
      lostAt: Date.now() - 2_000,
      retry: { attempt: 2, maxRetries: 5, dueAt: Date.now() + 20_000 },
    });
    await drawn(element);
    expect(partText(element, "figures")).to.match(/^retry 2 of 5 in (19|20) s$/);
    Date.now = () => now() - HOUR;
    await until(() => !/in \d/.test(partText(element, "figures")), "another word");
    expect(partText(element, "figures")).to.contain("2 of 5");
  });
});

describe("a run that has said nothing yet", () => {
  beforeEach(() => {
    const start = now();
    Date.now = () => start;
  });
  const isUnchanged = (element: AiProgressStream): boolean =>
    partText(element, "action") === "Generate" && !isShown(element, "skeleton");

  it("shows no more than a young connection, until it says something", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit();
    await drawn(element);
    lastSession().emit({ type: "start" });
    await drawn(element);
    expect(element.state).to.equal("running");
    expect(isUnchanged(element)).to.equal(true);
    lastSession().emit({ type: "start", stages: [{ id: "a", label: "Reading" }] });
    await drawn(element);
    expect(isShown(element, "stages")).to.equal(true);
  });

  it("is not to be seen at all where it is over at once", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "start" });
    await drawn(element);
    expect(isUnchanged(element)).to.equal(true);
    lastSession().emit({ type: "text", delta: "Yes." }, { type: "end", status: "succeeded" });
    await drawn(element);
    expect(partText(element, "message")).to.equal("Done");
  });

  it("has its placeholder from the same moment on as a connection, for as long", async () => {
    const element = await mount();
    void element.start();
    lastSession().emit({ type: "start" });
    const start = Date.now();
    Date.now = () => start + 300;
    await until(() => isShown(element, "skeleton"), "the placeholder");
    expect(partText(element, "message")).to.equal("Working…");
    lastSession().emit({ type: "text", delta: "Yes." });
    await drawn(element);
    expect(isShown(element, "skeleton")).to.equal(true);
    Date.now = () => start + 600;
    await until(() => isShown(element, "output"), "the text");
  });
});

describe("the clock of a run whose connection is given up", () => {
  for (const [lostAfter, title] of [
    [6_000, "stays where it was when that was lost"],
    [null, "stays where it is, where nothing was tried again"],
  ] as const) {
    it(title, async () => {
      const element = await mount();
      const start = now();
      Date.now = () => start;
      void element.start();
      lastSession().emit({ type: "start" }, { type: "text", delta: "One." });
      Date.now = () => start + (lostAfter ?? 6_000) + 3_000;
      if (lostAfter) lastSession().set({ phase: "reconnecting", lostAt: start + lostAfter });
      const error = runError("upstream_unavailable");
      lastSession().set({ phase: "ended", error, isResumable: true });
      await drawn(element);
      expect(element.state).to.equal("error");
      expect(partText(element, "elapsed")).to.equal(lostAfter ? "0:06" : "0:09");
      Date.now = () => start + 60_000;
      element.label = "Again";
      await drawn(element);
      expect(partText(element, "elapsed")).to.equal(lostAfter ? "0:06" : "0:09");
    });
  }
});

describe("an element that is removed", () => {
  it("leaves no timer behind, though an update was due", async () => {
    const element = await mount();
    void element.start({});
    lastSession().emit(
      { type: "start", stages: [{ id: "a", label: "Reading" }] },
      { type: "stage", stage: "a", status: "running" },
    );
    await drawn(element);
    const { setTimeout, clearTimeout } = globalThis;
    const armed = new Set<unknown>();
    Object.assign(globalThis, {
      setTimeout(callback: () => void, ms: number) {
        const timer = setTimeout(callback, ms);
        armed.add(timer);
        return timer;
      },
      clearTimeout(timer: number) {
        armed.delete(timer);
        clearTimeout(timer);
      },
    });
    try {
      lastSession().emit({ type: "stage", stage: "b", label: "Writing", status: "running" });
      element.label = "Another";
      element.remove();
      await drawn(element);
      expect(armed.size).to.equal(0);
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    }
  });
});
