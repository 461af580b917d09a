/*
 * The model's side: an OpenAI-compatible server in a process of its own. The path says what it does:
 * /flood/<tokens>/… as fast as it is taken, /held/<tokens>/… the same without an end, /megabytes/<number>/… as much text
 * in chunks of 100 letters, /paced/<tokens>/<per second>/… at a model's pace, beginning when /go was asked for where it
 * says /wait.
 * Each token is about 200 bytes of chunk and carries the time at which it was sent.
 */
import { createServer } from "node:http";

const now = () => (performance.timeOrigin + performance.now()).toFixed(3);
const chunk = (content) =>
  `data: {"id":"chatcmpl-0123456789abcdefghijklmnopqrs","object":"chat.completion.chunk","created":1763600000,"model":"bench-model","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":"${content}"},"logprobs":null,"finish_reason":null}]}\n\n`;
const END =
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\ndata: [DONE]\n\n';
const HUNDRED = chunk("x".repeat(100));
const token = () => chunk(`t${now()} `);
/** What waits for /go. */
const waiting = [];

const server = createServer((req, res) => {
  req.resume();
  const [, mode, count, perSecond, when] = req.url.split("/");
  if (mode === "go") {
    for (const begin of waiting.splice(0)) begin();
    res.end();
    return;
  }
  res.writeHead(200, { "content-type": "text/event-stream" });
  const tokens = Number(count);
  if (mode === "blocks") flood(res, tokens, token);
  else if (mode === "megabytes") flood(res, Math.ceil((tokens * 1e6) / HUNDRED.length), () => HUNDRED);
  else if (mode !== "paced") pour(res, tokens, mode === "held");
  else if (when === "wait") {
    res.flushHeaders();
    waiting.push(() => pace(res, tokens, Number(perSecond)));
  } else pace(res, tokens, Number(perSecond));
});

function pace(res, tokens, perSecond) {
  let left = tokens;
  // Several streams at once must not all speak in the same millisecond.
  setTimeout(() => {
    const timer = setInterval(() => {
      res.write(token());
      if (--left <= 0) {
        clearInterval(timer);
        res.end(END);
      }
    }, 1_000 / perSecond);
    res.on("close", () => clearInterval(timer));
  }, Math.random() * 20);
}

/** A write for each token, as models' servers do it, and the next as soon as there is room. */
function pour(res, tokens, isHeld) {
  let left = tokens;
  const write = () => {
    if (res.destroyed) return;
    if (left-- <= 0) {
      if (!isHeld) res.end(END);
    } else if (res.write(token())) setImmediate(write);
    else res.once("drain", write);
  };
  write();
}

/** Fifty at a time. */
function flood(res, tokens, next) {
  let left = tokens;
  const write = () => {
    while (left > 0) {
      const some = Math.min(left, 50);
      left -= some;
      if (!res.write(next().repeat(some))) return;
    }
    res.end(END);
  };
  res.on("drain", write);
  write();
}

server.keepAliveTimeout = 60_000;
process.once("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", 4096, () => process.send(server.address().port));
