/* The relays that are compared, and what of them can run here. */
import { installPeers } from "../support/peers.js";

/** Why what `isBounded` takes no part in what it could only be measured at its queue with. */
export const SATURATED = "it saturates: so many tokens a second ask more than one core of it";

const ours = "relay/relays/ours.js";
const all = [
  { name: "raw pipe (node:http)", file: "relay/relays/pipe.js" },
  { name: "ai-progress-stream", file: ours, canResume: true },
  { name: "ai-progress-stream, Redis", file: ours, needsRedis: true, canResume: true, isBounded: true },
  { name: "http-proxy-middleware", file: "relay/peers/http-proxy.js" },
  { name: "better-sse", file: "relay/peers/better-sse.js" },
  { name: "tutorial: Express + axios", file: "relay/peers/tutorial.js" },
  { name: "AI SDK", file: "relay/peers/ai-sdk.js", isSlow: true, isBounded: true },
  {
    name: "AI SDK + resumable-stream, Redis",
    file: "relay/peers/ai-sdk-resumable.js",
    needsRedis: true,
    isSlow: true,
    isBounded: true,
    canResume: true,
  },
];

/** `leftOut` names those that cannot run here, and why. */
export function findRelays(redisUrl, wanted = () => true) {
  const candidates = all.filter(wanted);
  const hasPeers = candidates.some(isPeer) && installPeers("relay/peers");
  const leftOut = candidates.flatMap((relay) => {
    if (relay.needsRedis && !redisUrl) return { name: relay.name, why: "no redis-server on the PATH" };
    if (isPeer(relay) && !hasPeers) return { name: relay.name, why: "it could not be installed" };
    return [];
  });
  const relays = candidates
    .filter(({ name }) => !leftOut.some((left) => left.name === name))
    .map((relay) => ({ ...relay, env: relay.needsRedis ? { REDIS_URL: redisUrl } : {} }));
  return { relays, leftOut };
}

const isPeer = ({ file }) => file.startsWith("relay/peers/");
