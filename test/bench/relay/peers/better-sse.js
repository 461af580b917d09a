/* better-sse in front of fetch and eventsource-parser. */
import { createServer } from "node:http";
import { createSession } from "better-sse";
import { createParser } from "eventsource-parser";
import { serve, upstreamUrl } from "../measure.js";

serve(createServer, async (req, res) => {
  req.resume();
  // Its heartbeat would write after the end to a viewer that has not read so far, and throw.
  const session = await createSession(req, res, { keepAlive: null });
  const response = await fetch(upstreamUrl(req.url), { method: "POST", body: "{}" });
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") return;
      const content = JSON.parse(data).choices?.[0]?.delta?.content;
      if (content) session.push({ delta: content }, "text");
    },
  });
  for await (const bytes of response.body) parser.feed(decoder.decode(bytes, { stream: true }));
  res.end();
});
