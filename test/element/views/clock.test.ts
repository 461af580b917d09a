import type { AiProgressStream } from "@ai-progress-stream/element";
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
import { scenes } from "../support/scenes.js";

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
    const scene = scenes.find(({ name }) => name === "streaming");
    if (!scene) throw new Error("no such scene");
    const element = await mountScene(scene);
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
