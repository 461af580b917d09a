import { memoryStore, type ProgressServerOptions, type RunStore } from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { httpRequest, rawSocket, twoBytesOfJson } from "../support/raw-socket.js";
import { openRun, taskApp, untilCancelled } from "../support/task-app.js";

/** An app whose runs say how they were cancelled, on a clock of the test's. */
async function watchedTask(
  change: (inner: RunStore) => Partial<RunStore> = () => ({}),
  options: Omit<ProgressServerOptions, "store"> = {},
) {
  const clock = manualClock(Date.now());
  const inner = memoryStore({ clock });
  const store = { ...inner, ...change(inner) };
  const reasons: unknown[] = [];
  const onEnd = ({ reason }: { reason: unknown }): void => void reasons.push(reason);
  const app = await taskApp(untilCancelled, { clock, store, onEnd, ...options });
  /** Lets minutes pass until a run has ended, or two have gone by. */
  async function outcome(): Promise<unknown> {
    for (let second = 0; second < 120 && reasons.length === 0; second++) await clock.advance(1_000);
    return reasons[0] ?? "still running";
  }
  return { ...app, clock, outcome };
}

/** Resolves when the server has noticed that its last connection is gone. */
const settled = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 50));

test("a viewer that left before its answer began keeps no run alive", async () => {
  const asked = gate();
  const go = gate();
  const { url, outcome } = await watchedTask((inner) => ({
    async create(spec) {
      asked.open();
      await go.opened;
      return inner.create(spec);
    },
  }));
  const { socket } = rawSocket(url);
  socket.write(httpRequest("POST", "/task", twoBytesOfJson, "{}"));
  await asked.opened;
  socket.destroy();
  await settled();
  go.open();
  expect(await outcome()).toBe("abandoned");
});

test("a viewer whose request was pipelined behind a stream leaves with its connection", async () => {
  const { url, outcome } = await watchedTask();
  const { run, answer } = await openRun(url, { until: ({ type }) => type === "start" });
  const { socket, received } = rawSocket(url);
  const request = httpRequest("GET", `/task/${run}`, { accept: "text/event-stream" });
  socket.write(request + request);
  await until(() => received().includes("event: snapshot"));
  await answer;
  await settled();
  socket.destroy();
  await settled();
  expect(await outcome()).toBe("abandoned");
});

test("a viewer that is pipelined behind another and takes no byte for the stall time is dropped", async () => {
  const clock = manualClock(Date.now());
  const ended: unknown[] = [];
  const { url } = await taskApp(
    (context) => {
      if (context.input === 22) context.text("x".repeat(200_000));
      return untilCancelled(context);
    },
    {
      clock,
      stallMs: 30_000,
      abandonAfterMs: 60_000,
      onEnd: ({ text, reason }) => void ended.push({ chars: text.length, reason }),
    },
  );
  const { socket, received } = rawSocket(url);
  for (const input of ["11", "22"]) socket.write(httpRequest("POST", "/task", twoBytesOfJson, input));
  await until(() => received().includes("event: start"));
  await settled();
  for (let second = 0; second < 120; second++) await clock.advance(1_000);
  expect(ended).toEqual([{ chars: 200_000, reason: "abandoned" }]);
  socket.destroy();
  await settled();
  for (let second = 0; second < 120; second++) await clock.advance(1_000);
  expect(ended).toHaveLength(2);
});

test("a viewer that resumes by a POST with a long body is seen to leave", async () => {
  const { url, outcome } = await watchedTask(undefined, { heartbeatMs: 0 });
  const { run, answer } = await openRun(url, { until: ({ type }) => type === "start" });
  await answer;
  const { socket, received } = rawSocket(url);
  const body = " ".repeat(10_000_000);
  const headers = { "last-event-id": `${run}.0`, "content-length": body.length };
  socket.write(httpRequest("POST", "/task", headers, body));
  await until(() => received().includes("event: start"));
  socket.end();
  await settled();
  socket.destroy();
  await settled();
  expect(await outcome()).toBe("abandoned");
});

test("HEAD of a stream is its headers, at once, and no viewer", async () => {
  const { url, outcome } = await watchedTask();
  const { run, answer } = await openRun(url, { until: ({ type }) => type === "start" });
  await answer;
  const { socket, received } = rawSocket(url);
  const head = httpRequest("HEAD", `/task/${run}`, { accept: "text/event-stream" });
  const get = httpRequest("GET", `/task/${run}`);
  socket.write(head + get);
  await until(() => received().includes('"status":"running"'));
  expect(received()).toMatch(
    /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*Content-Type: text\/event-stream; charset=utf-8\r\n/,
  );
  expect(received()).not.toContain("event:");
  expect(await outcome()).toBe("abandoned");
});

test("a client of HTTP/1.0 is served", async () => {
  const { url } = await taskApp(() => "done");
  const { socket, received, closed } = rawSocket(url);
  socket.write(httpRequest("POST", "/task", twoBytesOfJson, "{}").replace("HTTP/1.1", "HTTP/1.0"));
  await closed;
  expect(received()).toContain("event: end");
});
