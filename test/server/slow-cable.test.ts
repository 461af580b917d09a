import { initialState, type RunEvent, reduce } from "@ai-progress-stream/protocol";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { openRun, taskApp } from "../support/task-app.js";
import { tcpProxy } from "../support/tcp-proxy.js";

test("a viewer behind a slow cable gets a long run whole and in order, and hinders no other", async () => {
  // Far more than the kernel holds for a connection: the server itself has to wait for this viewer.
  const { origin, url } = await taskApp(
    async ({ text }) => {
      for (let n = 0; n < 3_000; n++) {
        text(`${n} ${"x".repeat(7_000)}\n`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    { limits: { textChars: 100_000_000 } },
  );
  const cable = await tcpProxy(origin);
  cable.bytesPerTick = 1_000;
  const { run, answer } = await openRun(`${cable.origin}/task`);
  let isSlowOver = false;
  void answer.then(() => {
    isSlowOver = true;
  });
  const truth = reduceAnswers([await callSse(`${url}/${run}`, { method: "GET" })]);
  expect(isSlowOver).toBe(false);
  expect(truth.status).toBe("succeeded");
  expect(truth.text.match(/^\d+/gm)).toEqual(Array.from({ length: 3_000 }, (_, n) => `${n}`));
  cable.bytesPerTick = Number.POSITIVE_INFINITY;
  // Not by deep equality: where it fails it would print 20 MB.
  expect(JSON.stringify(reduceAnswers([await answer])) === JSON.stringify(truth)).toBe(true);
});

test("what an old connection still brings when the run was resumed on a new one repeats nothing", async () => {
  const go = gate();
  const { origin, url } = await taskApp(async ({ text }) => {
    text("before ");
    await go.opened;
    for (const word of ["while ", "it ", "was ", "late"]) {
      text(word);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  /** In the order in which the viewer gets them, on whichever connection. */
  const arrived: { event: RunEvent; seq: number }[] = [];
  const arrive = (event: RunEvent, seq: number | null): boolean => {
    if (seq !== null) arrived.push({ event, seq });
    return false;
  };
  const cable = await tcpProxy(origin);
  const { run, answer } = await openRun(`${cable.origin}/task`, { until: arrive });
  const { seq: cursor } = await until(() => arrived.find(({ event }) => event.type === "text"));
  cable.delayMs = Number.POSITIVE_INFINITY;
  go.open();
  const resumed = await callSse(`${url}/${run}`, {
    method: "GET",
    headers: { "last-event-id": `${run}.${cursor}` },
    until: arrive,
  });
  const seen = arrived.length;
  cable.delayMs = 0;
  const old = await answer;

  expect(resumed.events.some(({ type }) => type === "snapshot")).toBe(false);
  const late = arrived.slice(seen);
  expect(late.length).toBeGreaterThan(1);
  for (const { event, seq } of late) {
    expect(arrived.slice(0, seen).find((known) => known.seq === seq)?.event).toEqual(event);
  }
  let state = initialState(run);
  for (const { event, seq } of arrived) {
    if (seq > state.seq) state = reduce(state, event);
  }
  expect(state).toMatchObject({ status: "succeeded", text: "before while it was late" });
  expect(state).toEqual(reduceAnswers([old]));
  expect(state).toEqual(reduceAnswers([await callSse(`${url}/${run}`, { method: "GET" })]));
});
