import { gzipSync } from "node:zlib";
import { formatEventId } from "@ai-progress-stream/protocol";
import { openaiChat } from "@ai-progress-stream/server";
import express, { type ErrorRequestHandler } from "express";
import { expect, test } from "vitest";
import { gate, until } from "../support/gate.js";
import { progressApp } from "../support/progress-app.js";
import { httpRequest, rawSocket, twoBytesOfJson } from "../support/raw-socket.js";
import {
  answerWith,
  chunkFrame,
  DONE_FRAME,
  openStream,
  scriptedUpstream,
} from "../support/scripted-upstream.js";
import { callSse, reduceAnswers } from "../support/sse-client.js";
import { openRun, taskApp } from "../support/task-app.js";

const unknownRun = "0123456789abcdefghijkl";

async function chat(script = answerWith("Hello", ", ", "world")) {
  const upstream = await scriptedUpstream(script);
  const app = await progressApp((express, progress) => {
    const provider = openaiChat({ baseURL: upstream.baseURL, apiKey: "sk-test-123456" });
    express.use("/api/chat", progress.relay({ provider, models: { default: "model-1" } }));
  });
  return { ...app, url: `${app.origin}/api/chat`, upstream };
}

const post = (headers: Record<string, string> = {}) => ({ body: { prompt: "Hi" }, headers });

test("a POST makes a run and streams it from open to end, numbered without a hole", async () => {
  const { url } = await chat();
  const answer = await callSse(url, post());
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-store, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  const [open, start] = answer.events;
  expect(open).toMatchObject({ type: "open", protocol: 1, status: "running", heartbeatMs: 15_000 });
  expect(start).toMatchObject({ type: "start" });
  const run = open?.type === "open" ? open.run : "";
  expect(answer.headers["content-location"]).toBe(`/api/chat/${run}`);
  expect(answer.ids).toEqual(answer.ids.map((_, index) => formatEventId(run, index + 1)));
  expect(answer.events.filter(({ type }) => type === "end")).toHaveLength(1);
  expect(reduceAnswers([answer])).toMatchObject({
    status: "succeeded",
    text: "Hello, world",
    usage: { inputTokens: 7, outputTokens: 3 },
    progress: 1,
  });
});

test("the same key attaches to the run that it has made, running or ended", async () => {
  const go = gate();
  const { url, upstream } = await chat(async (res) => {
    openStream(res);
    res.write(chunkFrame("Hello"));
    await go.opened;
    res.end(chunkFrame(" again") + DONE_FRAME);
  });
  const key = { "idempotency-key": "key-1" };
  const first = await callSse(url, { ...post(key), until: ({ type }) => type === "text" });
  const second = callSse(url, { ...post(key), until: ({ type }) => type === "end" });
  go.open();
  const third = await callSse(url, post({ "idempotency-key": '"key-1"' }));
  expect(reduceAnswers([await second])).toMatchObject({ text: "Hello again", status: "succeeded" });
  expect(reduceAnswers([first, third])).toMatchObject({ text: "Hello again", status: "succeeded" });
  const fourth = await callSse(url, post(key));
  expect(fourth.events.map(({ type }) => type)).toEqual(["open", "snapshot"]);
  expect(upstream.calls).toHaveLength(1);
});

test("an address in letters of another case is the same endpoint", async () => {
  const { url, upstream } = await chat();
  const other = url.replace("/api/chat", "/API/Chat");
  const key = { "idempotency-key": "key-1" };
  const first = await callSse(url, post(key));
  const second = await callSse(`${other}/`, post(key));
  expect(second.events[0]).toMatchObject({ type: "open", run: reduceAnswers([first]).run });
  expect((await fetch(`${other}/${reduceAnswers([first]).run}`)).status).toBe(200);
  expect(upstream.calls).toHaveLength(1);
});

test("the same key with another body is a conflict; without a key each POST is a run", async () => {
  const { url, upstream } = await chat();
  await callSse(url, post({ "idempotency-key": "key-1" }));
  const other = await callSse(url, {
    body: { prompt: "Something else" },
    headers: { "idempotency-key": "key-1" },
  });
  expect(other.status).toBe(409);
  expect(JSON.parse(other.body)).toMatchObject({ code: "conflict", status: 409, retryable: false });
  const sameInOtherOrder = await callSse(url, {
    body: '{"model":"default","prompt":"Hi"}',
    headers: { "idempotency-key": "key-2" },
  });
  expect(sameInOtherOrder.status).toBe(200);
  const again = await callSse(url, {
    body: '{"prompt":"Hi","model":"default"}',
    headers: { "idempotency-key": "key-2" },
  });
  expect(again.status).toBe(200);
  await callSse(url, post());
  await callSse(url, post());
  expect(upstream.calls).toHaveLength(4);
});

test("Last-Event-ID resumes after that event, whether by POST with the key, by POST alone or by GET", async () => {
  const { url, upstream } = await chat();
  const first = await callSse(url, { ...post({ "idempotency-key": "key-1" }), until: (_, seq) => seq === 2 });
  const last = { "last-event-id": first.ids.at(-1) ?? "" };
  const run = last["last-event-id"].split(".")[0];
  const answers = [
    await callSse(url, post({ "idempotency-key": "key-1", ...last })),
    await callSse(url, { headers: last }),
    await callSse(`${url}/${run}`, { method: "GET", headers: last }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    expect(answer.ids[0]).toBe(`${run}.3`);
    expect(reduceAnswers([first, answer])).toMatchObject({ status: "succeeded", text: "Hello, world" });
  }
  expect(upstream.calls).toHaveLength(1);
});

test("a POST with Last-Event-ID never starts work: 410 for a run that is gone, 400 for what is no id", async () => {
  const { url, upstream } = await chat();
  const gone = await callSse(url, post({ "last-event-id": `${unknownRun}.3` }));
  expect(gone.status).toBe(410);
  expect(JSON.parse(gone.body)).toMatchObject({ code: "run_lost", retryable: true });
  for (const garbage of ["", "garbage", "1", `${unknownRun}.x`, "../../etc"]) {
    const answer = await callSse(url, post({ "last-event-id": garbage }));
    expect([garbage, answer.status]).toEqual([garbage, 400]);
  }
  expect(upstream.calls).toHaveLength(0);
});

test("a cursor ahead of the run or of another run gets one snapshot and never silence", async () => {
  const { url } = await chat();
  const first = await callSse(url, post());
  const run = first.ids[0]?.split(".")[0] ?? "";
  for (const cursor of [`${run}.999`, `${unknownRun}.1`, "garbage"]) {
    const answer = await callSse(`${url}/${run}`, { method: "GET", headers: { "last-event-id": cursor } });
    expect(answer.events.map(({ type }) => type)).toEqual(["open", "snapshot"]);
    expect(reduceAnswers([answer])).toEqual(reduceAnswers([first]));
  }
});

test("at the end of an ended run a POST gets the end once more, and an EventSource is told to stay away", async () => {
  const { url } = await chat();
  const first = await callSse(url, post());
  const last = { "last-event-id": first.ids.at(-1) ?? "" };
  const again = await callSse(url, { headers: last });
  expect(again.events.map(({ type }) => type)).toEqual(["open", "end"]);
  const run = last["last-event-id"].split(".")[0];
  expect((await callSse(`${url}/${run}`, { method: "GET", headers: last })).status).toBe(204);
});

test("GET gives the state as JSON to whoever polls", async () => {
  const { url } = await chat();
  const first = await callSse(url, post());
  const run = first.ids[0]?.split(".")[0] ?? "";
  const response = await fetch(`${url}/${run}`);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toEqual(reduceAnswers([first]));
});

test("Prefer: respond-async gives 202 with the run's address, and the run goes on without a viewer", async () => {
  const { url, origin } = await chat();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "respond-async" },
    body: '{"prompt":"Hi"}',
  });
  expect(response.status).toBe(202);
  const { run, status } = (await response.json()) as { run: string; status: string };
  expect(status).toBe("running");
  expect(response.headers.get("location")).toBe(`/api/chat/${run}`);
  const state = await until(async () => {
    const now = (await (await fetch(`${origin}/api/chat/${run}`)).json()) as { status: string; text: string };
    return now.status === "succeeded" && now;
  });
  expect(state.text).toBe("Hello, world");
});

test("cancel stops the upstream, keeps what came, needs no body and can be said twice", async () => {
  const { url, upstream } = await chat((res) => {
    openStream(res);
    res.write(chunkFrame("So far"));
  });
  const location = gate<string>();
  const viewer = callSse(url, {
    ...post(),
    until: (event) => {
      if (event.type === "open") location.open(`${url}/${event.run}`);
      return false;
    },
  });
  const runUrl = await location.opened;
  await until(async () => ((await (await fetch(runUrl)).json()) as { text: string }).text === "So far");
  const responses = [
    await fetch(`${runUrl}/cancel`, { method: "POST" }),
    await fetch(`${runUrl}/cancel`, { method: "POST" }),
  ];
  expect(responses.map(({ status }) => status)).toEqual([202, 202]);
  await upstream.calls[0]?.closed;
  const answer = await viewer;
  expect(answer.events.at(-1)).toMatchObject({ type: "end", status: "cancelled", reason: "user" });
  expect(answer.events.filter(({ type }) => type === "end")).toHaveLength(1);
  expect(reduceAnswers([answer]).text).toBe("So far");
  expect((await fetch(`${runUrl}/cancel`, { method: "POST" })).status).toBe(202);
});

test("what is asked wrongly is answered by problem+json that says what to do", async () => {
  const { url, upstream } = await chat();
  const json = { "content-type": "application/json" };
  const cases: [string, RequestInit, number, string][] = [
    [url, { method: "POST", headers: json, body: "{" }, 400, "valid JSON"],
    [url, { method: "POST", headers: json, body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, "UTF-8"],
    [url, { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" }, 415, "application/json"],
    [
      url,
      { method: "POST", headers: json, body: JSON.stringify({ prompt: "x".repeat(1_100_000) }) },
      413,
      "limit",
    ],
    [url, { method: "POST", headers: json, body: '{"prompt":"  "}' }, 422, "prompt"],
    [url, { method: "POST", headers: json, body: "[]" }, 422, "JSON object"],
    [
      url,
      { method: "POST", headers: { ...json, "idempotency-key": "a b" }, body: "{}" },
      400,
      "Idempotency-Key",
    ],
    [url, { method: "GET" }, 405, "POST"],
    [`${url}/${unknownRun}`, {}, 404, "no such run"],
    [`${url}/${unknownRun}`, { method: "DELETE" }, 405, "GET"],
    [`${url}/${unknownRun}/cancel`, { method: "POST" }, 404, "no such run"],
    [`${url}/${unknownRun}/cancel`, { method: "GET" }, 405, "POST"],
    [`${url}/${unknownRun}/other`, {}, 404, "no such run"],
    [`${url}/..%2f..%2fetc`, {}, 404, "no such run"],
  ];
  for (const [address, init, status, words] of cases) {
    const response = await fetch(address, init);
    expect([address, init.method, response.status]).toEqual([address, init.method, status]);
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, requestId: expect.stringMatching(/^req_/) });
    expect(problem["detail"]).toContain(words);
    expect(problem).toHaveProperty("code");
    expect(problem).toHaveProperty("retryable");
    if (status === 405) expect(response.headers.get("allow")).toContain(words);
  }
  expect(upstream.calls).toHaveLength(0);
});

test("a chunked body that grows past the limit is refused without being read to its end", async () => {
  const { url } = await chat();
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("x".repeat(65_536)));
    },
  });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" };
  const outcome = await fetch(url, init as RequestInit).then(
    ({ status }) => status,
    () => "connection closed",
  );
  expect([413, "connection closed"]).toContain(outcome);
});

test("what express.json() in front of the endpoint has parsed is the input", async () => {
  const express = (await import("express")).default;
  const upstream = await scriptedUpstream(answerWith("Hello"));
  const { origin } = await progressApp((app, progress) => {
    app.use(express.json());
    const provider = openaiChat({ baseURL: upstream.baseURL });
    app.use("/api/chat", progress.relay({ provider, models: { default: "model-1" } }));
  });
  expect(reduceAnswers([await callSse(`${origin}/api/chat`, post())]).text).toBe("Hello");
});

test("what express.raw() in front of the endpoint has left is read as the JSON that it is, up to the limit of a body", async () => {
  const upstream = await scriptedUpstream(answerWith("Hello"));
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(express.raw({ type: "*/*", limit: "1mb" }));
      const provider = openaiChat({ baseURL: upstream.baseURL });
      app.use("/api/chat", progress.relay({ provider, models: { default: "model-1" } }));
    },
    { limits: { bodyBytes: 1_000 } },
  );
  const url = `${origin}/api/chat`;
  expect(reduceAnswers([await callSse(url, post())])).toMatchObject({ status: "succeeded", text: "Hello" });
  expect((await callSse(url, { body: "{" })).status).toBe(400);
  // Short as it comes, and too long as it was left.
  const body = gzipSync(JSON.stringify({ prompt: "x".repeat(1_000) }));
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(413);
  expect(upstream.calls).toHaveLength(1);
});

test("a run that was made is started, even if something else has answered its request meanwhile", async () => {
  const asked = gate();
  const answered = gate();
  const started = gate();
  const { origin } = await progressApp(
    (app, progress) => {
      app.use((_req, res, next) => {
        void asked.opened.then(() => {
          res.status(503).end("Too slow.");
          answered.open();
        });
        next();
      });
      app.use(progress.task({ run: () => started.open() }));
    },
    {
      async principal() {
        asked.open();
        await answered.opened;
        return "somebody";
      },
    },
  );
  expect((await callSse(origin, { body: {} })).status).toBe(503);
  await started.opened;
});

test("a request that breaks off in its body is no failure of the server's", async () => {
  const { url, logged } = await taskApp(() => {});
  const { socket } = rawSocket(url);
  socket.write(httpRequest("POST", "/task", { ...twoBytesOfJson, "content-length": 200 }, "{"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(logged).toEqual([]);
});

test("a body that is nested too deeply is refused, and is no failure of the server's", async () => {
  const { url, logged } = await taskApp(() => {});
  const answer = await callSse(url, { body: "[".repeat(100_000) + "]".repeat(100_000) });
  expect(answer.status).toBe(400);
  expect(logged).toEqual([]);
});

test("a request whose target is a whole URL is understood", async () => {
  const { url } = await taskApp(() => "done");
  const { socket, received, closed } = rawSocket(url);
  const headers = { ...twoBytesOfJson, connection: "close" };
  socket.write(httpRequest("POST", "http://example.org/task", headers, "{}"));
  await closed;
  expect(received()).toContain("event: end");
});

test("what is not one of its paths to the letter is 404, so that who limits starts by their path sees them all", async () => {
  let runs = 0;
  const { origin, url } = await taskApp(() => void runs++);
  const { run } = await openRun(url);
  const before = runs;
  const paths = ["//", "///", `//${run}`, `/${run}//`, `/${run}//cancel`, `/${run}/cancel//`, `/${run}/x`];
  for (const path of [...paths.map((more) => `/task${more}`), "http://example.org/task//"]) {
    for (const method of ["POST", "GET"]) {
      const { socket, received, closed } = rawSocket(origin);
      const body = method === "POST" ? "{}" : "";
      const headers = { ...(body && twoBytesOfJson), connection: "close" };
      socket.write(httpRequest(method, path, headers, body));
      await closed;
      expect(`${method} ${path}: ${received().slice(9, 12)}`).toBe(`${method} ${path}: 404`);
    }
  }
  expect(runs).toBe(before);
  for (const path of [`/${run}`, `/${run}/`]) expect((await fetch(url + path)).status).toBe(200);
  for (const path of [`/${run}/cancel`, `/${run}/cancel/`]) {
    expect((await fetch(url + path, { method: "POST" })).status).toBe(202);
  }
  for (const path of ["", "/", "?a=//"]) expect((await callSse(url + path, { body: {} })).status).toBe(200);
});

test("as a route, which nobody could come back to, it is an error that says how to mount it", async () => {
  const told: unknown[] = [];
  const { origin } = await progressApp((app, progress) => {
    const endpoint = progress.task({ run: () => "done" });
    const router = express.Router();
    router.post("/", endpoint);
    app.post("/route", endpoint);
    app.use("/router", router);
    const tell: ErrorRequestHandler = (error, _req, res, _next) => {
      told.push(error);
      res.status(500).end();
    };
    app.use(tell);
  });
  for (const path of ["/route", "/router"]) {
    expect((await callSse(`${origin}${path}`, { body: {} })).status).toBe(500);
  }
  for (const error of told)
    expect(String(error)).toMatch(/^TypeError: .*app\.use\(path, …\), not by app\.post/);
  expect(told).toHaveLength(2);
});

test("a route that only looks at what goes by does not stand in its way", async () => {
  const { origin } = await progressApp((app, progress) => {
    app.all("/task{/*rest}", (_req, _res, next) => next());
    app.use("/task", progress.task({ run: () => "done" }));
  });
  const { run, result } = reduceAnswers([await callSse(`${origin}/task`, { body: {} })]);
  expect(result).toBe("done");
  expect((await fetch(`${origin}/task/${run}`)).status).toBe(200);
});

test("under a path with parameters, runs are kept apart by their values", async () => {
  const { origin } = await progressApp((app, progress) => {
    app.use("/users/:id/chat", progress.task({ run: ({ input }) => input }));
  });
  const headers = { "idempotency-key": "k" };
  const one = reduceAnswers([await callSse(`${origin}/users/1/chat`, { body: 1, headers })]);
  const two = reduceAnswers([await callSse(`${origin}/users/2/chat`, { body: 2, headers })]);
  expect([one.result, two.result]).toEqual([1, 2]);
  expect((await fetch(`${origin}/users/1/chat/${one.run}`)).status).toBe(200);
  expect((await fetch(`${origin}/users/2/chat/${one.run}`)).status).toBe(404);
});

test("to another principal a key makes another run, and a run that is not its own is not there", async () => {
  const { origin } = await progressApp(
    (app, progress) => {
      app.use(progress.task({ run: ({ principal }) => principal }));
    },
    { principal: (req) => req.get("authorization") },
  );
  const as = (authorization: string) => ({ body: {}, headers: { authorization, "idempotency-key": "k" } });
  const [anne, bob] = [await callSse(origin, as("anne")), await callSse(origin, as("bob"))];
  expect([reduceAnswers([anne]).result, reduceAnswers([bob]).result]).toEqual(["anne", "bob"]);
  const { run } = reduceAnswers([anne]);
  for (const [method, path] of [
    ["GET", run],
    ["POST", `${run}/cancel`],
  ] as const) {
    expect((await fetch(`${origin}/${path}`, { method, headers: { authorization: "bob" } })).status).toBe(
      404,
    );
    expect((await fetch(`${origin}/${path}`, { method })).status).toBe(401);
  }
  const headers = { authorization: "bob", "last-event-id": `${run}.1` };
  expect((await callSse(origin, { body: {}, headers })).status).toBe(410);
});
