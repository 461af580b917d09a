import { textDialect } from "@ai-progress-stream/protocol/dialects";
import { expect } from "chai";
import {
  createSessionHolder,
  type SessionHolder,
} from "../../../packages/element/src/client/session-holder.js";
import { hasText, leaveScenes, memoryPersistence, methods, scene, until } from "./support.js";

afterEach(leaveScenes);

/** What a framework gives a component's session, in a room of its own. */
function component(fault: string) {
  const { action, cut, seen } = scene(fault);
  const holder = createSessionHolder();
  const renders = (token: string): void => {
    holder.options = { action, headers: { authorization: token }, maxRetries: 0 };
  };
  renders("1");
  return { holder, renders, cut, seen };
}

/** An answer that says something and goes on for ever. */
const endless = async (): Promise<Response> => {
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("half an answer")),
  });
  return new Response(body, { headers: { "content-type": "text/plain" } });
};

/** A component that has gone in the middle of it. */
async function leftHalfway(): Promise<SessionHolder> {
  const holder = createSessionHolder();
  holder.options = { action: "/api/x", dialect: textDialect, fetch: endless };
  const leave = holder.mount();
  void holder.start({ n: 1 });
  await until(() => holder.getStatus().state.text === "half an answer");
  leave();
  return holder;
}

describe("a component's session", () => {
  it("goes on with its run under a new token", async () => {
    const { holder, renders, cut, seen } = component("held");
    holder.mount();
    void holder.start({ n: 1 });
    await until(() => hasText(holder.getStatus()));
    await cut();
    await until(() => holder.getStatus().phase === "ended");
    renders("2");
    expect(await holder.resume()).to.equal(true);
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
    holder.reset();
  });

  it("starts no second run where nobody has answered, and the token is another by now", async () => {
    const keys: (string | null)[] = [];
    const { holder } = component("held");
    const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
      keys.push(new Headers(init?.headers).get("idempotency-key"));
      throw new TypeError("The network is down.");
    };
    for (const token of ["1", "2"]) {
      holder.options = { action: "/api/x", fetch, headers: { authorization: token }, maxRetries: 0 };
      await holder.start({ n: 1 });
    }
    expect(keys).to.have.length(2);
    expect(keys[0]).to.equal(keys[1]);
  });

  it("is stopped by a component that goes, before or after it has let go", async () => {
    const { holder, seen } = component("held");
    const leave = holder.mount();
    void holder.start({ n: 1 });
    await until(() => hasText(holder.getStatus()));
    leave();
    await holder.cancel();
    expect((await seen()).runs.map((run) => run.isCancelled)).to.deep.equal([true]);
  });

  it("goes on with its run under other options, by resume() as by coming back", async () => {
    const { holder, cut, seen } = component("held");
    const leave = holder.mount();
    void holder.start({ n: 1 });
    await until(() => hasText(holder.getStatus()));
    await cut();
    await until(() => holder.getStatus().phase === "ended");
    const { options } = holder;
    if (options) holder.options = { ...options, maxRetries: 3 };
    expect(await holder.resume()).to.equal(true);
    if (options) holder.options = { ...options, maxRetries: 4 };
    leave();
    holder.mount();
    await until(async () => methods(await seen()).length === 3);
    expect(methods(await seen())).to.deep.equal(["POST", "GET", "GET"]);
    holder.reset();
  });

  it("says of a run that cannot be found again that it is lost", async () => {
    const holder = await leftHalfway();
    holder.mount();
    await until(() => holder.getStatus().error?.code === "run_lost");
    const { phase, state } = holder.getStatus();
    expect([phase, state.text]).to.deep.equal(["ended", "half an answer"]);
  });

  it("has what it stopped when it went for stopped, though nobody could be asked", async () => {
    const holder = await leftHalfway();
    await holder.cancel();
    holder.mount();
    const { state, error } = holder.getStatus();
    expect([state.status, state.reason, error]).to.deep.equal(["cancelled", "user", null]);
  });

  it("sends to somebody else's server once what a component that was away for a moment has not sent", async () => {
    let calls = 0;
    const holder = createSessionHolder();
    holder.options = {
      action: "/api/x",
      dialect: textDialect,
      fetch: () => {
        calls++;
        return endless();
      },
    };
    // As strict mode does, with a start in an effect that a guard keeps from running twice.
    const leave = holder.mount();
    void holder.start({ n: 1 });
    leave();
    holder.mount();
    await until(() => holder.getStatus().state.text === "half an answer");
    expect(calls).to.equal(1);
    holder.reset();
  });

  it("that is mounted finds its run again before a child starts another", async () => {
    const { action, seen } = scene("held");
    const persistence = memoryPersistence();
    const before = createSessionHolder();
    before.options = { action, persistence };
    before.mount();
    void before.start({ n: 1 });
    await until(() => hasText(before.getStatus()));
    // As a reload does: nobody lets go, and another one finds what was kept.
    const holder = createSessionHolder();
    holder.options = { action, persistence };
    const refusal = holder.start({ n: 2 }).catch((error: unknown) => String(error));
    holder.mount();
    expect(await refusal).to.contain("under way");
    await until(() => hasText(holder.getStatus()));
    expect(methods(await seen())).to.deep.equal(["POST", "GET"]);
    holder.reset();
    before.reset();
  });

  it("opens nothing once the component is gone, and again when it is back", async () => {
    const { holder, seen } = component("held");
    const leave = holder.mount();
    leave();
    const refusal = await holder.start({ n: 1 }).catch((error: unknown) => error);
    expect(String(refusal)).to.contain("no longer there");
    expect((await seen()).calls).to.have.length(0);
    // A child's effect, and then the component's own.
    void holder.start({ n: 1 });
    holder.mount();
    await until(() => hasText(holder.getStatus()));
    holder.reset();
  });
});
