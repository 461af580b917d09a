import { expect } from "chai";
import {
  type AnnouncedMoment,
  Announcer,
  type AnnouncerClock,
} from "../../../packages/element/src/element/announcer.js";
import { en } from "../../../packages/element/src/element/labels/en.js";

interface FakeClock extends AnnouncerClock {
  pass(ms: number): void;
}

function createFakeClock(): FakeClock {
  let now = 1_000_000;
  const timers = new Map<number, { at: number; callback: () => void }>();
  let next = 1;
  return {
    now: () => now,
    setTimeout(callback, ms) {
      timers.set(next, { at: now + ms, callback });
      return next++;
    },
    clearTimeout: (timer) => void timers.delete(timer as number),
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (!due) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].callback();
      }
      now = end;
    },
  };
}

function setUp(mode: AnnouncedMoment["mode"] = "milestones") {
  const said: string[] = [];
  const clock = createFakeClock();
  const announcer = new Announcer(
    (message, isUrgent) => said.push(isUrgent ? `! ${message}` : message),
    clock,
  );
  let moment: AnnouncedMoment = {
    mode,
    state: "idle",
    run: 0,
    failure: null,
    stage: null,
    progress: null,
    text: "",
    read: (limit) => moment.text.slice(-limit),
    error: null,
    reason: null,
    lang: "en",
    labels: en,
  };
  const update = (change: Partial<AnnouncedMoment>): void => {
    moment = { ...moment, ...change };
    announcer.update(moment);
  };
  update({});
  return { said, clock, update };
}

describe("the announcer", () => {
  it("tells the start, the stages and the end, and no token", () => {
    const { said, clock, update } = setUp();
    update({ state: "connecting" });
    clock.pass(4_000);
    update({ state: "running", stage: "Upload" });
    clock.pass(4_000);
    update({ stage: "Write" });
    clock.pass(4_000);
    let text = "";
    for (let i = 0; i < 500; i++) {
      text += "word ";
      update({ state: "streaming", text });
      clock.pass(10);
    }
    update({ state: "done" });
    expect(said).to.deep.equal(["Started", "Upload", "Write", "Done, 500 words"]);
  });

  it("leaves three seconds between stages, and skips those that are over by then", () => {
    const { said, clock, update } = setUp();
    update({ state: "connecting" });
    for (const stage of ["A", "B", "C", "D"]) {
      update({ state: "running", stage });
      clock.pass(100);
    }
    clock.pass(3_000);
    expect(said).to.deep.equal(["Started", "D"]);
  });

  it("breaks a long silence", () => {
    const { said, clock, update } = setUp();
    update({ state: "connecting" });
    update({ state: "running", progress: 0.49 });
    clock.pass(65_000);
    expect(said).to.deep.equal(["Started", "Still working, 49%", "Still working, 49%"]);
  });

  it("breaks a long silence also where the server took longer than that to answer", () => {
    const { said, clock, update } = setUp();
    update({ state: "connecting", run: 1 });
    clock.pass(40_000);
    update({ state: "running" });
    clock.pass(65_000);
    expect(said).to.deep.equal(["Started", "Still working", "Still working"]);
  });

  it("tells how a run has ended of which nothing else was seen, and the next one, too", () => {
    const { said, update } = setUp();
    update({ state: "done", run: 1, text: "One" });
    update({ state: "done", run: 2, text: "One two" });
    update({ state: "done", stage: "Write" });
    expect(said).to.deep.equal(["Done, 1 word", "Done, 2 words"]);
  });

  it("tells a failure again where trying again has failed in the same way", () => {
    const { said, update } = setUp();
    update({ state: "error", run: 1, failure: {}, error: "It broke." });
    update({ failure: {} });
    update({ run: 2, failure: {} });
    update({ progress: 0.5 });
    expect(said).to.deep.equal(["! It broke.", "! It broke.", "! It broke."]);
  });

  it("says nothing of a run that is found already ended", () => {
    const { said, update } = setUp();
    update({ state: "done", text: "One two" });
    expect(said).to.deep.equal([]);
  });

  it("tells of a connection's return only where its loss was told in the same run", () => {
    const { said, clock, update } = setUp();
    update({ state: "streaming", stage: "Write", run: 1 });
    update({ state: "reconnecting" });
    clock.pass(3_000);
    update({ state: "error", error: "It broke." });
    update({ state: "connecting", run: 1 });
    update({ state: "streaming" });
    said.length = 0;
    update({ state: "reconnecting" });
    clock.pass(1_000);
    update({ state: "streaming" });
    expect(said).to.deep.equal([]);
  });

  it("tells of a lost connection only after three seconds, and then of its return", () => {
    const { said, clock, update } = setUp();
    update({ state: "connecting" });
    update({ state: "streaming", stage: "Write" });
    clock.pass(5_000);
    said.length = 0;
    update({ state: "reconnecting", stage: "Write" });
    clock.pass(2_000);
    update({ state: "streaming" });
    expect(said).to.deep.equal([]);
    update({ state: "reconnecting", text: "So far" });
    clock.pass(3_000);
    update({ state: "streaming" });
    expect(said).to.deep.equal(["Reconnecting: your text is safe", "Connected again"]);
    update({ state: "reconnecting", text: "" });
    clock.pass(3_000);
    expect(said.at(-1)).to.equal("Reconnecting");
  });

  it("tells a failure at once", () => {
    const { said, update } = setUp();
    update({ state: "connecting" });
    update({ state: "error", error: "It broke." });
    expect(said).to.deep.equal(["Started", "! It broke."]);
  });

  it("tells finished sentences, no faster than they can be heard", () => {
    const { said, clock, update } = setUp("sentences");
    update({ state: "connecting" });
    clock.pass(3_000);
    update({ state: "streaming", text: "First one. Second one. Thi" });
    update({ text: "First one. Second one. Third one. Fo" });
    clock.pass(3_000);
    update({ text: "First one. Second one. Third one. Fourth one. Fi" });
    expect(said.filter((message) => message.endsWith("one."))).to.deep.equal(["Second one.", "Fourth one."]);
  });

  it("reads the answer at the end where only that is wanted", () => {
    const { said, update } = setUp("final");
    update({ state: "connecting" });
    update({ state: "streaming", stage: "Write", text: "Forty two." });
    update({ state: "done" });
    expect(said).to.deep.equal(["Done, 2 words. Forty two."]);
  });

  it("looks for a sentence no further back than one is read", () => {
    const { said, clock, update } = setUp("sentences");
    const asked: number[] = [];
    update({
      state: "streaming",
      text: "x".repeat(100_000),
      read(limit) {
        asked.push(limit);
        return " and on. And so";
      },
    });
    update({});
    clock.pass(3_000);
    update({});
    expect(new Set(asked)).to.deep.equal(new Set([2_000]));
    expect(said).to.deep.equal(["and on."]);
  });

  it("is silent where it is off", () => {
    const { said, clock, update } = setUp("off");
    update({ state: "connecting" });
    update({ state: "running", stage: "A" });
    clock.pass(60_000);
    update({ state: "error", error: "It broke." });
    expect(said).to.deep.equal([]);
  });
});
