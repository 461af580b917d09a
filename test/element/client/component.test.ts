import { expect } from "chai";
import { createSessionHolder } from "../../../packages/element/src/client/session-holder.js";
import { hasText, leaveScenes, methods, scene, until } from "./support.js";

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
