import type { Clock } from "@ai-progress-stream/element/client";
import { encodeFrame } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import { expectWhole, hasText, leaveScenes, reaches, realClock, scene, startAndCut } from "./support.js";

const HOUR = 3_600_000;

/** A clock that can be set, as a user or the network does; its timers do not mind. */
function settableClock(): Clock & { set(byMs: number): void } {
  let offset = 0;
  return {
    ...realClock,
    now: () => Date.now() + offset,
    set: (byMs) => {
      offset += byMs;
    },
  };
}

/** A clock that goes a thousand times as fast. */
const fastClock: Clock = {
  now: () => Date.now() * 1_000,
  setTimeout: (callback, ms) => setTimeout(callback, ms / 1_000),
  clearTimeout: realClock.clearTimeout,
};

describe("a clock that is set back", () => {
  afterEach(leaveScenes);

  it("prolongs no wait before an attempt", async () => {
    const clock = settableClock();
    const waiting = scene("steps-6", { clock, backoff: { baseMs: 1_000, capMs: 1_000 } });
    void startAndCut(waiting);
    await reaches(waiting.session, ({ phase }) => phase === "reconnecting");
    // The wait has begun by now, and is not over before half a second.
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.set(-HOUR);
    await reaches(waiting.session, ({ phase }) => phase === "open");
  });

  it("does not hide that the server has fallen silent", async () => {
    const clock = settableClock();
    const { session } = scene("silent-50", { clock });
    const result = session.start();
    await reaches(session, hasText);
    clock.set(-HOUR);
    expectWhole(await result);
  });
});

describe("a server that opens every stream and then says nothing", () => {
  afterEach(leaveScenes);

  it("is given up, however long each of its connections stood", async () => {
    let attempts = 0;
    const open = encodeFrame({
      type: "open",
      protocol: 1,
      run: "FZrRAZ4FGyJnADMUzmt5RPzc",
      status: "running",
      heartbeatMs: 15_000,
    });
    const mute: typeof fetch = async (_url, init) => {
      attempts++;
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(open));
          init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const { session } = scene("whole", { clock: fastClock, maxRetries: 2, fetch: mute });
    const { error, isResumable } = await session.start();
    expect(error?.message).to.contain("fallen silent");
    expect(isResumable).to.equal(true);
    expect(attempts).to.equal(3);
  });
});
