/* As tutorials write it: Express, axios with responseType "stream", a progress and a content event for each token. */
import { createServer } from "node:http";
import axios from "axios";
import express from "express";
import { serve, upstreamUrl } from "../measure.js";

const app = express();
app.use(express.json(), async (req, res) => {
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const url = upstreamUrl(req.url);
  const { data } = await axios.post(
    url,
    { prompt: req.body.prompt, stream: true },
    { responseType: "stream" },
  );
  let buffer = "";
  let step = 0;
  data.on("data", (bytes) => {
    buffer += bytes.toString();
    const lines = buffer.split("\n");
    buffer = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const chunk = JSON.parse(line.slice(6)).choices?.[0]?.delta?.content;
      if (!chunk) continue;
      step++;
      res.write(`event: progress\ndata: ${JSON.stringify({ step, progress: Math.min(95, step) })}\n\n`);
      res.write(`event: content\ndata: ${JSON.stringify({ chunk })}\n\n`);
    }
  });
  data.on("end", () => res.end("event: complete\ndata: {}\n\n"));
});
serve(createServer, app);
