import { expect, test } from "vitest";
import { until } from "../support/gate.js";
import { startLeftoverApp } from "../support/leftovers.js";
import { startRedis, whyNoRedis } from "../support/redis.js";
import {
  answerWith,
  chunkFrame,
  openStream,
  type Script,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse } from "../support/sse-client.js";
import { openRun } from "../support/task-app.js";

const body = { prompt: "x" };

const stores = [
  { name: "memory", open: async () => null, isMissing: false },
  { name: "Redis", open: startRedis, isMissing: whyNoRedis !== null },
];

/** Answers the first call, and then none to its end. */
const thenSilent: Script = (res, call, index) => {
  if (index === 0) return answerWith("whole")(res, call, index);
  openStream(res);
  res.write(chunkFrame("So far"));
};

for (const { name, open, isMissing } of stores) {
  test.skipIf(isMissing)(
    `a process with its runs in ${name} ends by itself when it has closed, whatever ran, was kept or was watched`,
    async () => {
      const upstream = await scriptedUpstream(thenSilent);
      const { url, stop } = await startLeftoverApp(upstream.baseURL, await open());
      const kept = await callSse(url, { body });
      expect(kept.events.at(-1)).toMatchObject({ type: "end", status: "succeeded" });
      // One that is watched, and one that its viewer has left.
      const watched = await openRun(url, { body });
      const left = await openRun(url, { body, until: ({ type }) => type === "text" });
      await left.answer;
      await until(() => upstream.calls.length === 3);
      expect(await stop()).toEqual({ left: [], code: 0 });
      expect((await watched.answer).events.at(-1)).toMatchObject({ type: "end", reason: "shutdown" });
    },
  );
}

test("runs that are kept in memory keep no process alive, though nobody closes it", async () => {
  const upstream = await scriptedUpstream(answerWith("Hello"));
  const { url, stop } = await startLeftoverApp(upstream.baseURL, null, false);
  await callSse(url, { body });
  expect((await stop()).code).toBe(0);
});
