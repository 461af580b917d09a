/*
 * The viewers, in a process of their own: open streams, read them to their end or to a number of tokens, and tell how
 * many tokens came, how long each took from the model to here, and how long the first and the last took from the request.
 */
import { Agent, request } from "node:http";

const TOKEN = /t(\d{13}\.\d{3}) /g;
const now = () => performance.timeOrigin + performance.now();
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const body = JSON.stringify({ prompt: "x" });
/** What `keep` has left open, and what `begin` has begun. */
const kept = [];
const begun = [];

function stream({ url, method = "POST", until = Infinity, keep = false }, onOpen = () => {}) {
  return new Promise((resolve, reject) => {
    const startedAt = now();
    const latencies = [];
    let firstAt = 0;
    let tokens = 0;
    let bytes = 0;
    let rest = "";
    const hasBody = method === "POST";
    const headers = hasBody
      ? { "content-type": "application/json", "content-length": body.length }
      : { accept: "text/event-stream" };
    const req = request(url, { method, agent, headers }, (res) => {
      const result = () => ({
        tokens,
        bytes,
        latencies,
        firstMs: firstAt - startedAt,
        wholeMs: now() - startedAt,
        location: res.headers["content-location"],
      });
      res.setEncoding("latin1");
      onOpen(res.headers["content-location"]);
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
        if (tokens < until) return;
        resolve(result());
        if (keep) kept.push(req);
        else req.destroy();
      });
      res.on("end", () => resolve(result()));
      res.on("error", reject);
    });
    req.on("error", reject);
    req.end(hasBody ? body : undefined);
  });
}

/** Resolves once the answer has begun; its end is awaited by `finish`. */
function begin(wish) {
  return new Promise((resolve, reject) => {
    const whole = stream(wish, resolve);
    whole.catch(reject);
    begun.push(whole);
  });
}

async function perform({ streams = 1, times = 1, ...wish }) {
  if (wish.release) for (const req of kept.splice(0)) req.destroy();
  if (wish.begin) {
    const [location] = await Promise.all(Array.from({ length: streams }, () => begin(wish)));
    return { location };
  }
  const results = wish.finish ? await Promise.all(begun.splice(0)) : [];
  for (let time = 0; time < times && wish.url; time++) {
    results.push(...(await Promise.all(Array.from({ length: streams }, () => stream(wish)))));
  }
  const sum = (read) => results.reduce((total, result) => total + read(result), 0);
  return {
    tokens: sum(({ tokens }) => tokens),
    bytes: sum(({ bytes }) => bytes),
    fewest: Math.min(...results.map(({ tokens }) => tokens)),
    latencies: results.flatMap(({ latencies }) => latencies),
    firsts: results.map(({ firstMs }) => firstMs),
    wholes: results.map(({ wholeMs }) => wholeMs),
    location: results[0]?.location,
  };
}

process.on("message", async (wish) => process.send(await perform(wish)));
process.once("disconnect", () => process.exit());
process.send("ready");
