import { memoryStore, openaiChat, type RunStore } from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { manualClock } from "../support/manual-clock.js";
import { progressApp } from "../support/progress-app.js";
import { chunkFrame, openStream, scriptedUpstream } from "../support/scripted-upstream.js";
import { callSse } from "../support/sse-client.js";
import { taskApp, untilCancelled } from "../support/task-app.js";

async function oneRunning() {
  const clock = manualClock(Date.now());
  const go = gate();
  const started = gate();
  const app = await progressApp(
    (express, progress) => {
      express.use(
        progress.task({
          run: () => {
            started.open();
            return go.opened.then(() => "done");
          },
        }),
      );
    },
    { clock },
  );
  const answer = callSse(app.origin, { body: {} });
  await started.opened;
  return { ...app, clock, go, answer };
}

test("closing lets a run finish within the time, and refuses new ones", async () => {
  const { origin, progress, go, answer, clock } = await oneRunning();
  const closed = progress.close({ drainMs: 10_000 });
  const refused = await callSse(origin, { body: {} });
  expect(refused.status).toBe(503);
  expect(refused.headers["retry-after"]).toBe("5");
  go.open();
  await closed;
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "succeeded" });
  expect(clock.pending).toBe(0);
});

test("closing ends what does not finish in time as cancelled: shutdown, and leaves no timer", async () => {
  const { progress, answer, clock } = await oneRunning();
  const closed = progress.close({ drainMs: 10_000 });
  await clock.advance(10_000);
  await clock.advance(1_000);
  await closed;
  expect((await answer).events.at(-1)).toMatchObject({
    type: "end",
    status: "cancelled",
    reason: "shutdown",
  });
  expect(clock.pending).toBe(0);
});

test("closing twice is closing once", async () => {
  const { progress, go } = await oneRunning();
  const first = progress.close();
  expect(progress.close()).toBe(first);
  go.open();
  await first;
});

test("closing lets go of the upstream, kept connections included", async () => {
  const upstream = await scriptedUpstream((res) => {
    openStream(res);
    res.write(chunkFrame("So far"));
  });
  const { origin, progress } = await progressApp((express, progress) => {
    express.use(
      progress.relay({ provider: openaiChat({ baseURL: upstream.baseURL }), models: { default: "m" } }),
    );
  });
  const answer = callSse(origin, { body: { prompt: "x" } });
  const call = await until(() => upstream.calls[0]);
  await progress.close({ drainMs: 0 });
  await call.closed;
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", reason: "shutdown" });
  expect(call.socket.destroyed).toBe(true);
});

test("a request that was still being looked at when the server closed starts nothing", async () => {
  const clock = manualClock(Date.now());
  const asked = gate();
  const go = gate();
  let runs = 0;
  const { url, progress } = await taskApp(() => void runs++, {
    clock,
    async principal() {
      asked.open();
      await go.opened;
      return "somebody";
    },
  });
  const answer = callSse(url, { body: {} });
  await asked.opened;
  await progress.close({ drainMs: 0 });
  go.open();
  expect((await answer).status).toBe(503);
  expect(runs).toBe(0);
  expect(clock.pending).toBe(0);
});

test("a run that was just being made when the server closed has its end before the store is closed", async () => {
  const clock = manualClock(Date.now());
  const asked = gate();
  const go = gate();
  const inner = memoryStore({ clock });
  let isStoreClosed = false;
  const store: RunStore = {
    ...inner,
    async create(spec) {
      asked.open();
      await go.opened;
      return inner.create(spec);
    },
    async close() {
      isStoreClosed = true;
      await inner.close();
    },
  };
  const ends: unknown[] = [];
  const { url, progress } = await taskApp(untilCancelled, {
    clock,
    store,
    onEnd: ({ status, reason }) => void ends.push({ status, reason, isStoreClosed }),
  });
  const answer = callSse(url, { body: {} });
  await asked.opened;
  const closed = progress.close({ drainMs: 0 });
  await clock.advance(1);
  go.open();
  await until(async () => {
    await clock.advance(100);
    return ends.length > 0;
  });
  await closed;
  expect(ends).toEqual([{ status: "cancelled", reason: "shutdown", isStoreClosed: false }]);
  expect((await answer).events.at(-1)).toMatchObject({ type: "end", reason: "shutdown" });
  expect(clock.pending).toBe(0);
});

test("closing waits for a queue as long as for a run, and no longer", async () => {
  for (const isAnswering of [true, false]) {
    const clock = manualClock(Date.now());
    const asked = gate();
    const answered = gate();
    const { origin, progress } = await progressApp(
      (app, progress) => {
        const enqueue = (): Promise<void> => {
          asked.open();
          return answered.opened;
        };
        app.use(progress.task({ enqueue }));
      },
      { clock },
    );
    const answer = callSse(origin, { body: {} });
    await asked.opened;
    let isClosed = false;
    const closed = progress.close({ drainMs: 10_000 }).then(() => {
      isClosed = true;
    });
    await clock.advance(9_000);
    expect(isClosed).toBe(false);
    if (isAnswering) answered.open();
    else await clock.advance(1_001);
    // Its viewers have a moment to read what never comes.
    await clock.advance(2_001);
    await closed;
    expect(clock.pending).toBe(0);
    await answer;
  }
});

test("closing waits for what onEnd saves, but not for ever", async () => {
  for (const isSaving of [true, false]) {
    const clock = manualClock(Date.now());
    const started = gate();
    const saving = gate();
    const saved = gate();
    const { url, progress } = await taskApp(() => started.open(), {
      clock,
      async onEnd() {
        saving.open();
        await saved.opened;
      },
    });
    const answer = callSse(url, { body: {} });
    await started.opened;
    let isClosed = false;
    const closed = progress.close().then(() => {
      isClosed = true;
    });
    await saving.opened;
    await answer;
    await clock.advance(9_000);
    expect(isClosed).toBe(false);
    if (isSaving) saved.open();
    else await clock.advance(1_001);
    await closed;
    expect(clock.pending).toBe(0);
  }
});

test("a run that is made and cannot be begun does not keep the server from closing", async () => {
  const { origin, progress, logged } = await progressApp((app, progress) => {
    app.use(
      progress.task({
        run: () => {},
        get onEvent(): never {
          throw new Error("these options cannot be read");
        },
      }),
    );
  });
  await callSse(origin, { body: {} }).catch(() => {});
  await until(() => logged.some(({ fields }) => fields["detail"] === "these options cannot be read"));
  await progress.close({ drainMs: 0 });
});

test("a renewal that is still under way when its run ends leaves no timer", async () => {
  const clock = manualClock(Date.now());
  const inner = memoryStore({ clock, retainMs: Infinity });
  const renewing = gate();
  const go = gate();
  const store: RunStore = {
    ...inner,
    async renew(run, lease) {
      const orders = await inner.renew(run, lease);
      renewing.open();
      await go.opened;
      return orders;
    },
  };
  const { url } = await taskApp(() => renewing.opened, { clock, store });
  await callSse(url, { body: {} });
  await clock.advance(0);
  go.open();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});
