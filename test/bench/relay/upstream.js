/*
 * The model's side: an OpenAI-compatible server in a process of its own. The path says what it does:
 * /flood/<tokens>/… as fast as it is taken, /paced/<tokens>/<per second>/… at a model's pace.
 * Each token is about 200 bytes of chunk and carries the time at which it was sent.
 */
import { createServer } from "node:http";

const now = () => (performance.timeOrigin + performance.now()).toFixed(3);
const chunk = (content) =>
  `data: {"id":"chatcmpl-0123456789abcdefghijklmnopqrs","object":"chat.completion.chunk","created":1763600000,"model":"bench-model","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":"${content}"},"logprobs":null,"finish_reason":null}]}\n\n`;
const END =
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\ndata: [DONE]\n\n';
const token = () => chunk(`t${now()} `);

const server = createServer((req, res) => {
  req.resume();
  const [, mode, count, perSecond] = req.url.split("/");
  res.writeHead(200, { "content-type": "text/event-stream" });
  let left = Number(count);
  if (mode === "paced") {
    // Several streams at once must not all speak in the same millisecond.
    setTimeout(() => {
      const timer = setInterval(() => {
        res.write(token());
        if (--left <= 0) {
          clearInterval(timer);
          res.end(END);
        }
      }, 1_000 / Number(perSecond));
      res.on("close", () => clearInterval(timer));
    }, Math.random() * 20);
    return;
  }
  const write = () => {
    while (left > 0) {
      const some = Math.min(left, 50);
      left -= some;
      if (!res.write(token().repeat(some))) return;
    }
    res.end(END);
  };
  res.on("drain", write);
  write();
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
