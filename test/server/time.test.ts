import { openaiChat } from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { chunkFrame, openStream, scriptedUpstream } from "../support/scripted-upstream.js";
import { openRun, taskApp } from "../support/task-app.js";

const HOUR = 3_600_000;

const stateAt = async (url: string) => (await fetch(url)).json();

test.each([HOUR, -HOUR])("a clock that is set by %d ms ends no run that is well", async (ms) => {
  const clock = manualClock(Date.now());
  const go = gate();
  const { url } = await taskApp(() => go.opened.then(() => "done"), { clock });
  const { runUrl, answer } = await openRun(url);
  await clock.advance(7_000);
  clock.jump(ms);
  expect(await stateAt(runUrl)).toMatchObject({ status: "running" });
  for (let second = 0; second < 30; second++) await clock.advance(1_000);
  go.open();
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "succeeded" });
});

test("a process that stood still for ten minutes loses no run, and abandons none before its viewers can come back", async () => {
  const clock = manualClock(Date.now());
  const go = gate();
  const { url } = await taskApp(() => go.opened.then(() => "done"), { clock });
  const { runUrl, answer } = await openRun(url, { until: ({ type }) => type === "start" });
  await answer;
  await clock.advance(6_000);
  clock.jump(600_000);
  await clock.advance(50_000);
  expect(await stateAt(runUrl)).toMatchObject({ status: "running" });
  await clock.freeze(600_000);
  await clock.advance(50_000);
  expect(await stateAt(runUrl)).toMatchObject({ status: "running" });
  go.open();
  await until(async () => (await stateAt(runUrl)).status === "succeeded");
});

test("a run that is stopped just after its machine has slept is cancelled by who works on it, and its hooks are told", async () => {
  const clock = manualClock(Date.now());
  const ends: string[] = [];
  const { url } = await taskApp(() => gate().opened, {
    clock,
    onEnd: ({ status }) => void ends.push(status),
  });
  const { runUrl, answer } = await openRun(url);
  await clock.advance(2_000);
  clock.jump(600_000);
  expect((await fetch(`${runUrl}/cancel`, { method: "POST" })).status).toBe(202);
  await clock.advance(1_000);
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "cancelled", reason: "user" });
  await until(() => ends.length > 0);
  expect(ends).toEqual(["cancelled"]);
});

test("a run that nobody comes back to is abandoned after the grace, though the process stood still", async () => {
  const clock = manualClock(Date.now());
  const { url } = await taskApp(() => gate().opened, { clock });
  const { answer, run } = await openRun(url, { until: ({ type }) => type === "start" });
  await answer;
  await clock.freeze(600_000);
  for (let second = 0; second < 62; second++) await clock.advance(1_000);
  expect(await stateAt(`${url}/${run}`)).toMatchObject({ status: "cancelled", reason: "abandoned" });
});

test.each([HOUR, -HOUR])(
  "a clock that is set by %d ms neither cuts an answer off nor lets a silent one go on",
  async (ms) => {
    const clock = manualClock(Date.now());
    const go = gate();
    const upstream = await scriptedUpstream(async (res) => {
      openStream(res);
      res.write(chunkFrame("before "));
      await go.opened;
      res.write(chunkFrame("after"));
    });
    const { origin } = await progressApp(
      (app, progress) => {
        const provider = openaiChat({ baseURL: upstream.baseURL });
        app.use("/chat", progress.relay({ provider, models: { default: "m" } }));
      },
      { clock, timeouts: { idleMs: 60_000 } },
    );
    let text = "";
    const { answer } = await openRun(`${origin}/chat`, {
      body: { prompt: "x" },
      until: (event) => {
        if (event.type === "text") text += event.delta;
        return false;
      },
    });
    await until(() => text === "before ");
    await clock.advance(30_000);
    clock.jump(ms);
    await clock.advance(31_000);
    go.open();
    await until(() => text === "before after");
    for (let second = 0; second < 121; second++) await clock.advance(1_000);
    expect((await answer).events.at(-1)).toMatchObject({ type: "end", error: { code: "upstream_timeout" } });
  },
);
