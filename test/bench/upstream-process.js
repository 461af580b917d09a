/*
 * An OpenAI-compatible upstream in a process of its own. POST /flood/v1/…: MEGABYTES of text as fast as it is taken.
 * POST /hold/v1/…: one piece of text, then nothing until the connection is closed.
 */
import { createServer } from "node:http";

const megabytes = Number(process.env.MEGABYTES ?? 200);
const chunk = (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
const block = chunk("x".repeat(100)).repeat(400);

const server = createServer((req, res) => {
  req.resume();
  res.writeHead(200, { "content-type": "text/event-stream" });
  if (req.url.startsWith("/hold")) {
    res.write(chunk("held"));
    return;
  }
  let left = Math.ceil((megabytes * 1_000_000) / block.length);
  const write = () => {
    while (left-- > 0) if (!res.write(block)) return;
    res.end("data: [DONE]\n\n");
  };
  res.on("drain", write);
  write();
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.(server.address().port));
