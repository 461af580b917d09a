import { describe } from "vitest";
import { manualClock } from "../support/manual-clock.js";
import { startRedis, whyNoRedis } from "../support/redis.js";
import { describeRunStore } from "../support/store-contract.js";

describe.skipIf(whyNoRedis)("with a real Redis", () => {
  describeRunStore("the Redis store", async () => {
    const redis = await startRedis();
    const clock = manualClock();
    const store = redis.store({ clock });
    return { store, other: store, clock };
  });

  describeRunStore("the Redis store of two nodes", async () => {
    const redis = await startRedis();
    const clock = manualClock();
    return { store: redis.store({ clock }), other: redis.store({ clock }), clock };
  });
});
