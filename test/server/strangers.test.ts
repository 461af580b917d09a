import { type Logger, memoryStore, type RunStore, type TaskOptions } from "@ai-progress-stream/server";
import { expect, test } from "vitest";
import { gate } from "../support/gate.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { openRun, taskApp } from "../support/task-app.js";

/* What others plug in (a store, a logger, a hook) runs in the middle of our work, and must not break it. */

test("a page that cannot be encoded, and a logger that throws, cost their own viewer and nobody else", async () => {
  const inner = memoryStore();
  let isPoisoned = false;
  const store: RunStore = {
    ...inner,
    read(run, cursor) {
      if (!isPoisoned) return inner.read(run, cursor);
      isPoisoned = false;
      const poison = { type: "custom", at: 0, name: "n", value: 1n } as const;
      return { kind: "tail", firstSeq: (cursor ?? 0) + 1, events: [poison], hasEnded: false };
    },
  };
  const broken = (): never => {
    throw new Error("the log is full");
  };
  const logger: Logger = { debug: broken, info() {}, warn() {}, error: broken };
  const begun = gate();
  const goOn = gate();
  const app = await taskApp(
    async ({ text }) => {
      text("Hello");
      begun.open();
      await goOn.opened;
      isPoisoned = true;
      text(" world");
      await Promise.resolve();
    },
    { store, logger },
  );
  const { runUrl, answer } = await openRun(app.url);
  await begun.opened;
  const watched = gate();
  const other = callSse(runUrl, {
    method: "GET",
    until: (event) => {
      if (event.type === "open") watched.open();
      return false;
    },
  });
  await watched.opened;
  goOn.open();
  await answer.catch(() => {});
  expect(reduceAnswers([await other])).toMatchObject({ status: "succeeded", text: "Hello world" });
});

test("a hook that has the job say more, and waits for it to be written, changes no order", async () => {
  let job: Parameters<TaskOptions["run"]>[0] | null = null;
  const more = "x".repeat(70_000);
  const app = await taskApp(
    async (context) => {
      job = context;
      context.text("Hello ");
      await new Promise((resolve) => setImmediate(resolve));
    },
    {
      onEvent(event) {
        if (event.type !== "text" || event.delta !== "Hello ") return;
        job?.text(more);
        void job?.ready();
      },
    },
  );
  expect(reduceAnswers([await callSse(app.url, { body: {} })])).toMatchObject({
    status: "succeeded",
    text: `Hello ${more}`,
  });
});
