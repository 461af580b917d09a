import { expect } from "chai";
import { until } from "../support/mount.js";

const POLICY =
  "default-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types lit-html";

describe("under the strictest policy", () => {
  afterEach(() => document.body.replaceChildren());

  it("draws, sizes its bar and violates nothing", async () => {
    const frame = document.createElement("iframe");
    frame.srcdoc = `<!doctype html><html lang="en"><head><meta http-equiv="Content-Security-Policy" content="${POLICY}">
      <script type="module" src="/test/element/support/csp-page.ts"></script></head><body></body></html>`;
    document.body.append(frame);
    const root = await until(() => {
      const page = frame.contentDocument?.documentElement;
      return page?.dataset["violations"] ? page : null;
    }, "the page");
    expect(root.dataset["violations"]).to.equal("none");
    expect(root.dataset["weight"]).to.equal("30");
  });
});
