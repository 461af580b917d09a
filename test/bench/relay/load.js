/*
 * The viewers, in a process of their own: opens streams, reads them to their end, and tells how many tokens came, how
 * long each took from the model to here, and how long the first one took from the request.
 */
import { Agent, request } from "node:http";

const TOKEN = /t(\d{13}\.\d{3}) /g;
const now = () => performance.timeOrigin + performance.now();
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const body = JSON.stringify({ prompt: "x" });

function stream(url) {
  return new Promise((resolve, reject) => {
    const startedAt = now();
    const latencies = [];
    let firstAt = 0;
    let tokens = 0;
    let bytes = 0;
    let rest = "";
    const headers = { "content-type": "application/json", "content-length": body.length };
    const req = request(url, { method: "POST", agent, headers }, (res) => {
      res.setEncoding("latin1");
      res.on("data", (text) => {
        const at = now();
        firstAt ||= at;
        bytes += text.length;
        const seen = rest + text;
        let end = 0;
        for (const match of seen.matchAll(TOKEN)) {
          tokens++;
          end = match.index + match[0].length;
          if (tokens % 7 === 0) latencies.push(at - Number(match[1]));
        }
        rest = seen.slice(Math.max(end, seen.length - 20));
      });
      res.on("end", () => resolve({ tokens, bytes, latencies, firstMs: firstAt - startedAt }));
      res.on("error", reject);
    });
    req.on("error", reject);
    req.end(body);
  });
}

process.on("message", async ({ url, streams, times }) => {
  const results = [];
  for (let time = 0; time < times; time++) {
    results.push(...(await Promise.all(Array.from({ length: streams }, () => stream(url)))));
  }
  const sum = (read) => results.reduce((total, result) => total + read(result), 0);
  process.send({
    tokens: sum(({ tokens }) => tokens),
    bytes: sum(({ bytes }) => bytes),
    fewest: Math.min(...results.map(({ tokens }) => tokens)),
    latencies: results.flatMap(({ latencies }) => latencies),
    firsts: results.map(({ firstMs }) => firstMs),
  });
});
process.send("ready");
