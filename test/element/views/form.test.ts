import type { AiProgressStream } from "@ai-progress-stream/element";
import { runError } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import {
  drawn,
  isShown,
  lastSession,
  mount,
  part,
  partText,
  sessions,
  until,
  useFakeSessions,
} from "../support/mount.js";

const FORM = `<input name="prompt" value="hello" required>
  <input type="checkbox" name="tag" value="a" checked><input type="checkbox" name="tag" value="b" checked>
  <input type="file" name="upload">
  <button name="mode" value="fast">Ask</button>`;

function addForm(content = FORM): HTMLFormElement {
  const form = document.createElement("form");
  form.id = "ask";
  form.innerHTML = content;
  document.body.append(form);
  return form;
}
const submitter = (form: HTMLFormElement): HTMLButtonElement => {
  const button = Element.prototype.querySelector.call(form, "button") as HTMLButtonElement | null;
  if (!button) throw new Error("no button");
  return button;
};

/** The server finds this field wrong. */
const refuse = (name: string): void => {
  const error = runError("invalid_input", { issues: [{ message: "Wrong.", path: [name] }] });
  lastSession().emit({ type: "end", status: "failed", error });
};

const starts = () => lastSession().calls.filter(([name]) => name === "start");

describe("the form that for= names", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  it("starts a run with what it holds", async () => {
    await mount({ for: "ask", body: '{"model":"small","prompt":"overlaid"}' });
    const form = addForm();
    submitter(form).click();
    expect(lastSession().calls).to.deep.equal([
      ["start", { model: "small", prompt: "hello", tag: ["a", "b"], mode: "fast" }],
    ]);
  });

  it("starts nothing while a required field is empty", async () => {
    await mount({ for: "ask" });
    const form = addForm('<input name="prompt" required><button>Ask</button>');
    submitter(form).click();
    expect(sessions.length).to.equal(0);
  });

  it("starts nothing where the form's own listener has decided otherwise", async () => {
    await mount({ for: "ask" });
    const form = addForm();
    form.addEventListener("submit", (event) => event.preventDefault());
    submitter(form).click();
    expect(sessions.length).to.equal(0);
  });

  it("starts no second run by a second submit, and does not leave the page", async () => {
    const element = await mount({ for: "ask" });
    const form = addForm();
    submitter(form).click();
    expect(submitter(form).getAttribute("aria-disabled")).to.equal("true");
    lastSession().emit({ type: "start" }, { type: "progress", message: "Reading" });
    await drawn(element);
    let isPrevented = false;
    window.addEventListener("submit", (event) => (isPrevented = event.defaultPrevented), { once: true });
    submitter(form).click();
    expect(isPrevented).to.equal(true);
    expect(starts().length).to.equal(1);
    expect(partText(element, "action")).to.equal("Cancel");
    lastSession().emit({ type: "end", status: "succeeded" });
    expect(submitter(form).hasAttribute("aria-disabled")).to.equal(false);
  });

  it("refuses files in words", async () => {
    const element = await mount({ for: "ask" });
    const form = addForm();
    const files = new DataTransfer();
    files.items.add(new File(["x"], "contract.pdf"));
    const input = form.querySelector<HTMLInputElement>("[type=file]");
    if (input) input.files = files.files;
    submitter(form).click();
    await drawn(element);
    expect(sessions.length).to.equal(0);
    expect(element.error?.code).to.equal("invalid_input");
    expect(partText(element, "error-message")).to.equal("Files cannot be sent here: upload.");
  });

  it("is read anew when the run is run again", async () => {
    const element = await mount({ for: "ask" });
    const form = addForm();
    submitter(form).click();
    lastSession().emit({ type: "end", status: "succeeded" });
    await drawn(element);
    const prompt = form.querySelector("input");
    if (prompt) prompt.value = "another";
    await until(() => {
      part(element, "action").click();
      return starts().length === 2;
    });
    const [, input] = starts()[1] ?? [];
    expect((input as { prompt: string }).prompt).to.equal("another");
    expect(isShown(element, "actions")).to.equal(true);
  });

  for (const name of [
    "id",
    "name",
    "elements",
    "querySelector",
    "requestSubmit",
    "addEventListener",
    "contains",
  ]) {
    it(`may have a field called ${name}`, async () => {
      const element = await mount({ for: "ask" });
      const form = addForm(`<input name="${name}" value="7"><button>Ask</button>`);
      // A page that is left takes the test along.
      window.addEventListener("submit", (event) => event.preventDefault(), { once: true });
      submitter(form).click();
      expect(starts()).to.deep.equal([["start", { [name]: "7" }]]);
      refuse(name);
      const field = document.querySelector<HTMLInputElement>("#ask input");
      expect(field?.validationMessage).to.equal("Wrong.");
      field?.setAttribute("value", "8");
      await until(() => {
        part(element, "action").click();
        return starts().length === 2;
      });
    });
  }

  for (const [what, change] of [
    ["a change", (field) => field.dispatchEvent(new Event("change", { bubbles: true }))],
    ["a reset", () => document.querySelector<HTMLFormElement>("#ask")?.reset()],
    ["another value that a script has set", (field) => (field.value = "good")],
    [
      "a change of a field that stands elsewhere",
      () => document.querySelector("#away")?.dispatchEvent(new Event("change", { bubbles: true })),
    ],
  ] satisfies [string, (field: HTMLInputElement) => unknown][]) {
    it(`can be sent again after ${what}, whatever the server had found wrong`, async () => {
      await mount({ for: "ask" });
      const form = addForm('<input name="prompt" value="bad"><button>Ask</button>');
      const away = document.createElement("input");
      away.id = "away";
      away.setAttribute("form", "ask");
      document.body.append(away);
      submitter(form).click();
      refuse("prompt");
      submitter(form).click();
      expect(starts().length).to.equal(1);
      const field = form.querySelector("input");
      if (field) change(field);
      submitter(form).click();
      expect(starts().length).to.equal(2);
    });
  }

  it("is as it was when the element is removed while a run is under way, and not when it is moved", async () => {
    const element = await mount({ for: "ask" });
    const form = addForm();
    submitter(form).click();
    const isDisabled = (): boolean => submitter(form).getAttribute("aria-disabled") === "true";
    form.after(element);
    await drawn(element);
    expect(isDisabled()).to.equal(true);
    lastSession().isResumable = true;
    element.remove();
    await Promise.resolve();
    expect(isDisabled()).to.equal(false);
    form.after(element);
    await drawn(element);
    lastSession().emit({ type: "text", delta: "on" });
    expect(isDisabled()).to.equal(true);
    lastSession().emit({ type: "end", status: "succeeded" });
    expect(isDisabled()).to.equal(false);
  });
});

describe("the form that the element stands in", () => {
  beforeEach(() => useFakeSessions());
  afterEach(() => document.body.replaceChildren());

  const finish = async (element: AiProgressStream): Promise<void> => {
    void element.start();
    lastSession().emit({ type: "text", delta: "Hi" }, { type: "end", status: "succeeded" });
    await drawn(element);
  };
  const sent = (form: HTMLFormElement): unknown => [...new FormData(form)];

  it("sends the text under its name, set as an attribute or as a property, before the end or after", async () => {
    const form = addForm("");
    const element = await mount({ name: "a" }, "", form);
    void element.start();
    lastSession().emit({ type: "text", delta: "Hi" });
    expect(sent(form)).to.deep.equal([]);
    lastSession().emit({ type: "end", status: "succeeded" });
    expect(sent(form)).to.deep.equal([["a", "Hi"]]);
    element.name = "b";
    await drawn(element);
    expect(sent(form)).to.deep.equal([["b", "Hi"]]);
    element.name = "";
    await drawn(element);
    expect(sent(form)).to.deep.equal([]);
    expect(element.hasAttribute("name")).to.equal(false);
    element.setAttribute("name", "c");
    expect(sent(form)).to.deep.equal([["c", "Hi"]]);
  });

  it("takes what it would send back when it is reset, and lets a run go on", async () => {
    const form = addForm("");
    const element = await mount({ name: "a" }, "", form);
    const shown = await mount({}, "", form);
    await finish(element);
    await finish(shown);
    form.reset();
    expect(sent(form)).to.deep.equal([]);
    expect([element.state, shown.state]).to.deep.equal(["idle", "done"]);
    void element.start();
    form.reset();
    expect(element.state).to.equal("connecting");
  });
});
