import compression from "compression";
import { expect, test } from "vitest";
import { gate } from "../support/gate.js";
import { startNginx, whyNoNginx } from "../support/nginx.js";
import { progressApp } from "../support/progress-app.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";

if (whyNoNginx) console.warn(`Left out: the tests behind nginx. ${whyNoNginx}.`);

/** A job whose second word is only said when the viewer has received the first: whoever buffers, hangs. */
async function conversation(use: Parameters<typeof progressApp>[0] = () => {}) {
  const received = gate();
  const { origin } = await progressApp((app, progress) => {
    use(app, progress);
    app.use(
      "/task",
      progress.task({
        async run({ text }) {
          text("first ");
          await received.opened;
          text("second");
        },
      }),
    );
  });
  return { origin, received };
}

async function listenTo(url: string, received: { open(): void }) {
  const answer = await callSse(url, {
    body: {},
    headers: { "accept-encoding": "gzip, deflate, br" },
    until: (event) => {
      if (event.type === "text" && event.delta.startsWith("first")) received.open();
      return false;
    },
  });
  expect(answer.headers["content-encoding"]).toBeUndefined();
  expect(reduceAnswers([answer])).toMatchObject({ status: "succeeded", text: "first second" });
}

test("compression() does not hold a stream back", async () => {
  const { origin, received } = await conversation((app) => app.use(compression({ threshold: 0 })));
  await listenTo(`${origin}/task`, received);
});

test.skipIf(whyNoNginx)("nginx with its default buffering does not hold a stream back", async () => {
  const { origin, received } = await conversation();
  await listenTo(`${await startNginx(origin)}/task`, received);
});

test.skipIf(whyNoNginx)(
  "heartbeats keep a silent run alive behind a proxy that cuts what is silent",
  async () => {
    const go = gate();
    const { origin } = await progressApp(
      (app, progress) => {
        app.use("/task", progress.task({ run: () => go.opened }));
      },
      { heartbeatMs: 200 },
    );
    // A second stands for nginx's own sixty, as 200 ms do for our fifteen seconds.
    const front = await startNginx(origin, "proxy_read_timeout 1s;");
    const answer = callSse(`${front}/task`, { body: {} });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    go.open();
    expect((await answer).events.at(-1)).toMatchObject({ type: "end", status: "succeeded" });
  },
);

test.skipIf(whyNoNginx)(
  "where a proxy cuts a silent run after all, it is resumed with nothing lost",
  async () => {
    const go = gate();
    let runs = 0;
    const { origin } = await progressApp(
      (app, progress) => {
        app.use(
          "/task",
          progress.task({
            async run({ text }) {
              runs++;
              text("before ");
              await go.opened;
              text("after");
            },
          }),
        );
      },
      { heartbeatMs: 0 },
    );
    const front = await startNginx(origin, "proxy_read_timeout 1s;");
    const headers = { "idempotency-key": "k" };
    const first = await callSse(`${front}/task`, { body: {}, headers });
    expect(first.events.some(({ type }) => type === "end")).toBe(false);
    go.open();
    const rest = await callSse(`${front}/task`, {
      body: {},
      headers: { ...headers, "last-event-id": first.ids.at(-1) ?? "" },
    });
    expect(reduceAnswers([first, rest])).toMatchObject({ status: "succeeded", text: "before after" });
    expect(runs).toBe(1);
  },
);

test.skipIf(whyNoNginx)(
  "a refusal reaches the client through nginx, however long the body is that it refuses",
  async () => {
    const { origin } = await progressApp(
      (app, progress) => {
        app.use("/task", progress.task({ run: () => {} }));
      },
      { principal: (req) => req.get("x-user") ?? null },
    );
    for (const directives of ["", 'proxy_http_version 1.1; proxy_set_header Connection "";']) {
      const front = await startNginx(
        origin,
        `client_max_body_size 100m; client_body_buffer_size 32m; ${directives}`,
      );
      for (const [status, size, headers] of [
        [401, 900_000, {}],
        [413, 1_900_000, { "x-user": "ann" }],
        [413, 5_000_000, { "x-user": "ann" }],
        [415, 900_000, { "content-type": "text/plain", "x-user": "ann" }],
      ] as const) {
        const body = JSON.stringify("x".repeat(size));
        const post = () => callSse(`${front}/task`, { body, headers });
        for (let round = 0; round < 5; round++) {
          const answer = await post();
          expect(`${answer.status} of ${size}`).toBe(`${status} of ${size}`);
          expect(JSON.parse(answer.body).status).toBe(status);
        }
      }
    }
  },
);
