/* The least that a relay can do: bytes in, bytes out. What everything is compared with. */
import { Agent, createServer, request } from "node:http";
import { pipeline } from "node:stream";
import { serve, upstreamUrl } from "../measure.js";

const agent = new Agent({ keepAlive: true });
serve(createServer, (req, res) => {
  const upstream = request(upstreamUrl(req.url), { method: "POST", agent }, (response) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    pipeline(response, res, () => {});
  });
  pipeline(req, upstream, () => {});
});
