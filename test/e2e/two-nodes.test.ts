import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Demo, startDemo } from "../support/demo.js";
import { freePort } from "../support/free-port.js";
import { gate, until } from "../support/gate.js";
import { listenOn } from "../support/listen.js";
import { startNginxBy, whyNoNginx } from "../support/nginx.js";
import { REDIS_SECRET, startRedis, whyNoRedis } from "../support/redis.js";
import {
  chunkFrame,
  DONE_FRAME,
  finishFrame,
  openStream,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers, type SseAnswer } from "../support/sse-client.js";

const config = new URL("../../demo/nginx/two-nodes.conf", import.meta.url);
const portOf = (url: string): number => Number(new URL(url).port);
const counted = Array.from({ length: 60 }, (_, n) => `${n} `).join("");

if (whyNoNginx) console.warn(`Left out: the demo behind nginx. ${whyNoNginx}.`);

/** The repository's own nginx configuration, in front of these two. */
async function nginxBefore(first: Demo, second: Demo) {
  const port = await freePort();
  const folder = await startNginxBy(config, {
    "127.0.0.1:3001": portOf(first.url),
    "127.0.0.1:3002": portOf(second.url),
    "127.0.0.1:8080": port,
  });
  const front = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${front}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { front, folder };
}

describe.skipIf(whyNoRedis !== null || whyNoNginx !== null)("the demo on two ports behind nginx", () => {
  test("a run is cut again and again, and resumed on either node: the text exact, the model asked once", async () => {
    // Eight pieces for each connection: pieces that come together are one event, so counting events could wait for ever.
    const rounds = Array.from({ length: 8 }, () => gate());
    const upstream = await scriptedUpstream(async (res) => {
      openStream(res);
      for (let n = 0; n < 60 && !res.destroyed; n++) {
        if (n % 8 === 0) await rounds[n / 8]?.opened;
        res.write(chunkFrame(`${n} `));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      res.end(finishFrame() + DONE_FRAME);
    });
    const redis = await startRedis();
    const env = { REDIS_URL: redis.url, RUN_SECRET: REDIS_SECRET, AI_BASE_URL: upstream.baseURL };
    const [first, second] = await Promise.all([startDemo(env), startDemo(env)]);
    const { front, folder } = await nginxBefore(first, second);
    // As a browser's page on nginx' address sends it.
    const headers = { "idempotency-key": "k", origin: front };
    const url = `${front}/api/chat`;
    const body = { prompt: "Count" };
    const answers: SseAnswer[] = [];
    let last: string | undefined;
    for (let cut = 0; cut < 6; cut++) {
      rounds[cut]?.open();
      const answer = await callSse(url, {
        body,
        headers: { ...headers, ...(last === undefined ? {} : { "last-event-id": last }) },
        until: ({ type }) => type === "text",
      });
      expect(answer.status).toBe(200);
      answers.push(answer);
      last = answer.ids.at(-1);
    }
    for (const round of rounds) round.open();
    answers.push(await callSse(url, { body, headers: { ...headers, "last-event-id": last ?? "" } }));
    expect(reduceAnswers(answers)).toMatchObject({ status: "succeeded", text: counted });
    expect(upstream.calls).toHaveLength(1);
    const served = new Set(
      readFileSync(`${folder}/access.log`, "utf8")
        .split("\n")
        .filter((line) => line.includes("POST /api/chat"))
        .map((line) => line.split(" by ")[1]),
    );
    expect(served).toEqual(new Set([first.url, second.url].map((node) => `127.0.0.1:${portOf(node)}`)));

    const run = reduceAnswers(answers).run;
    for (const node of [first, second]) {
      expect(await (await fetch(`${node.url}/api/chat/${run}`)).json()).toMatchObject({ text: counted });
    }
    expect((await fetch(url, { method: "POST", headers: { origin: "http://elsewhere" } })).status).toBe(403);
  });

  test("a node that is gone is passed over, and its viewers go on at the other one", async () => {
    const redis = await startRedis();
    const env = { REDIS_URL: redis.url, RUN_SECRET: REDIS_SECRET };
    const [first, second] = await Promise.all([startDemo(env), startDemo(env)]);
    const { front } = await nginxBefore(first, second);
    const opened = gate<string>();
    const whole = callSse(`${second.url}/api/chat`, {
      body: { prompt: "Count from 1 to 40" },
      until: (event) => {
        if (event.type === "open") opened.open(event.run);
        return false;
      },
    });
    const run = await opened.opened;
    first.process.kill("SIGKILL");
    await first.exit;
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => callSse(`${front}/api/chat/${run}`, { method: "GET" })),
    );
    const truth = reduceAnswers([await whole]);
    expect(truth).toMatchObject({ status: "succeeded" });
    for (const answer of answers) expect(reduceAnswers([answer])).toEqual(truth);
  });
});

test.skipIf(whyNoNginx)(
  "nginx that was there before the nodes serves as soon as one of them is up",
  async () => {
    const [first, second, port] = [await freePort(), await freePort(), await freePort()];
    await startNginxBy(config, { "127.0.0.1:3001": first, "127.0.0.1:3002": second, "127.0.0.1:8080": port });
    const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}`)).status;
    await until(() =>
      ask().then(
        () => true,
        () => false,
      ),
    );
    expect([await ask(), await ask()]).toEqual([502, 502]);
    await listenOn((_req, res) => void res.end("up"), first);
    expect(await ask()).toBe(200);
  },
);

test("the demo says what is missing where REDIS_URL is set and RUN_SECRET is not", async () => {
  await expect(startDemo({ REDIS_URL: "redis://127.0.0.1:1" })).rejects.toThrow(/Set it to the same 16 char/);
});
