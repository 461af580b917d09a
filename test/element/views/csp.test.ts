import { expect } from "chai";
import { strictPage } from "../support/strict-page.js";

describe("under the strictest policy", () => {
  afterEach(() => document.body.replaceChildren());

  it("draws, sizes its bar and violates nothing", async () => {
    const { violations, weight } = await strictPage();
    expect(violations).to.equal("none");
    expect(weight).to.equal("30");
  });
});
